import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodePayload, makeExpected, showText } from './payload.ts';

test('a pattern is found wherever it begins, and ends with the first place that fits', () => {
  for (const [bytes, pattern, end] of [
    ['220 mail ready\r\n250 ok', '220*ready', 14],
    ['+PONG\r\n+PONG\r\n', '+PONG', 5],
    ['say PONG', 'PONG', 8],
    ['grün', 'ü', 4],
    ['+PON', '+PONG', -1],
    ['anything', '*', 0],
    ['a.c abc', 'abc', 7],
  ] as const)
    assert.equal(makeExpected(pattern).find(Buffer.from(bytes)), end, `${bytes} ${pattern}`);
});

test('hexadecimal digits may stand in groups, and must be pairs', () => {
  assert.deepEqual(encodePayload('00 ff:0A', 'hex'), Buffer.from([0, 255, 10]));
  assert.equal(encodePayload('00f', 'hex'), null);
  assert.equal(encodePayload('zz', 'hex'), null);
  assert.deepEqual(encodePayload('é', 'text'), Buffer.from([0xc3, 0xa9]));
});

test('what is shown is well-formed text of 512 characters at most', () => {
  assert.equal(showText(Buffer.from('  hello\r\n')), 'hello');
  assert.ok(showText(Buffer.alloc(5000, '\u{1f600}')).isWellFormed());
  assert.equal(showText(Buffer.alloc(5000, 'x')).length, 512);
});
