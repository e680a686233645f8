import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TlsRecord } from '../../../wire/traffic.ts';
import { analyze } from '../../analyze.fixture.ts';
import { randomBytes } from '../../hex.fixture.ts';
import { buildConnection, buildTcp, hex, join, type Turn } from '../../packet/build.fixture.ts';
import {
  alpn,
  buildHelloBody,
  buildServerBody,
  certificate,
  certificateMessage,
  changeCipherSpec,
  clientHello,
  extension,
  handshake,
  record,
  retryRandom,
  serverHello,
  serverHelloDone,
  serverName,
  supportedVersions,
} from './hello.fixture.ts';

const to = '198.51.100.2:443';

function tlsOf(turns: readonly Turn[], options: { to?: string; mss?: number } = {}): readonly TlsRecord[] {
  const { records } = analyze(buildConnection(turns, { to, ...options }));
  return records.filter((one) => one.type === 'tls');
}

const hello12 = clientHello({ extensions: [serverName('www.example.com'), alpn('h2', 'http/1.1')] });
/** The server's part of a handshake of TLS 1.2, in one record. */
const answer12 = record(
  22,
  join(
    handshake(2, buildServerBody({ extensions: [alpn('http/1.1')] })),
    certificateMessage(certificate, certificate),
    serverHelloDone,
  ),
);
const turns12: readonly Turn[] = [
  ['>', hello12],
  ['<', answer12],
  ['>', join(changeCipherSpec, record(22, new Uint8Array(40).fill(0xee)), record(23, new Uint8Array(500)))],
  ['<', join(changeCipherSpec, record(22, new Uint8Array(40).fill(0xee)), record(23, new Uint8Array(900)))],
];
const expected12: Omit<TlsRecord, 'ts'> = {
  type: 'tls',
  src: '192.0.2.1:40000',
  dst: to,
  transport: 'tcp',
  version: '1.2',
  sni: 'www.example.com',
  alpn: 'http/1.1',
  ja4: 't12d0202h2_c1929292aa6b_000000000000',
  cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  certificate: {
    subject: 'emailAddress=a@example.com,CN=www.example.com,OU=\\#1,O=Example\\, Ltd,C=DE',
    issuer: 'emailAddress=a@example.com,CN=www.example.com,OU=\\#1,O=Example\\, Ltd,C=DE',
    names: ['www.example.com', '*.example.net', '192.0.2.7', '2001:db8::1'],
    not_before: '2026-11-21T08:29:28.000Z',
    not_after: '2027-11-21T08:29:28.000Z',
  },
};

const withoutTime = ({ ts: _ts, ...rest }: TlsRecord): Omit<TlsRecord, 'ts'> => rest;

describe('TLS', () => {
  it('tells of a TLS 1.2 handshake with what the server chose and its certificate', () => {
    const records = tlsOf(turns12);
    assert.deepEqual(records.map(withoutTime), [expected12]);
    assert.equal(records[0].ts, '2023-11-14T22:13:20.003Z');
  });

  it('tells the same however the bytes are split', () => {
    const length = hello12.length + answer12.length;
    for (let mss = 1; mss < length; mss += mss < 64 ? 1 : 17)
      assert.deepEqual(tlsOf(turns12, { mss }).map(withoutTime), [expected12], `segments of ${mss}`);
  });

  it('waits for the first certificate alone', () => {
    const message = certificateMessage(certificate, new Uint8Array(9000));
    const flight = join(handshake(2, buildServerBody()), message).subarray(0, 800);
    const frames = buildConnection([['>', hello12]], { to }).slice(0, 4);
    const answer = join(hex('16 03 03 24 00'), flight);
    frames.push(buildTcp({ from: to, to: '192.0.2.1:40000', sequence: 5001, flags: 'PA', payload: answer }));
    // another one, which is told of at once and would be the first if the certificates were waited for
    frames.push(...buildConnection(turns12, { from: '192.0.2.1:40001', to }));
    const [one] = analyze(frames).records;
    assert.ok(one.type === 'tls');
    assert.equal(one.src, '192.0.2.1:40000');
    assert.equal(one.certificate?.names[0], 'www.example.com');
  });

  it('puts a hello together that is split over records', () => {
    const body = handshake(1, buildHelloBody({ extensions: [serverName('www.example.com')] }));
    for (let at = 1; at < body.length; at++) {
      const split = join(record(22, body.subarray(0, at)), record(22, body.subarray(at)));
      const [one] = tlsOf([['>', split]]);
      assert.equal(one?.sni, 'www.example.com', `split at ${at}`);
    }
  });

  it('tells of a TLS 1.3 handshake as soon as the server has answered', () => {
    const turns: Turn[] = [
      [
        '>',
        clientHello({
          extensions: [serverName('a.example'), alpn('h2'), supportedVersions(0x0a0a, 0x0304, 0x0303)],
        }),
      ],
      ['<', serverHello({ extensions: [extension(43, hex('03 04'))] })],
      ['<', join(changeCipherSpec, record(23, new Uint8Array(3000)))],
    ];
    const [one, ...more] = tlsOf(turns);
    assert.equal(more.length, 0);
    assert.equal(one.version, '1.3');
    assert.equal(one.alpn, 'h2');
    assert.equal(one.certificate, null);
  });

  it('waits for the server also when the client sends data at once', () => {
    const offer = [serverName('a.example'), supportedVersions(0x0304), extension(42, new Uint8Array(0))];
    const [one] = tlsOf([
      ['>', join(clientHello({ extensions: offer }), changeCipherSpec, record(23, new Uint8Array(100)))],
      ['<', serverHello({ cipher: 0x1303, extensions: [extension(43, hex('03 04'))] })],
    ]);
    assert.equal(one.cipher, 'TLS_CHACHA20_POLY1305_SHA256');
  });

  it('tells of both hellos when the server asks for another one', () => {
    const offer = [serverName('a.example'), supportedVersions(0x0304)];
    const turns: Turn[] = [
      ['>', clientHello({ extensions: offer })],
      [
        '<',
        join(
          serverHello({ random: retryRandom, extensions: [extension(43, hex('03 04'))] }),
          changeCipherSpec,
        ),
      ],
      ['>', join(changeCipherSpec, clientHello({ extensions: [...offer, extension(44, hex('00 01 ff'))] }))],
      [
        '<',
        join(serverHello({ extensions: [extension(43, hex('03 04'))] }), record(23, new Uint8Array(900))),
      ],
    ];
    for (const mss of [1460, 3, 1]) {
      const records = tlsOf(turns, { mss });
      assert.deepEqual(
        records.map(({ sni, version, ja4 }) => [sni, version, ja4?.slice(0, 10)]),
        [
          ['a.example', '1.3', 't13d020200'],
          ['a.example', '1.3', 't13d020300'],
        ],
      );
    }
  });

  it('stops reading hellos that follow one another without end', () => {
    assert.equal(tlsOf([['>', join(...Array.from({ length: 100 }, () => hello12))]]).length, 8);
  });

  it('tells of a hello that is never answered, with what was offered', () => {
    const [one] = tlsOf([['>', clientHello({ version: 0x0302, extensions: [serverName('a.example')] })]]);
    assert.deepEqual([one.version, one.sni, one.alpn], ['1.1', 'a.example', null]);
    const [refused] = tlsOf([
      ['>', hello12],
      ['<', record(21, hex('02 28'))],
    ]);
    assert.equal(refused.sni, 'www.example.com');
  });

  it('tells of a server name of which only the beginning of the hello was captured, without a fingerprint', () => {
    const frames = buildConnection([['>', hello12]], { to });
    const cut = frames.slice(0, 3);
    const sent = hello12.subarray(0, hello12.length - 4);
    const there = { from: '192.0.2.1:40000', to };
    cut.push(buildTcp({ ...there, sequence: 1001, flags: 'PA', payload: sent }));
    const [one] = analyze(cut).records;
    assert.ok(one.type === 'tls');
    assert.deepEqual([one.sni, one.ja4], ['www.example.com', null]);
  });

  it('reads a hello in the format of SSL 2.0', () => {
    const content = join(hex('01 03 01  00 06 00 00 00 10  01 00 80  00 00 2f'), new Uint8Array(16).fill(3));
    const ssl2 = join(Uint8Array.of(0x80, content.length), content);
    for (const mss of [1460, 1]) {
      const [one] = tlsOf(
        [
          ['>', ssl2],
          ['<', join(serverHello({ version: 0x0301 }), changeCipherSpec)],
        ],
        { mss },
      );
      assert.deepEqual([one.version, one.sni, one.ja4], ['1.0', null, null]);
    }
  });

  it('marks a hello that has another one encrypted in it', () => {
    const [one] = tlsOf([
      ['>', clientHello({ extensions: [serverName('cover.example'), extension(0xfe0d, hex('00 0001'))] })],
    ]);
    assert.equal(one.ech, true);
    const [early] = tlsOf([['>', clientHello({ extensions: [extension(0xffce, hex('00'))] })]]);
    assert.equal(early.ech, true);
  });

  it('takes no name that cannot be one, and escapes what cannot be seen', () => {
    const sniOf = (name: Uint8Array | string): string | null | undefined =>
      tlsOf([['>', clientHello({ extensions: [serverName(name)] })]])[0]?.sni;
    assert.equal(sniOf(''), null);
    assert.equal(sniOf('a'.repeat(256)), null);
    assert.equal(sniOf(new Uint8Array(255).fill(1))?.length, 255);
    assert.equal(sniOf('<img src=x>'), '<img src=x>');
    assert.equal(sniOf(hex('61 00 1b 5d 0a e2 80 ae')), 'a\\000\\033]\\n\\u{202e}');
  });

  it('swaps the ends where a capture began late and the one taken for the server says hello', () => {
    const ends = { from: '192.0.2.1:300', to: '198.51.100.2:40000' };
    const [one] = analyze([buildTcp({ ...ends, sequence: 1, flags: 'PA', payload: hello12 })]).records;
    assert.deepEqual([one.src, one.dst], [ends.from, ends.to]);
  });

  it('goes on with the next hello after bytes that were not captured', () => {
    const ends = { from: '192.0.2.1:40000', to };
    const frames = [
      buildTcp({
        ...ends,
        sequence: 1,
        flags: 'PA',
        payload: record(22, new Uint8Array(100).fill(1)).subarray(0, 50),
      }),
      buildTcp({ ...ends, sequence: 500, flags: 'PA', payload: hello12 }),
      buildTcp({ from: ends.to, to: ends.from, sequence: 1, acknowledgment: 2000, flags: 'A' }),
    ];
    const { records } = analyze(frames);
    assert.deepEqual(
      records.map((one) => one.type === 'tls' && one.sni),
      ['www.example.com'],
    );
  });

  it('is named by its port, by what ALPN says, or as TLS', () => {
    const nameOf = (port: number, hello: Uint8Array): string | null =>
      analyze(buildConnection([['>', hello]], { to: `198.51.100.2:${port}` })).flows[0].application;
    const plain = clientHello();
    assert.equal(nameOf(443, plain), 'https');
    assert.equal(nameOf(993, plain), 'imaps');
    assert.equal(nameOf(853, clientHello({ extensions: [alpn('dot')] })), 'dot');
    assert.equal(nameOf(25, plain), 'smtp');
    assert.equal(nameOf(4444, plain), 'tls');
    assert.equal(nameOf(4444, hello12), 'https');
  });

  it('goes on as the service that changed to it', () => {
    const turns: Turn[] = [
      ['<', '220 mail.example.org ESMTP\r\n'],
      ['>', 'EHLO a.example\r\n'],
      ['<', '250-mail.example.org\r\n250 STARTTLS\r\n'],
      ['>', 'STARTTLS\r\n'],
      ['<', '220 ready\r\n'],
      ...turns12,
    ];
    const { records, flows } = analyze(buildConnection(turns, { to: '198.51.100.2:25' }));
    assert.deepEqual(
      records.map((one) => one.type === 'tls' && one.sni),
      ['www.example.com'],
    );
    assert.equal(flows[0].application, 'smtp');
  });

  it('is recognised in the middle of a connection where one record follows the other', () => {
    const applicationOf = (payload: Uint8Array): string | null => {
      const ends = { from: '192.0.2.1:40000', to: '198.51.100.2:4444' };
      return analyze([buildTcp({ ...ends, sequence: 9, flags: 'PA', payload })]).flows[0].application;
    };
    const data = record(23, new Uint8Array(80));
    assert.equal(applicationOf(data), 'tls');
    assert.equal(applicationOf(join(data, data.subarray(0, 20))), 'tls');
    assert.equal(applicationOf(join(data, hex('47 45 54 20 2f'))), null);
    assert.equal(applicationOf(data.subarray(0, 60)), null);
  });

  it('survives every truncation and any damage', () => {
    const whole = join(hello12, answer12);
    for (let length = 0; length < whole.length; length += 3)
      tlsOf([
        ['>', hello12.subarray(0, length)],
        ['<', answer12.subarray(0, Math.max(0, length - hello12.length))],
      ]);
    for (let seed = 1; seed <= 400; seed++) {
      const noise = new Uint8Array(randomBytes(64, seed).buffer);
      const damage = (bytes: Uint8Array): Uint8Array => {
        const damaged = bytes.slice();
        for (let i = 0; i < 8; i++) damaged[(noise[i] * 256 + noise[i + 8]) % bytes.length] = noise[16 + i];
        return damaged;
      };
      for (const one of tlsOf([
        ['>', damage(hello12)],
        ['<', damage(answer12)],
      ]))
        assert.ok((one.sni ?? '').length < 2000);
      tlsOf([['>', join(hello12.subarray(0, seed % hello12.length), noise)]]);
    }
  });
});
