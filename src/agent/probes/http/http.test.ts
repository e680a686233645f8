import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { until } from '../../../../test/support/until.ts';
import { probeNetworksValue } from '../../../platform/probe-networks.ts';
import { checkAssertion, parseAssertion } from '../../../rules/assertions/assertions.ts';
import { type ProbeOf, probeSchema } from '../../../wire/probe.ts';
import { makeAddressPolicy } from '../address-policy.ts';
import { Names } from '../names/names.ts';
import type { ProbeContext, ProbeRun } from '../probe.ts';
import { names, runProbe } from '../probes.fixture.ts';
import { makeTrust } from '../tls.ts';
import { makeHttpProbe } from './http.ts';

const http = makeHttpProbe(names, makeTrust([]));
type Probe = Omit<Partial<ProbeOf<'http'>>, 'kind'>;
const run = (url: string, probe: Probe = {}, options: Partial<ProbeContext> = {}): Promise<ProbeRun> =>
  runProbe(http, { url, ...probe }, options);

interface Started extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

async function listen(server: Server): Promise<Started> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

const serve = (listener: RequestListener): Promise<Started> => listen(createHttpServer(listener));
/** A server that says this to whatever it is asked, and then does that. */
const say = (
  text: string | Buffer,
  then: (socket: Socket) => void = (socket) => socket.end(),
): Promise<Started> =>
  listen(createServer((socket) => socket.once('data', () => socket.write(text, () => then(socket)))));

test('an answer has its phases, status, size and fields', async () => {
  await using server = await serve((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.setHeader('x-two', ['a', 'b']);
    response.end(JSON.stringify({ status: 'up', agent: request.headers['user-agent'] }));
  });
  const result = await run(`${server.url}/health`, {}, { wanted: new Set(['BODY', 'BODY_JSON', 'HEADER']) });
  assert.equal(result.failure, null);
  assert.equal(result.address, `127.0.0.1:${server.port}`);
  assert.deepEqual(result.detail, { status: 200, http_version: '1.1', bytes: 32 });
  const { resolve_ms, tls_ms, ...times } = result.phases;
  assert.deepEqual([resolve_ms, tls_ms], [null, null]);
  const sum = Object.values(times).reduce<number>((total, ms) => total + (ms ?? Number.NaN), 0);
  assert.ok(Math.abs(sum - (result.responseMs ?? 0)) < 0.001, `${sum}, not ${result.responseMs}`);
  const holds = (text: string): string | null => checkAssertion(parseAssertion(text, 'http'), result.facts);
  for (const text of [
    '[STATUS] == 200',
    '[BODY].status == up',
    '[BODY].agent == netmon',
    '[BODY] == pat(*"up"*)',
    '[BODY_SIZE] == 32',
    '[HEADER].X-Two == "a, b"',
    '[HEADER].content-type == application/json',
    '[IP] == 127.0.0.1',
    '[CONNECTED] == true',
    '[HTTP_VERSION] == 1.1',
    '[REDIRECTS] == 0',
    '[CONNECT_TIME] < 2s',
    '[PROCESSING_TIME] < 2s',
    `[URL] == "${server.url}/health"`,
  ])
    assert.equal(holds(text), null);
});

test('a body is not kept where nobody wants it', async () => {
  await using server = await serve((_, response) => response.end('text'));
  const result = await run(server.url);
  assert.equal(Object.hasOwn(result.facts, 'BODY'), false);
  assert.equal(result.facts.BODY_SIZE, 4);
});

test("method, fields and body are sent; those that frame the message are not the user's", async () => {
  await using server = await serve((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () =>
      response.end(
        JSON.stringify({
          ...request.headers,
          method: request.method,
          body: Buffer.concat(pieces).toString(),
        }),
      ),
    );
  });
  const result = await run(
    server.url.replace('//', '//me:p%40ss@'),
    {
      method: 'PUT',
      body: 'häns',
      headers: { 'X-Own': 'ü', Host: 'other.test', 'Content-Length': '99', 'Transfer-Encoding': 'chunked' },
    },
    { wanted: new Set(['BODY_JSON']) },
  );
  const got = result.facts.BODY_JSON as Record<string, string>;
  assert.equal(got.method, 'PUT');
  assert.equal(got.body, 'häns');
  assert.equal(got['content-length'], '5');
  assert.equal(got['transfer-encoding'], undefined);
  assert.equal(got.host, 'other.test');
  assert.equal(Buffer.from(got['x-own'], 'latin1').toString(), 'ü');
  assert.equal(got.authorization, `Basic ${btoa('me:p@ss')}`);
  assert.equal(got.connection, 'close');
});

test('a status that no assertion asks for must be one of success', async () => {
  await using server = await serve((_, response) => response.writeHead(503).end('sorry'));
  const result = await run(server.url);
  assert.deepEqual(result.failure, {
    code: 'UNEXPECTED_REPLY',
    message: 'answered 503 Service Unavailable',
    phase: 'processing',
  });
  assert.equal(result.detail.status, 503);
  assert.ok(result.responseMs !== null);
  const wanted = await run(server.url, {}, { wanted: new Set(['STATUS']) });
  assert.equal(wanted.failure, null);
  assert.equal(wanted.facts.STATUS, 503);
});

const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
for (const [coding, encode] of [
  ['gzip', gzipSync],
  ['br', (body: string | Buffer) => brotliCompressSync(body, quick)],
] as const) {
  test(`a body in ${coding} is decoded, and one that grows past its bound is not`, async () => {
    await using server = await serve((request, response) => {
      response.setHeader('content-encoding', coding);
      response.end(encode(request.url === '/bomb' ? Buffer.alloc(20_000_000) : '{"a": 1}'));
    });
    const wanted = new Set(['BODY_JSON']);
    assert.deepEqual((await run(server.url, {}, { wanted })).facts.BODY_JSON, { a: 1 });
    const bomb = await run(`${server.url}/bomb`, {}, { wanted });
    assert.deepEqual(bomb.failure, {
      code: 'TOO_LARGE',
      message: 'the body is larger than 1 MiB',
      phase: 'transfer',
    });
  });
}

test('a body that is not in the coding that it claims is a failure where it is wanted', async () => {
  await using server = await serve((_, response) => {
    response.setHeader('content-encoding', 'gzip');
    response.end('plain');
  });
  const { failure } = await run(server.url, {}, { wanted: new Set(['BODY']) });
  assert.deepEqual(failure, {
    code: 'PROTOCOL',
    message: 'the body is not gzip, as its head says',
    phase: 'transfer',
  });
});

test('JSON of any depth is walked into or not, and never ends the process', async () => {
  const depth = 400_000;
  await using server = await serve((_, response) => response.end('['.repeat(depth) + ']'.repeat(depth)));
  const { facts, failure } = await run(server.url, {}, { wanted: new Set(['BODY_JSON']) });
  assert.equal(failure, null);
  for (const text of ['[BODY][0][0] == x', 'len([BODY]) == 2', '[BODY] == y'])
    assert.match(checkAssertion(parseAssertion(text), facts) ?? '', /: (?:it is|the body is not JSON)/);
});

test('text is read in the charset of its type', async () => {
  await using server = await serve((_, response) => {
    response.setHeader('content-type', 'text/plain; charset=iso-8859-1');
    response.end(Buffer.from([0x67, 0x72, 0xfc, 0x6e]));
  });
  assert.equal((await run(server.url, {}, { wanted: new Set(['BODY']) })).facts.BODY, 'grün');
});

const failures: readonly (readonly [string, () => Promise<Started>, RegExp, RegExp, string])[] = [
  [
    'a reset without an answer',
    () => listen(createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))),
    /^ECONNRESET$/,
    /^URL\/: the connection was closed without an answer$/,
    'processing',
  ],
  [
    'an end without an answer',
    () => listen(createServer((socket) => socket.once('data', () => socket.end()))),
    /^ECONNRESET$/,
    /^URL\/: the connection was closed without an answer$/,
    'processing',
  ],
  [
    'a body that is cut short',
    () => say('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello'),
    /^ECONNRESET$/,
    /^URL\/: the connection was closed before the answer was whole, after 5 bytes of its body$/,
    'transfer',
  ],
  [
    'a reset inside the body',
    () =>
      say('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello', (socket) =>
        setImmediate(() => socket.resetAndDestroy()),
      ),
    /^ECONNRESET$/,
    /^URL\/: the connection was closed (?:before the answer was whole|without an answer)/,
    '',
  ],
  [
    'what is no HTTP',
    () => say('220 mail.test ESMTP\r\n'),
    /^PROTOCOL$/,
    /^URL\/: the answer is not HTTP\/1 \(HPE_INVALID_CONSTANT\)$/,
    'processing',
  ],
  [
    'two lengths that differ',
    () => say('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'),
    /^PROTOCOL$/,
    /^URL\/: the answer is not HTTP\/1 \(HPE_UNEXPECTED_CONTENT_LENGTH\)$/,
    'processing',
  ],
  [
    'a chunk whose size is none',
    () => say('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'),
    /^PROTOCOL$/,
    /^URL\/: the answer is not HTTP\/1 \(HPE_INVALID_CHUNK_SIZE\)$/,
    'transfer',
  ],
  [
    'fields without an end',
    () => say(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`),
    /^TOO_LARGE$/,
    /^URL\/: the head of the answer is larger than 64 KiB$/,
    'processing',
  ],
  [
    'a body without an end',
    () =>
      serve((_, response) => {
        const piece = Buffer.alloc(65_536);
        const more = (): void => {
          while (!response.destroyed && response.write(piece));
        };
        response.on('drain', more).on('error', () => {});
        more();
      }),
    /^TOO_LARGE$/,
    /^URL\/: the body is larger than 1 MiB$/,
    'transfer',
  ],
  [
    'another protocol',
    () => say('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
    /^PROTOCOL$/,
    /^URL\/: the server switched protocols$/,
    'processing',
  ],
];

for (const [name, start, code, message, phase] of failures) {
  test(`${name} is a failure of that reason`, async () => {
    await using server = await start();
    const { failure, responseMs } = await run(server.url);
    assert.match(failure?.code ?? '', code);
    assert.match(failure?.message.replace(server.url, 'URL') ?? '', message);
    if (phase !== '') assert.equal(failure?.phase, phase);
    assert.equal(responseMs, null);
  });
}

test('a refused connection says so', async () => {
  const server = await say('');
  await server[Symbol.asyncDispose]();
  const { failure, address, facts } = await run(server.url);
  const message = `127.0.0.1:${server.port}: connection refused`;
  assert.deepEqual(failure, { code: 'ECONNREFUSED', message, phase: 'connect' });
  assert.equal(address, `127.0.0.1:${server.port}`);
  assert.equal(facts.CONNECTED, false);
});

test('a name that cannot exist fails to resolve', async () => {
  const name = `${'a'.repeat(64)}.invalid`;
  const { failure, address } = await run(`http://${name}/`);
  const message = `${name}: it is no name of the DNS`;
  assert.deepEqual(failure, { code: 'ENOTFOUND', message, phase: 'resolve' });
  assert.equal(address, null);
});

test('time that is over names the part that took it', async () => {
  await using silent = await listen(createServer(() => {}));
  const none = await run(silent.url, {}, { timeoutMs: 100 });
  assert.deepEqual(none.failure, {
    code: 'TIMEOUT',
    message: `${silent.url}/: no answer within 100 ms`,
    phase: 'processing',
  });
  await using slow = await serve((_, response) => void response.write('x'));
  const cut = await run(slow.url, {}, { timeoutMs: 100 });
  assert.deepEqual(cut.failure, {
    code: 'TIMEOUT',
    message: `${slow.url}/: the answer was not whole within 100 ms, after 1 bytes of its body`,
    phase: 'transfer',
  });
  const tls = await run(silent.url.replace('http:', 'https:'), {}, { timeoutMs: 100 });
  assert.deepEqual(tls.failure, {
    code: 'TIMEOUT',
    message: '127.0.0.1: no TLS handshake within 100 ms',
    phase: 'tls',
  });
});

test('redirects are followed and each is timed; its credentials and query are not shown', async () => {
  await using server = await serve((request, response) => {
    if (request.url === '/start?token=abc') response.writeHead(302, { location: '/next?key=1' }).end();
    else if (request.url === '/next?key=1')
      response.writeHead(308, { location: `${server.url}/end#part` }).end();
    else response.end(request.url);
  });
  const result = await run(`${server.url}/start?token=abc`, {}, { wanted: new Set(['BODY']) });
  assert.equal(result.failure, null);
  assert.equal(result.facts.BODY, '/end');
  assert.equal(result.facts.REDIRECTS, 2);
  assert.deepEqual(
    result.detail.redirects?.map(({ url, status }) => [url.replace(server.url, ''), status]),
    [
      ['/start?***', 302],
      ['/next?***', 308],
    ],
  );
  assert.ok(result.detail.redirects?.every((hop) => hop.duration_ms > 0));
});

test('redirects end at their limit, and without any the redirect is the answer', async () => {
  await using server = await serve((request, response) =>
    response.writeHead(302, { location: `${request.url}a` }).end(),
  );
  const result = await run(`${server.url}/`, { redirects: 3 });
  assert.deepEqual(result.failure, {
    code: 'TOO_MANY_REDIRECTS',
    message: `more than 3 redirects, the last to ${server.url}/aaaa`,
    phase: 'processing',
  });
  assert.equal(result.detail.redirects?.length, 3);
  const unfollowed = await run(`${server.url}/`, { redirects: 0 });
  assert.equal(unfollowed.failure, null);
  assert.equal(unfollowed.facts.STATUS, 302);
});

for (const location of [
  'file:///etc/passwd',
  'gopher://127.0.0.1/',
  'data:text/plain,x',
  'ftp://127.0.0.1/',
]) {
  test(`a redirect to ${location} is not followed`, async () => {
    await using server = await serve((_, response) => response.writeHead(302, { location }).end());
    const { failure } = await run(server.url);
    assert.deepEqual(failure, {
      code: 'PROTOCOL',
      message: `${server.url}/ redirects to ${location.split(':')[0]}:, which is not followed`,
      phase: 'processing',
    });
  });
}

test('a URL of another scheme is not taken from anybody', () => {
  for (const url of [
    'file:///etc/passwd',
    'gopher://a.test/',
    'data:text/plain,x',
    'ftp://a.test/',
    'unix:/run/x.sock',
    '/etc/passwd',
  ])
    assert.equal(probeSchema.safeParse({ kind: 'http', url }).success, false, url);
});

test('another origin gets no credentials, the same one does', async () => {
  const seen: Record<string, unknown>[] = [];
  await using other = await serve((request, response) => {
    seen.push({ ...request.headers, method: request.method });
    response.end();
  });
  await using server = await serve((request, response) => {
    seen.push({ ...request.headers, method: request.method });
    response
      .writeHead(302, { location: request.url === '/' ? '/again' : other.url.replace('//', '//evil:x@') })
      .end();
  });
  const headers = {
    Authorization: 'Bearer secret',
    Cookie: 'a=b',
    'X-Api-Key': 'k',
    'X-Plain': 'a',
    'Accept-Language': 'de',
    Host: 'my.test',
  };
  const result = await run(server.url, { headers, method: 'POST', body: 'x' });
  assert.equal(result.failure, null);
  const [first, second, third] = seen;
  assert.deepEqual([first.authorization, first.cookie, first['x-api-key']], ['Bearer secret', 'a=b', 'k']);
  assert.deepEqual([second.authorization, second.host, second.method], ['Bearer secret', 'my.test', 'GET']);
  assert.deepEqual(
    [third.authorization, third.cookie, third['x-api-key']],
    [undefined, undefined, undefined],
  );
  assert.deepEqual(
    [third['x-plain'], third['accept-language'], third.host],
    [undefined, 'de', other.url.replace('http://', '')],
  );
});

test('neither the credentials of a URL nor its query are in a message', async () => {
  const server = await say('');
  await server[Symbol.asyncDispose]();
  await using silent = await listen(createServer((socket) => socket.once('data', () => socket.end())));
  for (const base of [server.url, silent.url]) {
    const { failure, detail } = await run(`${base.replace('//', '//user:hunter2@')}/?token=hunter2`);
    assert.doesNotMatch(JSON.stringify({ failure, detail }), /hunter2|user/);
  }
});

const byDefault = makeAddressPolicy(probeNetworksValue.parse('public,private') ?? []);
for (const host of [
  '127.0.0.1',
  'localhost',
  '[::1]',
  '0x7f.1',
  '127.1',
  '2130706433',
  '[::ffff:127.0.0.1]',
  '0.0.0.0',
  '⑯⑨.254.169.254',
  '169.254.169.254',
  '2852039166',
  '[::ffff:169.254.169.254]',
  '１２７.0.0.1',
]) {
  test(`http://${host} is refused by the address that it stands for, and nothing is connected`, async () => {
    const { failure, facts } = await run(`http://${host}:1/`, {}, { policy: byDefault });
    assert.equal(failure?.code, 'FORBIDDEN_ADDRESS');
    assert.equal(failure?.phase, 'agent');
    assert.match(
      failure?.message ?? '',
      /^\S+: it is a (?:loopback|link-local|special) address.*, which is not probed without \S+ in --probe-networks$/,
    );
    assert.equal(facts.CONNECTED, false);
  });
}

test('a redirect to a forbidden address is refused before it is connected to', async () => {
  let asked = 0;
  await using inner = await serve((_, response) => {
    asked++;
    response.end('secret');
  });
  await using server = await serve((_, response) =>
    response.writeHead(302, { location: inner.url.replace('127.0.0.1', '127.0.0.2') }).end(),
  );
  const policy = makeAddressPolicy(probeNetworksValue.parse('127.0.0.1') ?? []);
  const { failure } = await run(server.url, {}, { policy });
  assert.equal(failure?.code, 'FORBIDDEN_ADDRESS');
  assert.equal(asked, 0);
});

test('through a proxy the whole URL is asked for, with credentials for the proxy alone', async () => {
  await using proxy = await serve((request, response) =>
    response.end(JSON.stringify({ url: request.url, ...request.headers })),
  );
  const result = await run(
    'http://user:pass@site.test/a?b=c',
    { proxy: proxy.url.replace('//', '//p:q@') },
    { wanted: new Set(['BODY_JSON']) },
  );
  const got = result.facts.BODY_JSON as Record<string, string>;
  assert.equal(got.url, 'http://site.test/a?b=c');
  assert.equal(got.host, 'site.test');
  assert.equal(got['proxy-authorization'], `Basic ${btoa('p:q')}`);
  assert.equal(got.authorization, `Basic ${btoa('user:pass')}`);
  assert.equal(result.address, `127.0.0.1:${proxy.port}`);
});

test('an address that is forbidden is so behind a proxy as well', async () => {
  await using proxy = await serve((_, response) => response.end());
  const policy = makeAddressPolicy(probeNetworksValue.parse('127.0.0.1') ?? []);
  const { failure } = await run('http://169.254.169.254/', { proxy: proxy.url }, { policy });
  assert.equal(failure?.code, 'FORBIDDEN_ADDRESS');
});

test('a name whose address here is forbidden is so behind a proxy as well, one that is not known here is not', async () => {
  let asked = 0;
  await using proxy = await serve((_, response) => {
    asked++;
    response.end();
  });
  const folder = mkdtempSync(join(tmpdir(), 'netmon-proxied-'));
  const paths = {
    hosts: join(folder, 'hosts'),
    resolvConf: join(folder, 'none'),
    nsswitch: join(folder, 'none'),
  };
  writeFileSync(paths.hosts, '127.0.0.1 fine.test two.test\n169.254.169.254 two.test metadata.test\n');
  const proxied = makeHttpProbe(new Names(paths), makeTrust([]));
  const policy = makeAddressPolicy(probeNetworksValue.parse('127.0.0.1') ?? []);
  const visit = async (name: string): Promise<string | undefined> => {
    const probe = { url: `http://${name}/`, proxy: proxy.url };
    const { failure } = await runProbe(proxied, probe, { policy, timeoutMs: 60_000 });
    return failure?.message;
  };
  const refused =
    '169.254.169.254: it is a link-local address, which is not probed without link-local in --probe-networks';
  assert.deepEqual([await visit('metadata.test'), await visit('two.test')], [refused, refused]);
  assert.equal(asked, 0);
  assert.deepEqual([await visit('fine.test'), await visit('unknown.invalid')], [undefined, undefined]);
  assert.equal(asked, 2);
  rmSync(folder, { recursive: true });
});

test('a proxy that refuses a tunnel says so', async () => {
  await using proxy = await say('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  const { failure } = await run('https://site.test/', { proxy: proxy.url });
  assert.deepEqual(failure, {
    code: 'UNEXPECTED_REPLY',
    message: 'the proxy 127.0.0.1 answered 407 Proxy Authentication Required',
    phase: 'connect',
  });
  await using closing = await say('');
  const closed = await run('https://site.test/', { proxy: closing.url });
  assert.deepEqual(closed.failure, {
    code: 'ECONNRESET',
    message: 'the proxy 127.0.0.1 closed the connection',
    phase: 'connect',
  });
});

test('CONNECT is not a method to probe with', async () => {
  assert.equal((await run('http://127.0.0.1/', { method: 'CONNECT' })).failure?.phase, 'agent');
});

test('HEAD has a length and no body', async () => {
  await using server = await serve((_, response) => response.setHeader('content-length', '99999999').end());
  const result = await run(server.url, { method: 'HEAD' });
  assert.equal(result.failure, null);
  assert.equal(result.detail.bytes, 0);
});

test('nothing stays open, however a probe ended', async () => {
  const sockets = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  await using silent = await listen(createServer(() => {}));
  await using closing = await say('');
  const probes = Array.from({ length: 40 }, (_, i) =>
    run(
      (i % 2 ? silent.url : closing.url).replace('http:', i % 3 ? 'http:' : 'https:'),
      {},
      { timeoutMs: 100 },
    ),
  );
  assert.ok((await Promise.all(probes)).every(({ failure }) => failure !== null));
  await silent[Symbol.asyncDispose]();
  await closing[Symbol.asyncDispose]();
  await until('no sockets', () => sockets() === 0 || undefined);
});
