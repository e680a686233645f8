import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { missing } from '../../../../test/support/needs.ts';
import { accepts, startNginx } from '../../../../test/support/servers.ts';
import { until } from '../../../../test/support/until.ts';
import { enterOwnNetwork } from '../../../sys/network.fixture.ts';
import type { ProbeOf } from '../../../wire/probe.ts';
import { type Issued, TestAuthority } from '../certificates.fixture.ts';
import type { ProbeContext, ProbeRun } from '../probe.ts';
import { names, runProbe } from '../probes.fixture.ts';
import { makeTrust } from '../tls.ts';
import { makeHttpProbe } from './http.ts';

const skip = missing('root', 'namespaces', 'nginx', 'openssl');
const ownNames = 'DNS:localhost,IP:127.0.0.1,IP:::1';
const ports = {
  good: 9443,
  expired: 9444,
  name: 9445,
  self: 9446,
  chain: 9447,
  gap: 9448,
  revoked: 9449,
  client: 9450,
  one: 9451,
  plain: 9080,
};

interface Scene extends Disposable {
  readonly run: (
    url: string,
    probe?: Omit<Partial<ProbeOf<'http'>>, 'kind'>,
    options?: Partial<ProbeContext>,
  ) => Promise<ProbeRun>;
  readonly strange: (url: string) => Promise<ProbeRun>;
}

/** nginx with a server for each way in which a certificate can be good or bad, in a network of its own. */
async function startScene(): Promise<Scene> {
  enterOwnNetwork();
  const authority = new TestAuthority('Root');
  const good = authority.issue('good', ownNames);
  authority.issue('Middle', '', 5, 'Root', true);
  const behind = authority.issue('behind', ownNames, 5, 'Middle');
  const revoked = authority.issue('revoked', ownNames);
  const response = authority.revokeLast();
  const own = new TestAuthority('localhost');
  const block = (port: number, { chain, key }: Issued, more: string, options = 'http2'): string =>
    `server { listen 127.0.0.1:${port} ssl ${options}; listen [::1]:${port} ssl ${options};
      ssl_certificate ${chain}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3; ${more} }`;
  const pages = `root ${authority.folder}/none; location = /ok { default_type application/json; return 200 '{"up":true}'; }
    location = /away { return 302 http://localhost:${ports.plain}/ok; }
    location = /upgrade { return 301 https://localhost:${ports.good}/ok; }`;
  const nginx = startNginx(
    authority.folder,
    [
      block(ports.good, good, pages),
      block(ports.one, good, pages, ''),
      block(ports.expired, authority.issue('expired', ownNames, -1), pages),
      block(ports.name, authority.issue('other', 'DNS:other.test,DNS:*.other.test'), pages),
      block(ports.self, { chain: `${own.folder}/localhost.pem`, key: `${own.folder}/localhost.key` }, pages),
      block(ports.chain, behind, pages),
      block(ports.gap, { chain: `${authority.folder}/behind.pem`, key: behind.key }, pages),
      block(ports.revoked, revoked, `${pages} ssl_stapling on; ssl_stapling_file ${response};`),
      block(ports.client, good, `${pages} ssl_verify_client on; ssl_client_certificate ${good.chain};`),
      `server { listen 127.0.0.1:${ports.plain}; listen [::1]:${ports.plain}; ${pages} }`,
    ].join('\n'),
  );
  await until('nginx', () => accepts(ports.plain));
  const known = makeHttpProbe(names, makeTrust([authority.root]));
  const unknown = makeHttpProbe(names, makeTrust([own.root]));
  return {
    run: (url, probe = {}, options = {}) =>
      runProbe(known, { url, ...probe }, { timeoutMs: 5000, ...options }),
    strange: (url) => runProbe(unknown, { url }, { timeoutMs: 5000 }),
    [Symbol.dispose]() {
      nginx.kill();
      authority[Symbol.dispose]();
      own[Symbol.dispose]();
    },
  };
}

const scene = skip ? null : await startScene();
test.after(() => scene?.[Symbol.dispose]());
const run: Scene['run'] = (...args) => scene!.run(...args);
const at = (port: number, path = '/ok', host = 'localhost'): string => `https://${host}:${port}${path}`;

test('HTTPS takes HTTP/2 where it is offered, with TLS and certificate', { skip }, async () => {
  const result = await run(at(ports.good), {}, { wanted: new Set(['BODY_JSON']) });
  assert.equal(result.failure, null);
  assert.deepEqual(result.facts.BODY_JSON, { up: true });
  const { certificate, ...detail } = result.detail;
  assert.deepEqual(detail, { status: 200, http_version: '2', bytes: 11, tls_version: 'TLSv1.3', alpn: 'h2' });
  assert.equal(certificate?.subject, 'CN=good');
  assert.equal(certificate?.issuer, 'CN=Root');
  assert.deepEqual(certificate?.names, ['localhost', '127.0.0.1', '::1']);
  assert.equal(certificate?.problem, null);
  assert.match(certificate?.fingerprint ?? '', /^[0-9a-f]{64}$/);
  const { resolve_ms, connect_ms, tls_ms, processing_ms, transfer_ms } = result.phases;
  const phases = [resolve_ms, connect_ms, tls_ms, processing_ms, transfer_ms];
  assert.ok(
    phases.every((ms) => ms !== null && ms >= 0),
    JSON.stringify(phases),
  );
  assert.ok((tls_ms ?? 0) > 0);
  const days = Number(result.facts.CERTIFICATE_EXPIRATION) / 86_400_000;
  assert.ok(days > 4.9 && days <= 5, `${days}`);
  assert.equal(result.facts.HTTP_VERSION, '2');
  assert.match(
    String((result.facts.HEADER as Record<string, string>)['content-type']),
    /^application\/json$/,
  );
});

for (const family of [4, 6] as const) {
  test(`the family that is asked for is used, IPv${family}`, { skip }, async () => {
    const result = await run(at(ports.good, '/ok', family === 4 ? 'localhost' : '[::1]'), { family });
    assert.equal(result.failure, null);
    assert.equal(result.address, `${family === 4 ? '127.0.0.1' : '[::1]'}:${ports.good}`);
  });
}

test('a resolver that is not to be reached is told apart from a name that does not exist', {
  skip,
}, async () => {
  const { failure } = await run('https://nobody.test/');
  const message = 'nobody.test: there is no resolver where one should be';
  assert.deepEqual(failure, { code: 'EAI_AGAIN', message, phase: 'resolve' });
});

test('an address is checked as one', { skip }, async () => {
  assert.equal((await run(at(ports.good, '/ok', '127.0.0.1'))).failure, null);
  assert.equal((await run(at(ports.good, '/ok', '[::1]'))).failure, null);
});

test('the version that is asked for is spoken, or it fails', { skip }, async () => {
  const one = await run(at(ports.good), { version: '1.1' });
  assert.deepEqual([one.failure, one.detail.http_version, one.detail.alpn], [null, '1.1', 'http/1.1']);
  const two = await run(at(ports.one), { version: '2' });
  assert.equal(two.failure?.phase, 'tls');
  assert.match(two.failure?.code ?? '', /^(?:PROTOCOL|ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL)$/);
  const any = await run(at(ports.one));
  assert.deepEqual([any.failure, any.detail.http_version], [null, '1.1']);
});

const problems: readonly (readonly [string, number, string, RegExp])[] = [
  [
    'that has expired',
    ports.expired,
    'CERT_HAS_EXPIRED',
    /^localhost: the certificate, or one of its chain, has expired: it ended on \d{4}-\d\d-\d\d$/,
  ],
  [
    'for another name',
    ports.name,
    'ERR_TLS_CERT_ALTNAME_INVALID',
    /^localhost: the certificate is for another name: it is for other\.test, \*\.other\.test$/,
  ],
  [
    'that is self-signed',
    ports.self,
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    /^localhost: the certificate is self-signed$/,
  ],
  [
    'without the one above it',
    ports.gap,
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    /^localhost: the authority of the certificate is not known here, or the server does not send the whole chain: it is of CN=Middle$/,
  ],
  [
    'that its own server says was revoked',
    ports.revoked,
    'CERT_REVOKED',
    /^localhost: the certificate was revoked$/,
  ],
];

for (const [name, port, code, message] of problems) {
  test(`a certificate ${name} is a failure of that reason, and none where that is said`, {
    skip,
  }, async () => {
    const result = await run(at(port));
    assert.deepEqual([result.failure?.code, result.failure?.phase], [code, 'tls']);
    assert.match(result.failure?.message ?? '', message);
    assert.equal(result.detail.certificate?.problem, code);
    assert.equal(result.facts.CONNECTED, true);
    assert.equal(typeof result.facts.CERTIFICATE_EXPIRATION, 'number');
    const unverified = await run(at(port), { verify: false });
    assert.equal(unverified.failure, null);
    assert.equal(unverified.detail.certificate?.problem, code);
    assert.equal(unverified.detail.status, 200);
  });
}

test('an authority that is not known here is a failure, and a chain is counted', { skip }, async () => {
  const strange = await scene!.strange(at(ports.good));
  assert.equal(strange.failure?.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  const whole = await run(at(ports.chain));
  assert.equal(whole.failure, null);
  assert.ok((whole.detail.certificate?.chain ?? 0) >= 2);
});

test('a server that wants a certificate answers so', { skip }, async () => {
  const { failure } = await run(at(ports.client));
  assert.deepEqual([failure?.code, failure?.message], ['UNEXPECTED_REPLY', 'answered 400 Bad Request']);
});

test('TLS with what speaks none, and the other way round', { skip }, async () => {
  const tls = await run(at(ports.plain));
  assert.deepEqual(
    [tls.failure?.code, tls.failure?.message, tls.failure?.phase],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'localhost: the other end does not speak TLS', 'tls'],
  );
  const plain = await run(`http://localhost:${ports.good}/ok`);
  assert.deepEqual([plain.failure?.code, plain.detail.status], ['UNEXPECTED_REPLY', 400]);
});

test('redirects between HTTP and HTTPS add up, and each hop has its own connection', { skip }, async () => {
  const up = await run(`http://localhost:${ports.plain}/upgrade`);
  assert.equal(up.failure, null);
  assert.equal(up.facts.URL, at(ports.good));
  assert.ok((up.phases.tls_ms ?? 0) > 0);
  const down = await run(at(ports.good, '/away'));
  assert.equal(down.failure, null);
  assert.deepEqual([down.detail.redirects?.[0]?.status, down.detail.certificate], [302, undefined]);
});

test('HTTP/2 without a page is told as HTTP/1.1 is', { skip }, async () => {
  const { failure } = await run(at(ports.good, '/missing'));
  assert.deepEqual([failure?.code, failure?.message], ['UNEXPECTED_REPLY', 'answered 404 Not Found']);
});

test('a proxy leads through to TLS', { skip }, async () => {
  const asked: string[] = [];
  const server = createServer().listen(0, '127.0.0.1');
  server.on('connect', (request, socket: Socket) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
    const far = connect(ports.good, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(far).pipe(socket);
    });
    far.on('error', () => {});
    socket.on('error', () => {});
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const result = await run(at(ports.good), { proxy: `http://u:p@127.0.0.1:${port}` });
  server.close();
  assert.equal(result.failure, null);
  assert.deepEqual(asked, [`localhost:${ports.good} Basic ${btoa('u:p')}`]);
  assert.deepEqual([result.address, result.detail.http_version], [`127.0.0.1:${port}`, '2']);
});
