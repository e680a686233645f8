import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { readStatus, sendRaw, startServer } from '../server.fixture.ts';

describe('a client that holds on', () => {
  it('is cut off when its headers or its body come too slowly (slowloris)', async () => {
    await using slow = await startServer({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } });
    const headers = sendRaw(slow.port, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ');
    const content = sendRaw(
      slow.port,
      'POST /api/connections HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    assert.equal(readStatus(await headers), 408);
    assert.equal(readStatus(await content), 408);
  });

  it('keeps others out no longer than its connections last', async () => {
    await using small = await startServer({
      limits: { connections: 20, headersTimeoutMs: 300, requestTimeoutMs: 300 },
    });
    const idle = await Promise.all(Array.from({ length: 20 }, () => openIdle(small.port)));
    await assert.rejects(fetch(`${small.url}/health`));
    await Promise.all(idle.filter((socket) => !socket.closed).map((socket) => once(socket, 'close')));
    assert.equal((await fetch(`${small.url}/health`)).status, 200);
  });
});

async function openIdle(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(port, '127.0.0.1', () => resolve(socket));
  socket.on('error', reject);
  socket.resume();
  return promise;
}
