import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  parseCgroup2Mount,
  parseCgroups,
  parseCpuTimes,
  parseLoadavg,
  parseMeminfo,
  parsePasswd,
  parseStat,
  parseStatusUid,
} from './procfs.ts';

describe('procfs', () => {
  it('reads the stat of this process', () => {
    const stat = parseStat(readFileSync('/proc/self/stat', 'latin1'));
    assert.equal(stat?.pid, process.pid);
    assert.equal(stat?.ppid, process.ppid);
    assert.ok(stat.startTicks > 0 && stat.residentPages > 1000);
  });

  it('reads a name that holds spaces, parentheses and newlines', () => {
    const text = '42 (a) S 1 (\n) R 7 42 42 0 -1 4194304 9 0 0 0 5 6 0 0 20 0 1 0 12345 1000 77 0';
    const stat = parseStat(text);
    assert.deepEqual(stat, {
      pid: 42,
      comm: 'a) S 1 (\n',
      state: 'R',
      ppid: 7,
      cpuTicks: 11,
      startTicks: 12345,
      residentPages: 77,
    });
  });

  it('reads nothing from a text that was cut', () => {
    const text = '42 (name) R 7 42 42 0 -1 4194304 9 0 0 0 5 6 0 0 20 0 1 0 12345 1000 77 0';
    for (let length = 0; length < text.indexOf('12345'); length++) {
      const stat = parseStat(text.slice(0, length));
      assert.ok(stat === null || stat.startTicks === 0, `at ${length}`);
    }
  });

  it('puts the path of cgroup2 before those of version 1', () => {
    assert.deepEqual(parseCgroups('9:name=systemd:/a.service\n4:memory:/docker/x:y\n0::/\nrubbish\n'), [
      '/',
      '/a.service',
      '/docker/x:y',
    ]);
  });

  it('reads user names, the first of several for one id', () => {
    const names = parsePasswd(
      'root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\n+nis:::\n#c:x:1:1::/:\nbob:x:1000:1000::/:\n',
    );
    assert.deepEqual(
      [...names],
      [
        [0, 'root'],
        [1000, 'bob'],
      ],
    );
  });

  it('reads the user of this process', () => {
    assert.equal(parseStatusUid(readFileSync('/proc/self/status', 'latin1')), process.getuid?.());
    assert.equal(parseStatusUid('Name:\tUid:\t5\n'), null);
  });

  it('finds cgroup2 beside other mounts, with escapes undone', () => {
    assert.equal(
      parseCgroup2Mount('cgroup /c cgroup rw 0 0\ncgroup2 /sys/a\\040b cgroup2 rw 0 0\n'),
      '/sys/a b',
    );
    assert.equal(parseCgroup2Mount('proc /proc proc rw 0 0\n'), null);
  });

  it('counts waiting for a disk as idle', () => {
    assert.deepEqual(parseCpuTimes('cpu  10 1 5 80 4 0 0 0 3 0\ncpu0 1 1 1 1\n'), { busy: 16, total: 100 });
    assert.equal(parseCpuTimes('cpu  1 2\n'), null);
  });

  it('reads memory and load', () => {
    assert.deepEqual(parseMeminfo('MemTotal:       1000 kB\nMemFree:  10 kB\nMemAvailable:    400 kB\n'), {
      total: 1024000,
      used: 614400,
    });
    assert.equal(parseMeminfo('MemTotal: x kB\n'), null);
    assert.deepEqual(parseLoadavg('0.50 1.25 2.00 1/2 3\n'), [0.5, 1.25, 2]);
    assert.equal(parseLoadavg('a b'), null);
  });
});
