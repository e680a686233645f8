import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { enterOwnNetwork } from '../../../sys/network.fixture.ts';
import type { ReportedConnection } from '../../../wire/connection.ts';
import type { SensorStatus } from '../../../wire/machine.ts';
import { connectPair, DumpBench, transfer } from './dump-source.fixture.ts';

const levels = ['netlink', 'proc'] as const;
const isRoot = process.getuid?.() === 0;
/** nobody and nogroup of Debian. */
const nobody = 65534;

before(enterOwnNetwork);

describe('sockets by dumps', () => {
  for (const level of levels) {
    for (const host of ['127.0.0.1', '::1'] as const) {
      it(`finds a connection over ${host} with its process, at the level ${level}`, async () => {
        await using pair = await connectPair(host);
        using bench = new DumpBench(level);
        bench.tickUntilOwned([pair.client.localPort!, pair.port], 3);
        const [, client] = bench.find(pair.client.localPort!, pair.port)!;
        assert.equal(client.process_id, process.pid);
        assert.equal(client.process_path, process.execPath);
        assert.equal(client.state, 'ESTABLISHED');
        assert.equal(client.opened_at, null, 'it was open before the start');
        const [, listener] = bench.find(pair.port, 0)!;
        assert.deepEqual([listener.state, listener.direction], ['LISTEN', 'listening']);
      });
    }

    it(`sees a connection open and close, at the level ${level}`, async () => {
      using bench = new DumpBench(level);
      bench.tick(1000);
      await using pair = await connectPair('127.0.0.1');
      const { localPort } = pair.client;
      const seconds = bench.tickUntilOwned([localPort!], 1);
      const [, client] = bench.find(localPort!, pair.port)!;
      assert.notEqual(client.opened_at, null);
      assert.equal(client.process_id, process.pid);
      await pair[Symbol.asyncDispose]();
      for (let i = 0; i < 3; i++) bench.tick(1000);
      assert.equal(bench.find(localPort!, pair.port), undefined);
      const row = bench.recorded.find((found) => found.local_addr.endsWith(`:${localPort}`))!;
      assert.deepEqual([row.state, row.error, row.process_id], ['CLOSED', null, process.pid]);
      assert.equal(row.duration_ms, seconds * 1000);
    });

    it(`knows a UDP socket but not its payload, at the level ${level}`, async (context) => {
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      context.after(() => void socket.close());
      await once(socket, 'listening');
      using bench = new DumpBench(level);
      bench.tickUntilOwned([socket.address().port], 3);
      const [, row] = bench.find(socket.address().port, 0)!;
      assert.deepEqual([row.protocol, row.state, row.process_id], ['udp', 'NONE', process.pid]);
      assert.deepEqual([row.bytes_sent, row.upload_speed, row.packets_received], [null, null, null]);
    });
  }

  it('counts the payload of TCP exactly, spread over the second after, with its quality', async () => {
    await using pair = await connectPair('127.0.0.1');
    using bench = new DumpBench('netlink');
    bench.tick(1000);
    await transfer(pair.client, pair.server, 1_000_000);
    await transfer(pair.server, pair.client, 300_000);
    bench.tick(1000);
    const [key] = bench.find(pair.client.localPort!, pair.port)!;
    const seen: number[] = [];
    for (let i = 0; i < 10; i++) {
      bench.tick(100);
      seen.push(bench.counts.get(key)![0]);
    }
    assert.deepEqual(
      seen,
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((tenths) => tenths * 100_000),
    );
    assert.deepEqual(bench.counts.get(key), [1_000_000, 300_000]);
    assert.deepEqual(
      bench.counts.get(bench.find(pair.port, pair.client.localPort!)![0]),
      [300_000, 1_000_000],
    );
  });

  it('gives a connection that waits to be accepted to the process that listens, and then to who accepts', async (context) => {
    const script = `const server = require('net').createServer(() => console.log('accepted'));
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    context.after(() => child.kill('SIGKILL'));
    const port = Number((await once(child.stdout, 'data'))[0]);
    child.kill('SIGSTOP');
    const client = connect(port, '127.0.0.1');
    context.after(() => client.destroy());
    await once(client, 'connect');
    using bench = new DumpBench('netlink');
    bench.tickUntilOwned(isRoot ? [port] : [], 3);
    const waiting = bench.find(port, client.localPort!)!;
    child.kill('SIGCONT');
    await once(child.stdout, 'data');
    bench.tickUntilOwned(isRoot ? [port] : [], 3);
    const accepted = bench.find(port, client.localPort!)!;
    if (isRoot) assert.deepEqual([waiting[1].process_id, accepted[1].process_id], [child.pid, child.pid]);
    assert.equal(waiting[0], accepted[0], 'it is one connection');
  });

  it('says what it does not see, and what would lift that', () => {
    for (const level of levels) {
      using bench = new DumpBench(level);
      const status = bench.status();
      assert.equal(status.level, isRoot ? level : 'proc');
      assert.match(status.reason!, /a test; connections shorter than that, errors .* are not seen/);
      assert.notEqual(status.remedy, null);
    }
  });

  for (const level of levels) {
    it(`works for an ordinary user, at the level ${level}`, async (context) => {
      if (!isRoot) return context.skip('starts a process as another user, for which it needs root');
      if (!isReadableByAll()) return context.skip('the program lies where other users may not read');
      const mine = createServer().listen(0, '127.0.0.1');
      context.after(() => void mine.close());
      await once(mine, 'listening');
      const { port } = mine.address() as { port: number };
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [join(import.meta.dirname, 'unprivileged.fixture.ts'), level, String(port)],
        { uid: nobody, gid: nobody, cwd: '/' },
      );
      const seen: { own: ReportedConnection; other: ReportedConnection; status: SensorStatus } =
        JSON.parse(stdout);
      assert.equal(seen.own.process_path, process.execPath);
      assert.equal(seen.own.user, 'nobody');
      assert.equal(seen.own.bytes_sent, level === 'netlink' ? 0 : null);
      assert.equal(seen.other.process_id, null);
      assert.match(seen.other.owner_unknown_reason!, /another user/);
      assert.equal(seen.status.level, 'proc');
      assert.match(seen.status.remedy!, /root/);
    });
  }
});

/** Whether others may enter each directory on the way to these sources and to Node. */
function isReadableByAll(): boolean {
  return [import.meta.dirname, dirname(process.execPath)].every((start) => {
    for (let path = start; path !== '/'; path = dirname(path))
      if (!(statSync(path).mode & 0o001)) return false;
    return true;
  });
}
