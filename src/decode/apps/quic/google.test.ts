import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TlsRecord } from '../../../wire/traffic.ts';
import { analyze } from '../../analyze.fixture.ts';
import { buildUdp, hex, join, toBytes } from '../../packet/build.fixture.ts';
import { buildHelloBody, buildServerBody, handshake, serverName } from '../tls/hello.fixture.ts';
import { buildInitial } from './initial.fixture.ts';

const there = { from: '192.0.2.1:50000', to: '198.51.100.2:443' };
const back = { from: there.to, to: there.from };
type Datagram = readonly ['>' | '<', Uint8Array];

const run = (datagrams: readonly Datagram[]): ReturnType<typeof analyze> =>
  analyze(datagrams.map(([side, payload]) => buildUdp(side === '>' ? there : back, payload)));
const told = (datagrams: readonly Datagram[]): unknown[] =>
  run(datagrams).records.map((one) => one.type === 'tls' && [one.transport, one.version, one.sni]);

/** A client hello: three tags, where their values end, and the values. */
const hello = join(
  toBytes('CHLO'),
  hex('03 00 00 00'),
  toBytes('PAD\0'),
  hex('04 00 00 00'),
  toBytes('SNI\0'),
  hex('13 00 00 00'),
  toBytes('VER\0'),
  hex('17 00 00 00'),
  toBytes('----www.example.comQ043'),
);
const hash = hex('d4 a6 cc 79 cf 57 63 92 12 01 d4 ca');
/** A STREAM frame of stream 1 with a length of two bytes. */
const stream = (content: Uint8Array): Uint8Array =>
  join(hex('a0 01'), Uint8Array.of(content.length >> 8, content.length), content);
/** Flags (version, id of eight bytes, number of one), id, version, number. */
const until43 = (version: string, content: Uint8Array): Uint8Array =>
  join(hex('09 0de83c77bd8f8915'), toBytes(version), hex('01'), hash, stream(content));
/** Long form, version, an id of eight bytes and none, id, number. */
const from44 = (version: string, content: Uint8Array): Uint8Array =>
  join(hex('c3'), toBytes(version), hex('50 21e55d4ec11a8b1d 00000003'), hash, stream(content));

describe("Google's QUIC", () => {
  it('tells its version and the name of the server from the hello in clear text', () => {
    for (const version of ['Q035', 'Q039', 'Q043'])
      assert.deepEqual(told([['>', until43(version, hello)]]), [['quic', version, 'www.example.com']]);
    for (const version of ['Q044', 'Q046'])
      assert.deepEqual(told([['>', from44(version, hello)]]), [['quic', version, 'www.example.com']]);
  });

  it('tells of a hello that is sent again, with what the server asked for, once', () => {
    const again = from44('Q046', hello);
    assert.equal(
      told([
        ['>', again],
        ['<', hex('43 21e55d4ec11a8b1d 01 aabbccddeeff0011')],
        ['>', again],
      ]).length,
      1,
    );
    const other = hello.slice();
    other.set(toBytes('ftp'), other.length - 19);
    assert.deepEqual(
      told([
        ['>', again],
        ['>', from44('Q046', other)],
      ]).map((one) => (one as unknown[])[2]),
      ['www.example.com', 'ftp.example.com'],
    );
  });

  it('opens the hello of Q050, which is protected', () => {
    const frames = join(hex('08 00'), Uint8Array.of(0x40, hello.length), hello, new Uint8Array(1000));
    const packet = buildInitial({ version: 0x51303530, keyId: hex('8394c8f03e515708'), frames });
    const { records, flows, analyzer } = run([['>', packet]]);
    assert.deepEqual(
      (records as TlsRecord[]).map(({ version, sni }) => [version, sni]),
      [['Q050', 'www.example.com']],
    );
    assert.equal(flows[0].application, 'quic');
    assert.equal(analyzer.counters.malformed, 0);
  });

  it("reads the server's hello of the versions with TLS behind an acknowledgment of Google's form", () => {
    const keyId = hex('8394c8f03e515708');
    const crypto = (type: number, body: Uint8Array): Uint8Array => {
      const message = handshake(type, body);
      return join(hex('08 00'), Uint8Array.of(0x40 | (message.length >> 8), message.length), message);
    };
    for (const [acknowledgment, version] of [
      // largest 1, delay 0, one block of 1, no times
      ['40 01 0000 01 00', 0x54303531],
      // largest in two bytes, two more blocks, two times
      ['65 0005 0000 02 0001 01 0001 01 0001 02 00 00000000 01 0000', 0x54303530],
    ] as const) {
      const { records } = run([
        [
          '>',
          buildInitial({
            version,
            keyId,
            frames: join(
              crypto(1, buildHelloBody({ extensions: [serverName('a.example')] })),
              new Uint8Array(900),
            ),
          }),
        ],
        [
          '<',
          buildInitial({
            version,
            keyId,
            from: 'server',
            frames: join(hex(acknowledgment), crypto(2, buildServerBody({ cipher: 0x1301 }))),
          }),
        ],
      ]);
      assert.deepEqual(
        (records as TlsRecord[]).map(({ sni, cipher }) => [sni, cipher]),
        [['a.example', 'TLS_AES_128_GCM_SHA256']],
      );
    }
  });

  it('takes hellos that are cut or lie about their lengths without a wrong name', () => {
    const whole = until43('Q043', hello);
    for (let length = 0; length < whole.length; length++)
      for (const one of run([['>', whole.subarray(0, length)]]).records)
        assert.ok(one.type === 'tls' && (one.sni === null || one.sni === 'www.example.com'));
    for (let at = 30; at < 60; at++)
      for (const value of [0, 1, 0x7f, 0xff]) {
        const damaged = whole.slice();
        damaged[at] = value;
        for (const one of run([['>', damaged]]).records)
          assert.ok(one.type === 'tls' && (one.sni?.length ?? 0) < 300);
      }
    const hidden = hello.slice();
    hidden.set(hex('1b 5b 33 31 6d'), hidden.length - 19);
    assert.deepEqual(told([['>', until43('Q043', hidden)]]), [['quic', 'Q043', '\\033[31mxample.com']]);
  });
});
