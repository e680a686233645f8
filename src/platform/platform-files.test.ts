import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { findAccount } from './account.ts';
import { canWrite } from './folders.ts';
import { claimInstance, findInstance, isAlive } from './instance.ts';
import { findPaths } from './paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'netmon-files-'));
after(() => rmSync(folder, { recursive: true }));

describe('instance', () => {
  it('is claimed once, found by its pid file, and given back', () => {
    const pidFile = join(folder, 'run', 'netmon.pid');
    {
      using _claim = claimInstance(pidFile, process.getgid!());
      assert.equal(findInstance(pidFile)?.pid, process.pid);
      assert.equal(statSync(join(folder, 'run')).mode & 0o777, 0o750);
      assert.throws(() => claimInstance(pidFile, process.getgid!()), {
        code: 'NM_ALREADY_RUNNING',
        message: `netmon already runs as process ${process.pid}: end it with "netmon down", or give this one a --data folder of its own`,
      });
    }
    assert.deepEqual(readdirSync(join(folder, 'run')), []);
  });

  it('is not taken for one that ended, whose pid is used again, or for a file of something else', async () => {
    const pidFile = join(folder, 'stale.pid');
    const child = spawn('sleep', ['60']);
    const { pid } = child;
    writeFileSync(pidFile, `{"pid":${pid},"started":1}\n`);
    assert.equal(findInstance(pidFile), null);
    child.kill();
    await once(child, 'exit');
    assert.equal(isAlive({ pid: pid!, started: 1 }), false);
    writeFileSync(pidFile, 'x');
    assert.equal(findInstance(pidFile), null);
    using _claim = claimInstance(pidFile, process.getgid!());
    assert.equal(findInstance(pidFile)?.pid, process.pid);
  });
});

describe('paths', () => {
  it('follow the user and the data folder', () => {
    assert.deepEqual(findPaths({}, {}, 0), {
      data: '/var/lib/netmon',
      runtime: '/run/netmon',
      db: '/var/lib/netmon/server/netmon.db',
      spool: '/var/lib/netmon/spool.db',
      orders: '/var/lib/netmon/orders.seen',
      monitors: '/var/lib/netmon/monitors.json',
      captures: '/var/lib/netmon/captures',
      socket: '/run/netmon/link/agent.sock',
      pidFile: '/run/netmon/netmon.pid',
    });
    const user = findPaths({}, { XDG_DATA_HOME: '/h/d', XDG_RUNTIME_DIR: '/run/user/7' }, 7);
    assert.equal(user.data, '/h/d/netmon');
    assert.equal(user.socket, '/run/user/7/netmon/link/agent.sock');
    assert.equal(findPaths({ data: '/x', db: '/y/z.db' }, {}, 0).socket, '/x/run/link/agent.sock');
  });
});

describe('account', () => {
  const passwd = 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n# odd\nn::7:8::/:\n';
  it('is found by name, by number, or chosen', () => {
    assert.deepEqual(findAccount(undefined, passwd), { name: 'nobody', uid: 65534, gid: 65534 });
    assert.equal(findAccount(undefined, `${passwd}netmon:x:9:9::/:\n`).name, 'netmon');
    assert.deepEqual(findAccount('n', passwd), { name: 'n', uid: 7, gid: 8 });
    assert.equal(findAccount('7', passwd).name, 'n');
    assert.throws(() => findAccount('x', passwd), { message: '--user "x": no such user in /etc/passwd' });
  });
});

describe('folders', () => {
  it('are writable for an account as the permission bits of all above them say', () => {
    const inner = join(folder, 'a', 'b');
    mkdirSync(inner, { recursive: true });
    const { uid, gid } = statSync(inner);
    const stranger = { name: 's', uid: uid + 1, gid: gid + 1 };
    for (const [path, mode] of [
      [folder, 0o755],
      [join(folder, 'a'), 0o755],
      [inner, 0o777],
    ] as const)
      chmodSync(path, mode);
    assert.equal(canWrite(inner, stranger), true);
    chmodSync(inner, 0o775);
    assert.equal(canWrite(inner, stranger), false);
    assert.equal(canWrite(inner, { ...stranger, gid }), true);
    chmodSync(join(folder, 'a'), 0o700);
    assert.equal(canWrite(inner, { ...stranger, gid }), false);
    assert.equal(existsSync(inner), true);
  });
});
