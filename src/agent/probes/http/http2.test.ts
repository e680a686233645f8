import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import type { ProbeOf } from '../../../wire/probe.ts';
import type { ProbeContext, ProbeRun } from '../probe.ts';
import { names, runProbe } from '../probes.fixture.ts';
import { makeTrust } from '../tls.ts';
import { makeHttpProbe } from './http.ts';

const http = makeHttpProbe(names, makeTrust([]));

interface Started extends AsyncDisposable {
  readonly url: string;
}

async function listen(server: Server | Http2Server): Promise<Started> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** HTTP/2 without TLS, known before. */
function serve(answer: (stream: ServerHttp2Stream, path: string) => void): Promise<Started> {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    answer(stream, `${headers[':method']} ${headers[':path']} ${headers[':authority']}`);
  });
  server.on('sessionError', () => {});
  return listen(server);
}

const run = (
  url: string,
  probe: Omit<Partial<ProbeOf<'http'>>, 'kind'> = {},
  options: Partial<ProbeContext> = {},
): Promise<ProbeRun> => runProbe(http, { url, version: '2', ...probe }, options);
const endless = (stream: ServerHttp2Stream): void => {
  stream.respond({ ':status': 200 });
  const piece = Buffer.alloc(65_536);
  const more = (): void => {
    while (!stream.destroyed && stream.write(piece));
  };
  stream.on('drain', more);
  more();
};

test('a request of HTTP/2 has its method, body and fields, and the answer its own', async () => {
  await using server = await serve((stream, asked) => {
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('end', () => {
      stream.respond({ ':status': 201, 'set-cookie': ['a=1', 'b=2'], 'x-asked': asked });
      stream.end(Buffer.concat(pieces));
    });
  });
  const probe = {
    method: 'POST',
    body: 'hello',
    headers: { Host: 'my.test', Connection: 'upgrade', TE: 'x' },
  };
  const result = await run(`${server.url}/a?b=c`, probe, { wanted: new Set(['BODY', 'HEADER']) });
  assert.equal(result.failure, null);
  assert.deepEqual(result.detail, { status: 201, http_version: '2', bytes: 5 });
  assert.equal(result.facts.BODY, 'hello');
  const headers = result.facts.HEADER as Record<string, string>;
  assert.deepEqual([headers['set-cookie'], headers['x-asked']], ['a=1, b=2', 'POST /a?b=c my.test']);
  assert.ok((result.phases.processing_ms ?? -1) >= 0 && (result.phases.transfer_ms ?? -1) >= 0);
});

const failures: readonly (readonly [string, () => Promise<Started>, string, RegExp, string])[] = [
  [
    'a stream that is reset before its answer',
    () => serve((stream) => stream.close(2)),
    'PROTOCOL',
    /^URL\/: HTTP\/2 ended with (?:RST_STREAM INTERNAL_ERROR|ERR_HTTP2_STREAM_ERROR)$/,
    'processing',
  ],
  [
    'a body without an end',
    () => serve(endless),
    'TOO_LARGE',
    /^URL\/: the body is larger than 1 MiB$/,
    'transfer',
  ],
  [
    'what is no HTTP/2',
    () => listen(createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
    'PROTOCOL',
    /^URL\/: HTTP\/2 ended with \w+$/,
    'processing',
  ],
  [
    'an end without an answer',
    () => listen(createTcpServer((socket) => socket.once('data', () => socket.end()))),
    'ECONNRESET',
    /^URL\/: the connection was closed without an answer$/,
    'processing',
  ],
  [
    'a reset',
    () => listen(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()))),
    'ECONNRESET',
    /^URL\/: the connection was closed without an answer$/,
    'processing',
  ],
];

for (const [name, start, code, message, phase] of failures) {
  test(`over HTTP/2, ${name} is a failure of that reason`, async () => {
    await using server = await start();
    const { failure } = await run(server.url);
    assert.deepEqual([failure?.code, failure?.phase], [code, phase], failure?.message);
    assert.match(failure?.message.replace(server.url, 'URL') ?? '', message);
  });
}

test('time that is over names the part that took it, over HTTP/2 too', async () => {
  await using silent = await serve(() => {});
  const none = await run(silent.url, {}, { timeoutMs: 100 });
  assert.deepEqual([none.failure?.code, none.failure?.phase], ['TIMEOUT', 'processing']);
  await using slow = await serve((stream) => {
    stream.respond({ ':status': 200 });
    stream.write('x');
  });
  const cut = await run(slow.url, {}, { timeoutMs: 150 });
  assert.equal(
    cut.failure?.message,
    `${slow.url}/: the answer was not whole within 150 ms, after 1 bytes of its body`,
  );
});
