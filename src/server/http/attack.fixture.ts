import { request as httpRequest } from 'node:http';
import { WebSocketServer } from 'ws';
import { type RunningServer, sendRaw, startServer } from '../server.fixture.ts';
import type { UpgradeRoute } from '../upgrade.ts';

/** A connection that a server takes. */
export const body = JSON.stringify({
  timestamp: '2024-03-16T12:00:00Z',
  local_addr: '127.0.0.1:8080',
  remote_addr: '192.168.1.1:12345',
});
export const json = { 'content-type': 'application/json' };
export const token = 'a-token-of-enough-length-0123456789';

/** A server that needs no token and goes by one more name. */
export function startOpen(): Promise<RunningServer> {
  return startServer({ allowedHosts: ['monitor.example'] }, makeGreeters());
}

/** A server that needs the token. */
export function startClosed(): Promise<RunningServer> {
  return startServer({ token }, makeGreeters());
}

/** WebSocket routes that greet whoever gets in. */
function makeGreeters(): UpgradeRoute[] {
  const server = new WebSocketServer({ noServer: true });
  const handle: UpgradeRoute['handle'] = (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (webSocket) => webSocket.send('hello'));
  return [
    { path: '/ws', audience: 'viewer', handle },
    { path: '/api/agent/link', audience: 'agent', handle },
  ];
}

/** One request with headers that fetch would not send; the whole answer as text. */
export function raw(
  { port }: RunningServer,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  content = '',
): Promise<string> {
  const all = {
    Host: `127.0.0.1:${port}`,
    Connection: 'close',
    ...(content && { 'Content-Length': String(Buffer.byteLength(content)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return sendRaw(port, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${content}`);
}

/** The whole answer to an upgrade that is refused. */
export function upgrade(
  running: RunningServer,
  path: string,
  headers: Record<string, string>,
): Promise<string> {
  return raw(running, 'GET', path, { ...handshake, ...headers });
}

const handshake = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** The head of the answer to an upgrade that is let in; the socket is ended then. */
export async function openSocket(
  { port }: RunningServer,
  path: string,
  headers: Record<string, string>,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    path,
    headers: { ...handshake, ...headers },
  });
  request.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve(`HTTP/1.1 ${response.statusCode} `);
  });
  request.on('response', (response) => resolve(`HTTP/1.1 ${response.statusCode} refused`));
  request.on('error', reject);
  request.end();
  return promise;
}
