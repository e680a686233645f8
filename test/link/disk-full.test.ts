import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { missing } from '../support/needs.ts';

const child = join(import.meta.dirname, 'disk-full-child.ts');
const dir = mkdtempSync(join(tmpdir(), 'netmon-full-'));
after(() => rmSync(dir, { recursive: true }));

/** Each in a mount namespace of its own, which takes the mount along when it ends. */
const disks = [
  { name: 'memory', skip: missing('root', 'tmpfs'), steps: ['mount -t tmpfs -o size=32m none $disk'] },
  {
    name: 'ext4 with small blocks',
    skip: missing('root', 'diskImages'),
    steps: [
      'truncate -s 32M $disk.image',
      'mkfs.ext4 -q -b 1024 -O ^has_journal $disk.image',
      'mount -o loop $disk.image $disk',
    ],
  },
];

describe('a spool on a full disk', () => {
  for (const [i, { name, skip, steps }] of disks.entries()) {
    it(`keeps everything, goes on sending and recovers (${name})`, { skip }, () => {
      const disk = join(dir, String(i));
      const line = [
        'mkdir $disk',
        ...steps,
        'rc=0',
        '"$node" "$child" $disk || rc=$?',
        'umount $disk',
        'exit $rc',
      ].join('; ');
      const output = execFileSync('unshare', ['--mount', 'sh', '-ec', line], {
        env: { ...process.env, disk, child, node: process.execPath },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const { made, ...found } = JSON.parse(output);
      assert.deepEqual(found, {
        before: true,
        full: true,
        problem: 'the disk is full',
        sentWhileFull: true,
        again: true,
        left: 0,
        lost: 0,
        startedFull: [false, 'the disk is full'],
        afterwards: true,
        startedWithout: [false, 'the disk is full'],
        afterwardsToo: true,
        came: made,
      });
    });
  }
});
