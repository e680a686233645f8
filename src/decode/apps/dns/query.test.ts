import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIp } from '../../../base/ip.ts';
import { hex, randomBytes } from '../../hex.fixture.ts';
import { decodeReply, encodeQuery, parseType, reverseName } from './query.ts';

const bytesOf = (text: string): Uint8Array => new Uint8Array(hex(text).buffer);
const query = { id: 0xbeef, name: 'Shop.test', type: 1, recursion: true, dnssec: false } as const;

test('a question has the name in labels, recursion and an OPT record', () => {
  const expected = `beef 0100 0001 0000 0000 0001  # header: recursion desired
    0453686f70 0474657374 00 0001 0001               # Shop.test A IN
    00 0029 04d0 00000000 0000                       # OPT: 1232 bytes`;
  assert.deepEqual(encodeQuery(query), bytesOf(expected));
  const secure = encodeQuery({ ...query, recursion: false, dnssec: true });
  assert.deepEqual(secure?.subarray(2, 4), bytesOf('0020'));
  assert.deepEqual(secure.subarray(-11), bytesOf('00 0029 04d0 00008000 0000'));
});

test('a name whose labels or whole length no message can hold is none', () => {
  assert.equal(encodeQuery({ ...query, name: `${'x'.repeat(64)}.test` }), null);
  assert.equal(encodeQuery({ ...query, name: Array(64).fill('abc').join('.') }), null);
  assert.equal(encodeQuery({ ...query, name: 'a..b' }), null);
  assert.deepEqual(encodeQuery({ ...query, name: 'shop.test.' })?.length, encodeQuery(query)?.length);
});

const question = '0473686f70 0474657374 00 0001 0001';
const answer = `beef 8580 0001 0001 0000 0000 ${question} c00c 0001 0001 0000003c 0004 c0000201`;

test('an answer has its code, records and flags', () => {
  const reply = decodeReply(bytesOf(answer), query);
  assert.deepEqual(reply?.flags, ['AA', 'RD', 'RA']);
  assert.equal(reply.rcode, 0);
  assert.deepEqual(reply.answers, [{ name: 'shop.test', type: 'A', ttl: 60, data: '192.0.2.1' }]);
});

test('the answer to another id, name or type, a question and one that is cut are none', () => {
  assert.equal(decodeReply(bytesOf(answer.replace('beef', 'beee')), query), null);
  assert.equal(decodeReply(bytesOf(answer), { ...query, name: 'shop2.test' }), null);
  assert.equal(decodeReply(bytesOf(answer), { ...query, type: 28 }), null);
  assert.equal(decodeReply(bytesOf(answer.replace('8580', '0180')), query), null);
  const whole = bytesOf(answer);
  for (let length = 0; length < whole.length; length++)
    assert.equal(decodeReply(whole.subarray(0, length), query), null);
});

test('a server that did not understand the question need not repeat it', () => {
  assert.equal(decodeReply(bytesOf('beef 8001 0000 0000 0000 0000'), query)?.rcode, 1);
  assert.equal(decodeReply(bytesOf('beef 8000 0000 0000 0000 0000'), query), null);
});

test('noise does not throw', () => {
  for (let seed = 1; seed < 300; seed++) {
    const noise = new Uint8Array(randomBytes(80, seed).buffer);
    noise.set([0xbe, 0xef, 0x80]);
    decodeReply(noise, query);
  }
});

test('types are known by their names and by their numbers', () => {
  assert.deepEqual(
    ['A', 'HTTPS', 'CAA', 'LOC', 'TYPE65', 'TYPE65535'].map(parseType),
    [1, 65, 257, 29, 65, 65535],
  );
  assert.deepEqual(['TYPE65536', 'NONESUCH'].map(parseType), [null, null]);
});

test('an address has a name in the reverse zones', () => {
  assert.equal(reverseName(parseIp('192.0.2.1') ?? assert.fail()), '1.2.0.192.in-addr.arpa');
  const six = reverseName(parseIp('2001:db8::1') ?? assert.fail());
  assert.equal(six, `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`);
});
