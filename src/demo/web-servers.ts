import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import type { Certificate } from './certificate.ts';
import { findPages, type Page, pickByWeight } from './sites.ts';

/** Where all of the demonstration happens. */
export const loopback = '127.0.0.1';

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** A connection behind TLS is closed after so long without a request, so that there are many hellos to be seen. */
const secureIdleMs = 300;
/** Answer for what no site has. */
const missing: Page = {
  method: 'GET',
  path: '',
  status: 404,
  latencyMs: 1,
  bytes: 200,
  type: 'text/plain',
  weight: 1,
};
/** One answer in so many takes up to so many times as long as the page says. */
const slow = { oneIn: 12, times: 6 };
/** A large body goes in pieces with pauses, so that its rate can be watched: 1.3 MB/s. */
const piece = Buffer.alloc(65_536, 'netmon demo ');
const pieceMs = 50;

/** A web server for all sites. */
export function startPlainServer(): Promise<Listening> {
  return listen(createServer(answer));
}

/** The same behind TLS 1.2 and 1.3. */
export function startSecureServer({ cert, key }: Certificate): Promise<Listening> {
  const server = createSecureServer({ cert, key, minVersion: 'TLSv1.2' }, (request, response) => {
    // Without the hint of how long it is kept, the visitor leaves it to the server to close the connection. Where the
    // visitor closes first, the server's farewell meets a closed socket, which is a failure (EPIPE) each time.
    response.setHeader('connection', 'keep-alive');
    answer(request, response);
  });
  const listening = listen(server);
  server.keepAliveTimeout = secureIdleMs;
  return listening;
}

/** A server that resets each connection as soon as it has got something. */
export async function startResettingServer(): Promise<Listening> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.resetAndDestroy());
  });
  server.listen(0, loopback);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A port where nobody listens: one that was free a moment ago. */
export async function findClosedPort(): Promise<number> {
  const server = createTcpServer();
  server.listen(0, loopback);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listen(server: Server): Promise<Listening> {
  server.keepAliveTimeout = 30_000;
  server.on('clientError', (_, socket) => socket.destroy());
  server.listen(0, loopback);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const pages = findPages(request.headers.host ?? '', request.method ?? '', request.url ?? '');
  const page = pages.length === 0 ? missing : pickByWeight(pages, Math.random());
  const factor = Math.random() < 1 / slow.oneIn ? 1 + Math.random() * slow.times : 1 + Math.random() / 4;
  response.on('error', () => response.destroy());
  request.resume();
  request.once('end', () => {
    const timer = setTimeout(() => send(request, response, page), page.latencyMs * factor);
    response.once('close', () => clearTimeout(timer));
  });
}

function send(request: IncomingMessage, response: ServerResponse, { status, bytes, type }: Page): void {
  const redirects = status === 301 || status === 302;
  response.writeHead(status, {
    ...(status !== 204 && status !== 304 && { 'content-type': type, 'content-length': bytes }),
    ...(redirects && { location: '/welcome' }),
  });
  if (request.method === 'HEAD' || bytes === 0) {
    response.end();
    return;
  }
  let left = bytes;
  const sendPiece = (): void => {
    if (response.destroyed) return;
    const next = Math.min(left, piece.length);
    left -= next;
    if (left === 0) response.end(piece.subarray(0, next));
    else response.write(piece.subarray(0, next), () => setTimeout(sendPiece, pieceMs));
  };
  sendPiece();
}
