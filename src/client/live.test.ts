import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws';
import { backoffMs } from '../base/backoff.ts';
import { connect, type LiveClient } from './live.ts';

const frame = {
  kind: 'frame',
  timestamp: '2026-01-01T00:00:00.000Z',
  stats: {},
  agents: 1,
  updates: [],
};

describe('LiveClient', () => {
  const open: Array<{ close(): void }> = [];
  afterEach(() => {
    for (const thing of open.splice(0)) thing.close();
  });

  async function serve(port = 0): Promise<{ server: WebSocketServer; url: string; port: number }> {
    const server = new WebSocketServer({ port, host: '127.0.0.1' });
    await once(server, 'listening');
    open.push({ close: () => closeServer(server) });
    const bound = (server.address() as AddressInfo).port;
    return { server, url: `http://127.0.0.1:${bound}`, port: bound };
  }

  function closeServer(server: WebSocketServer): void {
    for (const socket of server.clients) socket.terminate();
    server.close();
  }

  async function nextMessages(socket: ServerSocket, count: number): Promise<unknown[]> {
    const messages: unknown[] = [];
    for await (const [data] of eventsOf(socket)) {
      messages.push(JSON.parse(String(data)));
      if (messages.length === count) break;
    }
    return messages;
  }
  async function* eventsOf(socket: ServerSocket): AsyncGenerator<unknown[]> {
    for (;;) yield await once(socket, 'message');
  }

  it('subscribes at /ws?mode=delta, hands over frames and knows their age', async () => {
    const { server, url } = await serve();
    const accepted = once(server, 'connection');
    const { promise, resolve } = Promise.withResolvers<void>();
    const client: LiveClient = connect({ url, onFrame: () => resolve() });
    open.push(client);
    client.subscribe({ kind: 'subscribe', id: 'all', topic: 'connections', sort: '-speed' });
    assert.equal(client.ageMs(), null);
    const [socket, request] = (await accepted) as [ServerSocket, { url: string }];
    assert.equal(request.url, '/ws?mode=delta');
    assert.deepEqual(await nextMessages(socket, 1), [
      { kind: 'subscribe', id: 'all', topic: 'connections', sort: '-speed' },
    ]);
    socket.send('not json');
    socket.send(JSON.stringify(frame));
    await promise;
    assert.equal(client.status, 'open');
    assert.ok(client.ageMs()! < 1000);
  });

  it('comes back by itself after the server went away, and takes its subscriptions up again', async () => {
    const first = await serve();
    const accepted = once(first.server, 'connection');
    const client = connect({ url: first.url });
    open.push(client);
    client.subscribe({ kind: 'subscribe', id: 'gone', topic: 'processes' });
    client.subscribe({ kind: 'subscribe', id: 'kept', topic: 'errors' });
    client.unsubscribe('gone');
    await accepted;
    closeServer(first.server);
    await once(first.server, 'close');
    const second = await serve(first.port);
    const [socket] = (await once(second.server, 'connection')) as [ServerSocket];
    assert.deepEqual(await nextMessages(socket, 1), [{ kind: 'subscribe', id: 'kept', topic: 'errors' }]);
  });

  it('tells problems apart from frames', async () => {
    const { server, url } = await serve();
    server.on('connection', (socket) =>
      socket.send(JSON.stringify({ kind: 'problem', code: 'NM_BAD_FILTER', message: 'no', id: 'x' })),
    );
    const problem = await new Promise((resolve) => open.push(connect({ url, onProblem: resolve })));
    assert.deepEqual(problem, { kind: 'problem', code: 'NM_BAD_FILTER', message: 'no', id: 'x' });
  });

  it('waits longer after each failure, at most 10 s, and never in step with others', () => {
    assert.equal(backoffMs(0, 0), 125);
    assert.equal(backoffMs(0, 0.999), 250);
    assert.equal(backoffMs(3, 0), 1000);
    assert.equal(backoffMs(100, 0.9999), 10_000);
  });
});
