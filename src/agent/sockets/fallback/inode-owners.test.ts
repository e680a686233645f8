import assert from 'node:assert/strict';
import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { InodeOwners } from './inode-owners.ts';

/** No socket has this inode number. */
const noInode = 2 ** 40;

async function listen() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  return { inode: fstatSync(fd).ino, [Symbol.dispose]: () => void server.close() };
}

describe('owners of sockets by their inodes', () => {
  it('are found a few links at a time', async () => {
    using socket = await listen();
    const owners = new InodeOwners();
    assert.equal(owners.find(socket.inode), null);
    let scans = 0;
    while (!owners.find(socket.inode) && scans < 100_000) {
      owners.scan(5);
      scans++;
    }
    const owner = owners.find(socket.inode)!;
    assert.deepEqual([owner.pid, owner.ppid], [process.pid, process.ppid]);
    assert.ok(scans > 2, 'not in one go');
  });

  it('are found for a socket that was opened while others were looked for', async () => {
    using first = await listen();
    const owners = new InodeOwners();
    owners.find(first.inode);
    owners.scan(1e6);
    assert.notEqual(owners.find(first.inode), null);
    using second = await listen();
    owners.find(second.inode);
    // The end of the look in progress, which was past this process, then a new one.
    owners.find(noInode);
    owners.scan(1e6);
    assert.equal(owners.find(second.inode)!.pid, process.pid);
  });

  it('are given up after a look through all processes, and forgotten with their socket', async () => {
    using socket = await listen();
    const owners = new InodeOwners();
    owners.find(noInode);
    owners.scan(1e6);
    const started = process.cpuUsage();
    for (let i = 0; i < 1000; i++) owners.scan(1e6);
    const { user, system } = process.cpuUsage(started);
    assert.ok(user + system < 500_000, 'nothing is looked for');
    owners.find(socket.inode);
    owners.scan(1e6);
    owners.forget(socket.inode);
    assert.equal(owners.find(socket.inode), null);
  });
});
