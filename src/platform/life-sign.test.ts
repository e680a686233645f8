import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { LifeSign } from './life-sign.ts';

describe('LifeSign', () => {
  it('is there when the other end answers, or cannot be heard for now, and not when it is silent', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const meet = async (autoPong: boolean): Promise<WebSocket> => {
      const [[socket]] = await Promise.all([
        once(server, 'connection') as Promise<[WebSocket]>,
        once(new WebSocket(url, { autoPong }), 'open'),
      ]);
      return socket;
    };
    const talking = await meet(true);
    const silent = await meet(false);
    const paused = await meet(false);
    paused.pause();
    const closed = await meet(true);
    closed.terminate();
    const signs = [talking, silent, paused, closed].map((socket) => new LifeSign(socket));
    assert.deepEqual(await Promise.all(signs.map((sign) => sign.ask())), [true, false, true, false]);
    assert.equal(await signs[0].ask(), true, 'again');
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
});
