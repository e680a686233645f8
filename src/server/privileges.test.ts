import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { findAccount } from '../platform/account.ts';
import { findPower } from './privileges.ts';

const nobody = { name: 'nobody', uid: 65534, gid: 65534 };
const ids = 'Uid:\t65534\t65534\t65534\t65534\nGid:\t65534\t65534\t65534\t65534\nGroups:\t65534 \n';
const none = '0000000000000000';
const caps = (inh: string, prm: string, eff: string, amb: string): string =>
  `CapInh:\t${inh}\nCapPrm:\t${prm}\nCapEff:\t${eff}\nCapBnd:\t000001ffffffffff\nCapAmb:\t${amb}\n`;

describe('privileges', () => {
  const cases: ReadonlyArray<readonly [string, string, string | null]> = [
    ['nothing', ids + caps(none, none, none, none), null],
    ['a permitted capability', ids + caps(none, '0000000000000400', none, none), 'CapPrm 0000000000000400'],
    ['an ambient one', ids + caps(none, none, none, '0000000000000001'), 'CapAmb 0000000000000001'],
    [
      'a saved user id of root',
      ids.replace('65534\nGid', '0\nGid') + caps(none, none, none, none),
      'user ids 65534\t65534\t65534\t0',
    ],
    [
      'a group of root',
      ids.replace('65534 \n', '0 65534 \n') + caps(none, none, none, none),
      'groups 0 65534 ',
    ],
    ['a status without capabilities', ids, 'CapInh unknown'],
  ];
  for (const [what, status, expected] of cases) {
    it(`finds ${what} in a status`, () => assert.equal(findPower(status, nobody), expected));
  }

  it('are given up by a server that then serves everything from memory', {
    skip: process.getuid?.() !== 0 && 'only root can give up root',
  }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'netmon-drop-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const { uid, gid } = findAccount('nobody');
    chownSync(folder, uid, gid);
    const script = join(import.meta.dirname, 'privileges.fixture.ts');
    const { stdout } = await promisify(execFile)(process.execPath, ['--disable-proto=throw', script, folder]);
    const report = JSON.parse(stdout);
    assert.deepEqual(report.statuses, [200, 200, 200, 200, 200, 200, 200, 201, 200, 404, 400]);
    assert.deepEqual(report.loadedLater, []);
    assert.equal(report.uid, uid);
    assert.equal(report.regains, false);
    assert.match(report.capabilities, /^(0{16}\n)+$/);
    assert.equal(report.databaseMode, '600');
  });
});
