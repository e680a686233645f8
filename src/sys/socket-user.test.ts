import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { missing } from '../../test/support/needs.ts';
import { until } from '../../test/support/until.ts';
import { findPeerUser } from './socket-user.ts';

const client = `
  const socket = require('node:net').connect(Number(process.argv[1]), process.argv[2]);
  socket.on('connect', () => console.log('connected'));
  process.stdin.on('data', () => socket.end()).on('end', () => process.exit());`;

async function listen(address: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, address);
  await once(server, 'listening');
  return server;
}

async function connect(server: Server, options: { uid?: number } = {}): Promise<[Socket, ChildProcess]> {
  const { address, port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const child = spawn(process.execPath, ['-e', client, String(port), address], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
    ...options,
  });
  const [socket] = await accepted;
  socket.on('error', () => {});
  return [socket, child];
}

describe('who is at the other end of a connection', () => {
  for (const address of ['127.0.0.1', '::1']) {
    it(`is the user of this process at ${address}, and nobody once it has closed`, async () => {
      const server = await listen(address);
      const [socket, child] = await connect(server);
      assert.equal(findPeerUser(socket), process.getuid?.());
      const { localAddress, localPort, remoteAddress, remotePort } = socket;
      assert.equal(findPeerUser({ localAddress, localPort, remoteAddress, remotePort: 1 }), null);
      assert.equal(findPeerUser({ localAddress, localPort: 1, remoteAddress, remotePort }), null);
      socket.pause();
      child.kill('SIGKILL');
      await once(child, 'close');
      await until('nobody', () => (findPeerUser(socket) === null ? true : undefined), { withinMs: 60_000 });
      socket.destroy();
      server.close();
    });
  }

  it('is another user where it is one', { skip: missing('root') }, async () => {
    const server = await listen('127.0.0.1');
    const [socket, child] = await connect(server, { uid: 65_534 });
    assert.equal(findPeerUser(socket), 65_534);
    child.stdin?.end();
    await once(child, 'close');
    socket.destroy();
    server.close();
  });

  it('is nobody where there are no ends', () => {
    assert.equal(findPeerUser({}), null);
    assert.equal(
      findPeerUser({ localAddress: 'x', localPort: 1, remoteAddress: '127.0.0.1', remotePort: 1 }),
      null,
    );
  });
});
