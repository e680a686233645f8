import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeCgroups } from './cgroups.ts';
import { makeUserNames } from './users.ts';

let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'netmon-lookups-'));
});
after(() => rmSync(directory, { recursive: true }));

describe('user names', () => {
  it('are read anew when the file has changed, at most once a second', () => {
    const path = join(directory, 'passwd');
    let now = 0;
    const users = makeUserNames(path, () => now);
    assert.equal(users.nameOf(7), null);
    writeFileSync(path, 'lp:x:7:7::/:\n');
    assert.equal(users.nameOf(7), null);
    now = 1000;
    assert.equal(users.nameOf(7), 'lp');
    writeFileSync(path, 'printer:x:7:7::/:\n');
    now = 2000;
    assert.equal(users.nameOf(7), 'printer');
    assert.equal(users.nameOf(8), null);
  });
});

describe('control groups by the id of their directory', () => {
  it('are found by one walk of the tree, and by another one five seconds later', () => {
    const root = join(directory, 'cgroup');
    const make = (path: string): number => {
      mkdirSync(join(root, path), { recursive: true });
      return statSync(join(root, path)).ino;
    };
    const service = make('system.slice/web.service');
    let now = 0;
    const cgroups = makeCgroups(root, () => now);
    assert.equal(cgroups.ofId(service).unit, 'web.service');
    const container = make(`system.slice/docker-${'a'.repeat(64)}.scope`);
    assert.equal(cgroups.ofId(container).container, null);
    now = 5000;
    assert.equal(cgroups.ofId(container).container, 'docker:aaaaaaaaaaaa');
    assert.equal(cgroups.ofId(0).unit, null);
  });

  it('are learnt from living processes', () => {
    const cgroups = makeCgroups(join(directory, 'none'));
    const own = cgroups.ofProcess(process.pid, 12345);
    assert.deepEqual(cgroups.ofId(12345), own);
    assert.equal(cgroups.ofProcess(4_000_000, 0).container, null);
  });
});
