import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { answersPing } from './witness.ts';

describe('the other end of a link', () => {
  it('answers a ping, and not while it is stopped or once it is gone', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[WebSocket]>;
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await once(socket, 'open');
    const [peer] = await accepted;
    assert.equal(await answersPing(socket), true);
    peer.pause();
    assert.equal(await answersPing(socket), false, 'a pong to an earlier ping would not count either');
    peer.resume();
    const asked = answersPing(socket);
    peer.terminate();
    socket.terminate();
    assert.equal(await asked, false);
    assert.equal(await answersPing(socket), false);
    server.close();
  });
});
