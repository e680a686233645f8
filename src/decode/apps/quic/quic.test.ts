import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeCiphers } from '../../../platform/ciphers.ts';
import type { TlsRecord } from '../../../wire/traffic.ts';
import { analyze } from '../../analyze.fixture.ts';
import { Analyzer } from '../../analyzer.ts';
import { randomBytes } from '../../hex.fixture.ts';
import { buildUdp, hex, join } from '../../packet/build.fixture.ts';
import { linkTypes } from '../../packet/link.ts';
import {
  alpn,
  buildHelloBody,
  buildServerBody,
  extension,
  type HelloParts,
  handshake,
  retryRandom,
  serverName,
  supportedVersions,
} from '../tls/hello.fixture.ts';
import { buildInitial, cryptoFrame } from './initial.fixture.ts';
import { deriveInitialKeys, openInitial } from './keys.ts';
import { readLongHeader } from './packet.ts';
import { findVersion } from './versions.ts';

const there = { from: '192.0.2.1:50000', to: '198.51.100.2:443' };
const back = { from: there.to, to: there.from };
type Datagram = readonly ['>' | '<', Uint8Array];

function analyzeDatagrams(datagrams: readonly Datagram[]): ReturnType<typeof analyze> {
  return analyze(datagrams.map(([side, payload]) => buildUdp(side === '>' ? there : back, payload)));
}

const tlsOf = (datagrams: readonly Datagram[]): readonly TlsRecord[] =>
  analyzeDatagrams(datagrams).records.filter((one) => one.type === 'tls');
const namesOf = (datagrams: readonly Datagram[]): readonly (string | null)[] =>
  tlsOf(datagrams).map(({ sni }) => sni);

const keyId = hex('8394c8f03e515708');
const serverId = hex('f067a5502a4262b5');
const offer = [
  serverName('www.example.com'),
  alpn('h3'),
  supportedVersions(0x0304),
  extension(0x39, hex('0401')),
];
const hello = (parts: HelloParts = {}): Uint8Array =>
  handshake(1, buildHelloBody({ extensions: offer, ...parts }));
const accepted = handshake(2, buildServerBody({ cipher: 0x1301, extensions: [extension(43, hex('0304'))] }));
const first = hello();
const initial = buildInitial({ keyId, frames: cryptoFrame(0, first) });
const answerParts = {
  keyId,
  from: 'server',
  destination: new Uint8Array(0),
  source: serverId,
  // ACK of packet 0, then the server's hello
  frames: join(hex('02 00 00 00 00'), cryptoFrame(0, accepted)),
} as const;
const answer = buildInitial(answerParts);

describe('QUIC keys', () => {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

  it('are those of RFC 9001 appendix A.1', () => {
    const { client, server } = deriveInitialKeys(findVersion(1)!, keyId, nodeCiphers);
    assert.deepEqual([client.key, client.iv, client.hp, server.key, server.iv, server.hp].map(text), [
      '1f369613dd76d5467730efcbe3b1a22d',
      'fa044b2f42a3fd3b46fb255c',
      '9f50449e04a0e810283a1e9933adedd2',
      'cf3a5331653c364c88f0f379b6067e37',
      '0ac1493ca1905853b0bba03e',
      'c206b8d9b9f0f37644430b490eeaa314',
    ]);
  });

  it('are those of RFC 9369 appendix A.1 for version 2', () => {
    const { client } = deriveInitialKeys(findVersion(0x6b3343cf)!, keyId, nodeCiphers);
    assert.deepEqual([client.key, client.iv, client.hp].map(text), [
      '8b1a0bc121284290a29e0971b5cd045d',
      '91f73e2351d8fa91660e909f',
      '45b95e15235d6f45a6b19cbcb0294ba9',
    ]);
  });

  it("open the server's packet of RFC 9001 appendix A.3", () => {
    const packet = hex(`
      cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4c
      f73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7a
      af2f58891850abbdca3d20398c276456cbc42158407dd074ee
    `);
    const header = readLongHeader(packet, 0, packet.length)!;
    const { server } = deriveInitialKeys(header.version!, keyId, nodeCiphers);
    const content = openInitial(packet, header, server, nodeCiphers)!;
    assert.match(text(content), /^02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf7/);
  });
});

describe('QUIC', () => {
  it('tells of the hello in Initial packets, with what the server chose', () => {
    const { records, flows } = analyzeDatagrams([
      ['>', initial],
      ['<', answer],
    ]);
    assert.deepEqual(records, [
      {
        type: 'tls',
        ts: '2023-11-14T22:13:20.000Z',
        src: there.from,
        dst: there.to,
        transport: 'quic',
        version: '1.3',
        sni: 'www.example.com',
        alpn: 'h3',
        ja4: 'q13d0204h3_c1929292aa6b_c8abead0ac40',
        cipher: 'TLS_AES_128_GCM_SHA256',
        certificate: null,
      },
    ]);
    assert.deepEqual([flows[0].application, flows[0].by], ['quic', 'payload']);
  });

  it('reads an answer whose fixed bit is not set, as both ends may agree', () => {
    const [one] = tlsOf([
      ['>', initial],
      ['<', buildInitial({ ...answerParts, greased: true })],
    ]);
    assert.equal(one.cipher, 'TLS_AES_128_GCM_SHA256');
  });

  it('tells of a hello that nobody answered after ten seconds', () => {
    const told: (string | null)[] = [];
    const later = new Analyzer(
      { mask: false, ciphers: nodeCiphers },
      { onRecord: (record) => told.push(record.type === 'tls' ? record.sni : null), onFlowEnd: () => {} },
    );
    const frame = buildUdp(there, initial);
    later.packet(frame, 0, frame.length, frame.length, linkTypes.ethernet, 1000);
    later.advance(10_000);
    assert.deepEqual(told, []);
    later.advance(12_000);
    assert.deepEqual(told, ['www.example.com']);
  });

  for (const version of [0x00000001, 0x6b3343cf, 0xff00001d, 0xff00001b, 0xff000016, 0xfaceb002])
    it(`reads version ${version.toString(16)}`, () => {
      assert.deepEqual(namesOf([['>', buildInitial({ version, keyId, frames: cryptoFrame(0, first) })]]), [
        'www.example.com',
      ]);
    });

  it('puts CRYPTO frames together that are split, repeated and out of order, among others', () => {
    for (let at = 1; at < first.length; at += 7) {
      const [early, late] = [cryptoFrame(0, first.subarray(0, at)), cryptoFrame(at, first.subarray(at))];
      const one = buildInitial({ keyId, frames: join(hex('01'), late, hex('00 00 00'), late, early) });
      assert.deepEqual(namesOf([['>', one]]), ['www.example.com'], `within a packet at ${at}`);
      const second = buildInitial({ keyId, number: 1, frames: join(early, new Uint8Array(50)) });
      const both: Datagram[] = [
        ['>', buildInitial({ keyId, frames: late })],
        ['>', second],
      ];
      assert.deepEqual(namesOf(both), ['www.example.com'], `in two datagrams at ${at}`);
    }
  });

  it('reads packets that share a datagram', () => {
    const [one, two] = [first.subarray(0, 60), first.subarray(60)];
    const zeroRtt = join(hex('d0 00000001 08 8394c8f03e515708 00 4020'), new Uint8Array(32).fill(5));
    const datagram = join(
      buildInitial({ keyId, frames: cryptoFrame(0, one) }),
      buildInitial({ keyId, number: 1, frames: cryptoFrame(60, two) }),
      zeroRtt,
    );
    assert.deepEqual(namesOf([['>', datagram]]), ['www.example.com']);
  });

  it('tells once of a hello that is sent again after a Retry, under the new connection id', () => {
    const retry = join(hex('f0 00000001 00 08'), serverId, new Uint8Array(40).fill(3));
    const again = buildInitial({
      keyId: serverId,
      token: new Uint8Array(24),
      number: 1,
      frames: cryptoFrame(0, first),
    });
    const then = buildInitial({
      keyId: serverId,
      from: 'server',
      destination: new Uint8Array(0),
      source: hex('01020304'),
      frames: cryptoFrame(0, accepted),
    });
    const records = tlsOf([
      ['>', initial],
      ['<', retry],
      ['>', again],
      ['<', then],
    ]);
    assert.deepEqual(
      records.map(({ ts, sni }) => [ts, sni]),
      [['2023-11-14T22:13:20.000Z', 'www.example.com']],
    );
  });

  it('tells of both hellos when the server asks for another one', () => {
    const retry = handshake(
      2,
      buildServerBody({ random: retryRandom, extensions: [extension(43, hex('0304'))] }),
    );
    const second = hello({ ciphers: [0x1302] });
    const server = (frames: Uint8Array, number: number): Uint8Array =>
      buildInitial({
        keyId,
        from: 'server',
        destination: new Uint8Array(0),
        source: serverId,
        number,
        frames,
      });
    const records = tlsOf([
      ['>', initial],
      ['<', server(cryptoFrame(0, retry), 0)],
      [
        '>',
        buildInitial({ keyId, destination: serverId, number: 1, frames: cryptoFrame(first.length, second) }),
      ],
      ['<', server(cryptoFrame(retry.length, accepted), 1)],
    ]);
    assert.deepEqual(
      records.map(({ ja4 }) => ja4?.slice(0, 6)),
      ['q13d02', 'q13d01'],
    );
  });

  it('tells of each of the connections that follow one another on the same ports', () => {
    const other = hex('1122334455667788');
    const frames = cryptoFrame(0, hello({ random: 1, extensions: [serverName('b.example')] }));
    const second = buildInitial({ keyId: other, frames });
    const late = buildInitial({ keyId, destination: serverId, number: 2, frames: hex('02 00 00 00 00') });
    assert.deepEqual(
      namesOf([
        ['>', initial],
        ['<', answer],
        ['>', late],
        ['>', second],
      ]),
      ['www.example.com', 'b.example'],
    );
  });

  it('tells of a name whose hello is not all there, without a fingerprint', () => {
    const [one] = tlsOf([['>', buildInitial({ keyId, frames: cryptoFrame(0, first.subarray(0, 120)) })]]);
    assert.deepEqual([one.sni, one.ja4], ['www.example.com', null]);
  });

  it('knows Google’s versions and a negotiation, of which nothing is told', () => {
    const applicationOf = (payload: Uint8Array): string | null => {
      const ends = { from: '192.0.2.1:50000', to: '198.51.100.2:4444' };
      return analyze([buildUdp(ends, payload)]).flows[0].application;
    };
    assert.equal(applicationOf(join(hex('0d 1122334455667788 51303433 01'), new Uint8Array(60))), 'quic');
    assert.equal(applicationOf(join(hex('c3 51303436 50 1122334455667788'), new Uint8Array(60))), 'quic');
    assert.equal(applicationOf(join(hex('80 00000000 00 08'), serverId, hex('1a2a3a4a 00000001'))), 'quic');
    assert.equal(applicationOf(join(hex('80 00000000 00 08'), serverId, hex('1a2a3a4a 12345678'))), null);
  });

  it('knows a packet of which only the beginning was captured', () => {
    const { records, flows } = analyzeDatagrams([['>', initial.subarray(0, 60)]]);
    assert.deepEqual([records.length, flows[0].application, flows[0].by], [0, 'quic', 'payload']);
  });

  it('follows a server that goes on in another version', () => {
    const body = buildServerBody({ cipher: 0x1302, extensions: [extension(43, hex('0304'))] });
    const [one] = tlsOf([
      ['>', initial],
      [
        '<',
        buildInitial({
          keyId,
          version: 0x6b3343cf,
          from: 'server',
          destination: new Uint8Array(0),
          source: serverId,
          frames: cryptoFrame(0, handshake(2, body)),
        }),
      ],
    ]);
    assert.equal(one.cipher, 'TLS_AES_256_GCM_SHA384');
  });

  it('takes nothing else for QUIC', () => {
    const applicationOf = (payload: Uint8Array): string | null =>
      analyze([buildUdp({ from: '192.0.2.1:50000', to: '198.51.100.2:4444' }, payload)]).flows[0].application;
    assert.equal(applicationOf(join(hex('c0 00000001 15'), new Uint8Array(60))), null, 'an id of 21 bytes');
    assert.equal(applicationOf(join(hex('40'), new Uint8Array(60).fill(7))), null, 'a short header');
    assert.equal(applicationOf(initial.subarray(0, 15)), null, 'a header that is not all there');
    const { by } = analyze([buildUdp(there, join(hex('40'), new Uint8Array(60).fill(7)))]).flows[0];
    assert.equal(by, 'port');
  });

  it('survives every truncation and any damage', () => {
    for (let length = 0; length <= initial.length; length++) tlsOf([['>', initial.subarray(0, length)]]);
    for (let seed = 1; seed <= 300; seed++) {
      const noise = new Uint8Array(randomBytes(300, seed).buffer);
      const damaged = initial.slice();
      damaged[(noise[0] * 256 + noise[1]) % damaged.length] ^= noise[2] | 1;
      assert.deepEqual(
        namesOf([
          ['>', damaged],
          ['<', join(answer, noise)],
        ]),
        [],
        `damage ${seed}`,
      );
      tlsOf([['>', buildInitial({ keyId, frames: noise })]]);
      const damagedHello = first.slice();
      for (let i = 0; i < 4; i++) damagedHello[noise[3 + i] % damagedHello.length] = noise[7 + i];
      tlsOf([['>', buildInitial({ keyId, frames: cryptoFrame(0, damagedHello) })]]);
      tlsOf([['>', join(initial.subarray(0, 18), noise)]]);
    }
  });
});
