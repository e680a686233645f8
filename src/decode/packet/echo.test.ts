import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketFilter } from '../capture/packet-filter.ts';
import { hex as viewOfHex } from '../hex.fixture.ts';
import { decodeEchoAnswer, encodeEcho, makeEchoFilter } from './echo.ts';

const fromHex = (text: string): Uint8Array => new Uint8Array(viewOfHex(text).buffer);
const token = fromHex('0102030405060708');
const echo = (family: 4 | 6) => encodeEcho({ family, id: 0x1234, sequence: 7, token, size: 16 });

/** 10.72.0.1 to 10.72.0.9, ICMP. */
const header4 = '45000034 00004000 40010000 0a480001 0a480009';
/** fd72::1 to fd72::9, ICMPv6. */
const header6 = '60000000 0018 3a 40 fd720000000000000000000000000001 fd720000000000000000000000000009';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** An ICMP message with its checksum, behind an IPv4 header. */
function packet4(type: number, code: number, rest: string): Uint8Array {
  const bytes = fromHex(
    `${header4} ${[type, code].map((n) => n.toString(16).padStart(2, '0')).join('')} 0000 ${rest}`,
  );
  let sum = 0;
  for (let i = 20; i < bytes.length; i += 2) sum += (bytes[i] << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(22, ~sum & 0xffff);
  return bytes;
}

test('an echo request has the checksum of RFC 1071 in IPv4 and leaves it to the kernel in IPv6', () => {
  assert.equal(hex(echo(4)), '0800 8960 1234 0007 0102030405060708 1011121314151617'.replaceAll(' ', ''));
  assert.equal(hex(echo(6)).slice(0, 16), '8000000012340007');
});

test('a reply is known by its id, number and token', () => {
  const reply = packet4(0, 0, `1234 0007 ${hex(token)} 1011121314151617`);
  const answer = decodeEchoAnswer(4, reply, true);
  assert.deepEqual([answer?.kind, answer?.id, answer?.sequence, answer?.token], ['reply', 0x1234, 7, token]);
});

test('an error names the errno, the request it is about and where that was going', () => {
  const error = packet4(3, 13, `00000000 ${header4} ${hex(echo(4)).slice(0, 16)}`);
  assert.deepEqual(decodeEchoAnswer(4, error, true), {
    kind: 'error',
    id: 0x1234,
    sequence: 7,
    token: null,
    type: 3,
    code: 13,
    errno: 'EHOSTUNREACH',
    target: '10.72.0.9',
  });
  const error6 = fromHex(`0104 0000 00000000 ${header6} ${hex(echo(6))}`);
  const answer = decodeEchoAnswer(6, error6, false);
  assert.deepEqual([answer?.errno, answer?.target, answer?.token], ['ECONNREFUSED', 'fd72::9', token]);
});

test('a damaged packet, a request and one that is cut anywhere are nothing, and nothing throws', () => {
  const reply = packet4(0, 0, `1234 0007 ${hex(token)} 1011121314151617`);
  const damaged = reply.with(30, 0xff);
  assert.equal(decodeEchoAnswer(4, damaged, true), null);
  assert.equal(decodeEchoAnswer(4, echo(4), false), null);
  const error = packet4(11, 0, `00000000 ${header4} ${hex(echo(4))}`);
  for (let length = 0; length < error.length; length++) {
    decodeEchoAnswer(4, error.subarray(0, length), true);
    decodeEchoAnswer(6, error.subarray(0, length), false);
  }
});

test('the filter lets replies to and errors about one id through, and nothing else', () => {
  const filters = {
    4: new PacketFilter(makeEchoFilter(4, 0x1234)),
    6: new PacketFilter(makeEchoFilter(6, 0x1234)),
  };
  const passes = (family: 4 | 6, bytes: Uint8Array): boolean =>
    filters[family].matches(bytes, 0, bytes.length, bytes.length);
  const quote4 = `00000000 ${header4} ${hex(echo(4))}`;
  const quote6 = `00000000 ${header6} ${hex(echo(6))}`;
  for (const [expected, bytes] of [
    [true, packet4(0, 0, '1234 0007')],
    [false, packet4(0, 0, '1235 0007')],
    [false, packet4(8, 0, '1234 0007')],
    [true, packet4(3, 1, quote4)],
    [true, packet4(11, 0, quote4)],
    [true, packet4(12, 0, quote4)],
    [false, packet4(5, 0, quote4)],
    [false, packet4(3, 1, quote4.replace('12340007', '12350007'))],
  ] as const)
    assert.equal(passes(4, bytes), expected, hex(bytes));
  for (const [expected, bytes] of [
    [true, fromHex('8100 0000 1234 0007')],
    [false, fromHex('8100 0000 1235 0007')],
    [false, fromHex('8000 0000 1234 0007')],
    ...['01', '02', '03', '04'].map((type) => [true, fromHex(`${type}000000${quote6}`)] as const),
    [false, fromHex(`05000000${quote6}`)],
  ] as const)
    assert.equal(passes(6, bytes), expected, hex(bytes));
});
