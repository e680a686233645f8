import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findProgramMappings, releaseFreedMemory, releaseProgramPages } from './own-memory.ts';

const smaps = `00400000-00500000 r-xp 00000000 08:01 11 /usr/bin/program
Rss: 900 kB
Anonymous:             0 kB
00500000-00600000 r--p 00100000 08:01 11 /usr/bin/program
Anonymous:             8 kB
00600000-00700000 rw-p 00200000 08:01 11 /usr/bin/program
Anonymous:             0 kB
00700000-00800000 r--s 00000000 08:01 12 /var/shared
Anonymous:             0 kB
00800000-00900000 r-xp 00000000 00:00 0 [vdso]
Anonymous:             0 kB
00900000-00a00000 r--p 00000000 00:00 0
Anonymous:             0 kB
00a00000-00a01000 r--p 00000000 08:01 13 /usr/lib/a b.so
Anonymous:             0 kB
`;

describe('findProgramMappings', () => {
  it('finds what is read again from a file, and nothing that was written to or shared', () => {
    assert.deepEqual(findProgramMappings(smaps), [
      { start: 0x400000, bytes: 0x100000 },
      { start: 0xa00000, bytes: 0x1000 },
    ]);
  });

  it('finds the program of this process', () => {
    const mapped = findProgramMappings(readFileSync('/proc/self/smaps', 'latin1'));
    assert(mapped.reduce((sum, { bytes }) => sum + bytes, 0) > 10 * 2 ** 20);
  });
});

describe('releaseProgramPages', () => {
  it('leaves less of the program resident, and the program running', () => {
    const before = residentFiles();
    releaseProgramPages();
    const after = residentFiles();
    assert(after < before - 8 * 1024, `${before} kB before, ${after} kB after`);
    assert.deepEqual(JSON.parse('{"a":[1,"b"]}'), { a: [1, 'b'] });
  });
});

describe('releaseFreedMemory', () => {
  it('may be called at any time', () => {
    releaseFreedMemory();
    assert.equal(Buffer.alloc(100_000, 'x').toString().length, 100_000);
  });
});

function residentFiles(): number {
  return Number(/^RssFile:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))![1]);
}
