import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { missing } from '../../../test/support/needs.ts';
import type { Reason } from '../../wire/probe.ts';
import { TestAuthority } from './certificates.fixture.ts';
import { dial } from './dial.ts';
import { makeTrust, startTls, type TlsResult } from './tls.ts';
import { describeTlsError } from './tls-errors.ts';

const skip = missing('openssl');
const authority = skip ? null : new TestAuthority('Root');
test.after(() => authority?.[Symbol.dispose]());

/** A handshake with a server that has a certificate for localhost. */
async function shake(server: Server, name = 'localhost', timeoutMs = 2000): Promise<TlsResult> {
  server.on('tlsClientError', () => {}).on('connection', (socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const context = { signal: AbortSignal.timeout(timeoutMs), timeoutMs };
  try {
    const dialled = await dial(['127.0.0.1'], (server.address() as AddressInfo).port, context);
    assert.equal(dialled.failure, null);
    const trust = makeTrust(authority ? [authority.root] : []);
    const result = await startTls(dialled.socket, { ...context, name, verify: true, trust });
    result.socket?.destroy();
    return result;
  } finally {
    server.close();
  }
}

function secured(options: TlsOptions): Server {
  const { chain, key } = authority!.issue('server', 'DNS:localhost');
  return createServer({ cert: readFileSync(chain), key: readFileSync(key), ...options });
}

test('a name with its final dot is the same name', { skip }, async () => {
  const { failure, detail } = await shake(secured({}), 'localhost.');
  assert.equal(failure, null);
  assert.equal(detail.certificate?.subject, 'CN=server');
});

const failures: readonly (readonly [string, () => Server, Reason])[] = [
  [
    'a server of old versions alone',
    () => secured({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    {
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      message: 'localhost: the server refused the TLS handshake: protocol version',
      phase: 'tls',
    },
  ],
  [
    'a server without a common cipher',
    () => secured({ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }),
    {
      code: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
      message: 'localhost: the server refused the TLS handshake: handshake failure',
      phase: 'tls',
    },
  ],
  [
    'a reset',
    () => createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
    {
      code: 'ECONNRESET',
      message: 'localhost: the other end closed the connection during the TLS handshake',
      phase: 'tls',
    },
  ],
  [
    'an end',
    () => createTcpServer((socket) => socket.once('data', () => socket.end())),
    {
      code: 'ECONNRESET',
      message: 'localhost: the other end closed the connection during the TLS handshake',
      phase: 'tls',
    },
  ],
  [
    'plain text',
    () => createTcpServer((socket) => socket.write('220 mail.test ESMTP\r\n')),
    {
      code: 'ERR_SSL_WRONG_VERSION_NUMBER',
      message: 'localhost: the other end does not speak TLS',
      phase: 'tls',
    },
  ],
];

for (const [name, make, reason] of failures) {
  test(`${name} is a failure of that reason`, { skip }, async () => {
    assert.deepEqual((await shake(make())).failure, reason);
  });
}

test('silence ends with the time', { skip }, async () => {
  const { failure } = await shake(
    createTcpServer(() => {}),
    'localhost',
    100,
  );
  const message = 'localhost: no TLS handshake within 100 ms';
  assert.deepEqual(failure, { code: 'TIMEOUT', message, phase: 'tls' });
});

test('a code that nobody knows is told as it is, and an alert by its name', () => {
  assert.equal(describeTlsError('ERR_SSL_BAD_THING'), 'the TLS handshake failed (ERR_SSL_BAD_THING)');
  assert.equal(
    describeTlsError('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
    'the server refused the TLS handshake: certificate required',
  );
});
