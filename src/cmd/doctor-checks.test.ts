import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import {
  checkBtf,
  checkCapabilities,
  checkCgroup,
  checkClock,
  checkDatabase,
  checkNode,
  checkPort,
  checkSensor,
} from './doctor-checks.ts';

const folder = mkdtempSync(join(tmpdir(), 'netmon-doctor-'));
after(() => rmSync(folder, { recursive: true }));

describe('doctor', () => {
  it('judges Node by its version', () => {
    for (const [version, level] of [
      ['v24.12.0', 'ok'],
      ['v26.1.0', 'ok'],
      ['v24.11.9', 'fail'],
      ['v20.20.2', 'fail'],
    ] as const)
      assert.equal(checkNode(version).level, level, version);
  });

  it('names the capabilities that are missing', () => {
    assert.equal(checkCapabilities('CapEff:\t000001ffffffffff\n').level, 'ok');
    const none = checkCapabilities('CapEff:\t0000000000000000\n');
    assert.equal(none.level, 'warn');
    assert.match(none.text, /CAP_BPF/);
    assert.doesNotMatch(checkCapabilities('CapEff:\t000000c000281000\n').text, /without/);
  });

  it('finds cgroup2 wherever it is mounted', () => {
    assert.equal(
      checkCgroup('cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n').text,
      '/sys/fs/cgroup/unified',
    );
    assert.equal(checkCgroup('cgroup /sys/fs/cgroup cgroup rw 0 0\n').level, 'warn');
    assert.equal(checkBtf(join(folder, 'none')).level, 'warn');
  });

  it('warns of a sensor below its best, and fails for one that is off', () => {
    const sensor = { name: 'sockets', detail: 'd', reason: 'r', remedy: 'm' };
    assert.deepEqual(checkSensor({ ...sensor, level: 'netlink' }), {
      name: 'sensor sockets',
      level: 'warn',
      text: 'netlink: d (r)',
      remedy: 'm',
    });
    assert.equal(checkSensor({ ...sensor, level: 'off' }).level, 'fail');
    assert.equal(checkSensor({ ...sensor, level: 'full', reason: null, remedy: null }).level, 'ok');
  });

  it('tells a free port from one in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    assert.equal((await checkPort('127.0.0.1', port, false)).level, 'fail');
    assert.equal((await checkPort('127.0.0.1', port, true)).level, 'ok');
    server.close();
    await once(server, 'close');
    assert.equal((await checkPort('127.0.0.1', port, false)).text, `127.0.0.1:${port} is free`);
  });

  it('tells a sound database from a broken one', () => {
    const path = join(folder, 'a.db');
    assert.equal(checkDatabase(path).level, 'ok');
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE t (a)');
    db.close();
    assert.match(checkDatabase(path).text, /sound$/);
    writeFileSync(path, 'this is not a database, and it is long enough to be looked at as one'.repeat(20));
    assert.equal(checkDatabase(path).level, 'fail');
  });

  it('notices a clock before the installation', () => {
    assert.equal(checkClock(0).level, 'warn');
    assert.equal(checkClock(Date.now()).level, 'ok');
  });
});
