import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex, randomBytes } from './hex.fixture.ts';
import { decodeNtpReply, encodeNtpRequest } from './ntp-time.ts';

const bytesOf = (text: string): Uint8Array => new Uint8Array(hex(text).buffer);
const cookie = bytesOf('e9a1b2c3 0badcafe');

const reply = bytesOf(`
  24 02 06 e9            # no leap, version 4, server; stratum 2
  00000800 00000cd0      # root delay 31.25 ms, root dispersion 50.05 ms
  c0000201               # 192.0.2.1
  e9a1b000 00000000      # reference
  e9a1b2c3 0badcafe      # origin
  e9a1b2c4 80000000      # receive
  e9a1b2c4 c0000000      # transmit`);

test('a question is of version 4 and holds nothing but its cookie', () => {
  const request = encodeNtpRequest(cookie);
  assert.equal(Buffer.from(request).toString('hex'), `23${'00'.repeat(39)}e9a1b2c30badcafe`);
});

test('an answer has the times of the server to the millisecond', () => {
  const seconds = 0xe9a1b2c4 - 2_208_988_800;
  assert.deepEqual(decodeNtpReply(reply, cookie), {
    leap: 'none',
    stratum: 2,
    rootDelayMs: 31.25,
    rootDispersionMs: 50.048828125,
    reference: '192.0.2.1',
    receivedMs: seconds * 1000 + 500,
    sentMs: seconds * 1000 + 750,
  });
});

test('times after February 2036 are of the next era', () => {
  const late = reply.slice();
  late.set([0, 0, 0, 0, 0, 0, 0, 0], 32);
  assert.equal(decodeNtpReply(late, cookie)?.receivedMs, Date.UTC(2036, 1, 7, 6, 28, 16));
});

test('a kiss has its letters and stratum 0', () => {
  const kiss = reply.slice();
  kiss.set([0xe4, 0], 0);
  kiss.set(Buffer.from('RATE'), 12);
  const { stratum, reference, leap } = decodeNtpReply(kiss, cookie) ?? {};
  assert.deepEqual([stratum, reference, leap], [0, 'RATE', 'unsynchronised']);
});

test('the answer to another question, one of another mode and one that is cut are none', () => {
  assert.equal(decodeNtpReply(reply, cookie.with(7, 0)), null);
  assert.equal(decodeNtpReply(reply.with(0, 0x23), cookie), null);
  for (let length = 0; length < 48; length++)
    assert.equal(decodeNtpReply(reply.subarray(0, length), cookie), null);
  for (let seed = 1; seed < 200; seed++) {
    const noise = new Uint8Array(randomBytes(60, seed).buffer);
    noise.set(cookie, 24);
    decodeNtpReply(noise, cookie);
  }
});
