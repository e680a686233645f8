import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TlsRecord } from '../../../wire/traffic.ts';
import { analyze } from '../../analyze.fixture.ts';
import { randomBytes } from '../../hex.fixture.ts';
import { buildUdp, hex, join } from '../../packet/build.fixture.ts';
import {
  buildHelloBody,
  buildServerBody,
  certificate,
  certificateMessage,
  serverName,
} from './hello.fixture.ts';

const there = { from: '192.0.2.1:50000', to: '198.51.100.2:40001' };
const back = { from: there.to, to: there.from };
type Datagram = readonly ['>' | '<', Uint8Array];

const be16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value);
const be24 = (value: number): Uint8Array => Uint8Array.of(value >> 16, value >> 8, value);

/** A record with that part of a handshake message. */
function fragment(type: number, number: number, body: Uint8Array, from = 0, to = body.length): Uint8Array {
  const head = join(Uint8Array.of(type), be24(body.length), be16(number), be24(from), be24(to - from));
  return record(22, join(head, body.subarray(from, to)));
}

const record = (type: number, content: Uint8Array, epoch = 0): Uint8Array =>
  join(Uint8Array.of(type), hex('fefd'), be16(epoch), hex('000000000001'), be16(content.length), content);

function tlsOf(datagrams: readonly Datagram[]): readonly TlsRecord[] {
  const frames = datagrams.map(([side, payload]) => buildUdp(side === '>' ? there : back, payload));
  return analyze(frames).records.filter((one) => one.type === 'tls');
}

const body = (cookie: Uint8Array, random = 7): Uint8Array =>
  buildHelloBody({ version: 0xfefd, random, cookie, extensions: [serverName('dtls.example')] });
const first = body(new Uint8Array(0));
const second = body(new Uint8Array(20).fill(4));
const chosen = buildServerBody({ version: 0xfefd });
const certificates = certificateMessage(certificate).subarray(4);

describe('DTLS', () => {
  it('tells once of a hello that is sent again with a cookie, with what the server chose', () => {
    const datagrams: Datagram[] = [
      ['>', fragment(1, 0, first)],
      ['<', fragment(3, 0, hex('feff 04 01020304'))],
      ['>', fragment(1, 1, second)],
      ['<', join(fragment(2, 1, chosen), fragment(11, 2, certificates, 0, 300))],
      ['<', fragment(11, 2, certificates, 200)],
      ['>', record(23, new Uint8Array(50), 1)],
    ];
    const records = tlsOf(datagrams);
    assert.deepEqual(
      records.map(({ transport, version, sni, ja4 }) => [transport, version, sni, ja4]),
      [['udp', 'DTLS 1.2', 'dtls.example', 'dd2d020100_c1929292aa6b_000000000000']],
    );
    assert.match(records[0].certificate?.subject ?? '', /CN=www\.example\.com/);
  });

  it('puts a hello together from fragments in any order', () => {
    for (let at = 1; at < first.length; at += 5) {
      const parts: Datagram[] = [
        ['>', fragment(1, 0, first, at)],
        ['>', fragment(1, 0, first, 0, at)],
      ];
      assert.equal(tlsOf(parts)[0]?.sni, 'dtls.example', `split at ${at}`);
      assert.equal(tlsOf(parts.toReversed())[0]?.sni, 'dtls.example', `split at ${at}, in order`);
    }
  });

  it('takes the end that says hello for the client', () => {
    const [one] = tlsOf([
      ['>', record(21, hex('02 28'))],
      ['<', fragment(1, 0, first)],
    ]);
    assert.deepEqual([one.src, one.dst], [there.to, there.from]);
  });

  it('takes nothing else for DTLS', () => {
    const applicationOf = (payload: Uint8Array): string | null =>
      analyze([buildUdp(there, payload)]).flows[0].application;
    assert.equal(applicationOf(fragment(1, 0, first)), 'dtls');
    assert.equal(applicationOf(record(23, new Uint8Array(50), 1)), 'dtls');
    assert.equal(applicationOf(fragment(1, 0, first).subarray(0, 80)), null);
    assert.equal(applicationOf(join(record(23, new Uint8Array(50), 1), hex('00'))), null);
    assert.equal(applicationOf(join(hex('16 0303'), fragment(1, 0, first).subarray(3))), null);
  });

  it('survives any damage', () => {
    const whole = join(fragment(1, 0, first, 0, 60), fragment(1, 0, first, 50));
    for (let seed = 1; seed <= 500; seed++) {
      const noise = new Uint8Array(randomBytes(40, seed).buffer);
      const damaged = whole.slice();
      for (let i = 0; i < 4; i++) damaged[noise[i] % damaged.length] = noise[4 + i];
      tlsOf([
        ['>', whole],
        ['>', damaged],
        ['<', join(whole.subarray(0, 13), noise)],
      ]);
    }
  });
});
