import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analyze } from '../analyze.fixture.ts';
import { buildConnection, hex, join, type Turn, toBytes } from '../packet/build.fixture.ts';
import {
  buildServerBody,
  certificate,
  certificateMessage,
  clientHello,
  handshake,
  record,
  serverHelloDone,
  serverName,
} from './tls/hello.fixture.ts';

/** What follows the step: hello of TLS 1.2, its answer, and records that are encrypted. */
const secured: readonly Turn[] = [
  ['>', clientHello({ extensions: [serverName('host.example')] })],
  ['<', record(22, join(handshake(2, buildServerBody()), certificateMessage(certificate), serverHelloDone))],
  ['>', record(23, new Uint8Array(100))],
  ['<', record(23, new Uint8Array(100))],
];

/** How each protocol comes to the step, in clear text. */
const openings: Readonly<Record<string, readonly Turn[]>> = {
  smtp: [
    ['<', '220 mail.example.org ESMTP\r\n'],
    ['>', 'EHLO a.example\r\n'],
    ['<', '250-mail.example.org\r\n250 STARTTLS\r\n'],
    ['>', 'STARTTLS\r\n'],
    ['<', '220 ready\r\n'],
  ],
  imap: [
    ['<', '* OK ready\r\n'],
    ['>', 'a1 STARTTLS\r\n'],
    ['<', 'a1 OK begin\r\n'],
  ],
  pop3: [
    ['<', '+OK Dovecot ready.\r\n'],
    ['>', 'STLS\r\n'],
    ['<', '+OK begin\r\n'],
  ],
  ftp: [
    ['<', '220 (vsFTPd 3.0.3)\r\n'],
    ['>', 'AUTH TLS\r\n'],
    ['<', '234 proceed\r\n'],
  ],
  nntp: [
    ['<', '200 news.example.org ready (posting ok)\r\n'],
    ['>', 'STARTTLS\r\n'],
    ['<', '382 continue\r\n'],
  ],
  xmpp: [
    ['>', "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'>"],
    ['<', "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>"],
    ['>', "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"],
    ['<', "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"],
  ],
  ldap: [
    // extendedRequest 1 with the name of StartTLS, and its response: success
    ['>', join(hex('30 1d 02 01 01 77 18 80 16'), toBytes('1.3.6.1.4.1.1466.20037'))],
    ['<', hex('30 0c 02 01 01 78 07 0a 01 00 04 00 04 00')],
  ],
  postgresql: [
    // SSLRequest
    ['>', hex('00 00 00 08 04 d2 16 2f')],
    ['<', 'S'],
  ],
  mysql: [
    ['<', join(hex('4a 00 00 00 0a'), toBytes('8.0.33\0'), new Uint8Array(66))],
    // 32 bytes, with CLIENT_SSL among the capabilities
    ['>', join(hex('20 00 00 01 05 aa'), new Uint8Array(30))],
  ],
  rdp: [
    // X.224 connection request and confirm that agree on TLS
    ['>', hex('03 00 00 13 0e e0 00 00 00 00 00 01 00 08 00 03 00 00 00')],
    ['<', hex('03 00 00 13 0e d0 00 00 12 34 00 02 00 08 00 01 00 00 00')],
  ],
  nats: [['<', 'INFO {"tls_required":true}\r\n']],
};

describe('a service that changes to TLS', () => {
  for (const [name, opening] of Object.entries(openings))
    it(`keeps its name on any port, and its handshake is told of: ${name}`, () => {
      for (const port of [39_999, 443]) {
        const frames = buildConnection([...opening, ...secured], { to: `198.51.100.2:${port}` });
        const { records, flows } = analyze(frames);
        assert.deepEqual(
          records.map((one) => one.type === 'tls' && [one.sni, one.version, one.certificate?.names[0]]),
          [['host.example', '1.2', 'www.example.com']],
        );
        assert.equal(flows[0].application, name, `port ${port}`);
        assert.equal(flows[0].by, 'payload');
      }
    });

  it('lends its name to nothing but TLS', () => {
    const frames = buildConnection([...openings.smtp, ['>', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n']], {
      to: '198.51.100.2:39999',
    });
    assert.equal(analyze(frames).flows[0].application, 'http');
  });
});
