import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hex, join } from '../../packet/build.fixture.ts';
import { decodeName, skipName } from './domain-name.ts';

const at = (bytes: Uint8Array, start = 0) => decodeName(bytes, 0, start, bytes.length);

describe('domain name', () => {
  it('joins labels by dots, and shows the root as one', () => {
    assert.deepEqual(at(hex('03 777777 07 6578616d706c65 00')), { text: 'www.example', next: 13 });
    assert.deepEqual(at(hex('00')), { text: '.', next: 1 });
  });

  it('follows pointers, also forward, and goes on after the first', () => {
    assert.deepEqual(at(hex('01 61 00 01 62 c000 ff'), 3), { text: 'b.a', next: 7 });
    assert.deepEqual(at(hex('c003 ff 01 61 00')), { text: 'a', next: 2 });
  });

  it('shows every byte of a label that is no letter', () => {
    assert.equal(at(hex('05 61 00 09 1b 7f 00'))?.text, 'a\\000\\t\\033\\177');
    assert.equal(at(hex('05 c3bc ff e280 00'))?.text, 'ü\ufffd\ufffd\ufffd');
    assert.equal(at(hex('03 e280ae 00'))?.text, '\\u{202e}');
    assert.equal(at(hex('41 08 ab 00'))?.text, '\\[xab/8]');
  });

  it('ends with a name that points at itself, directly or by others', () => {
    const loop = '<Name contains a pointer that loops>';
    assert.deepEqual(at(hex('c000')), { text: loop, next: 2 });
    assert.deepEqual(at(hex('c002 c000')), { text: loop, next: 2 });
    assert.equal(at(hex('01 61 c000'))?.text, loop);
  });

  it('ends with one that is too long, and knows where the next thing begins', () => {
    const label = join(hex('3f'), new Uint8Array(63).fill(0x61));
    const long = join(...Array.from({ length: 17 }, () => label), hex('00'));
    assert.deepEqual(at(long), { text: '<Name too long>', next: long.length });
  });

  it('is none where it runs out of bytes', () => {
    for (const text of ['', '01', '0161', 'c0', '41', '4120 00', '3f61'])
      assert.equal(at(hex(text)), null, text);
    assert.equal(skipName(hex('01 61'), 0, 2), -1);
    assert.equal(skipName(hex('01 61 c0'), 0, 3), -1);
    assert.equal(skipName(hex('01 61 c0 ff'), 0, 4), 4);
  });

  it('tells of a label of an unknown kind', () => {
    assert.deepEqual(at(hex('42 00 00')), { text: '<Unknown extended label>', next: 1 });
    assert.deepEqual(at(hex('80 00')), { text: '<Reserved label>', next: 1 });
  });
});
