// What the programs do to packets is tested in the kernel: test/kernel/packets.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { translateFilter } from './filter-translation.ts';
import type { BpfInstruction } from './packet-filter.ts';

const target = { mapFd: 7, index: 2 };
const one = (code: number, k = 0, jt = 0, jf = 0): BpfInstruction => ({ code, jt, jf, k });

/** `ip` of tcpdump -d: ldh [12]; jeq #0x800, 0, 1; ret #262144; ret #0 */
const ip = [one(0x28, 12), one(0x15, 0x800, 0, 1), one(0x06, 262_144), one(0x06, 0)];

function read(bytes: Uint8Array): { code: number; offset: number; value: number }[] {
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 8 }, (_, i) => ({
    code: view.getUint8(i * 8),
    offset: view.getInt16(i * 8 + 2, true),
    value: view.getInt32(i * 8 + 4, true),
  }));
}

describe('translating a packet filter for the kernel', () => {
  it('goes on at the target, by its map and its place in it', () => {
    const program = read(translateFilter(ip, target));
    const call = program.findIndex(({ code, value }) => code === 0x85 && value === 12);
    assert.deepEqual([program[call - 3].value, program[call - 1].value], [7, 2]);
    assert.deepEqual(program.at(-1)?.code, 0x95);
    assert.equal(program.at(-2)?.value, -1, 'what does not pass is left to who comes next');
  });

  it('only jumps forward, and never behind the end', () => {
    const all = [
      ...[0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x80, 0x00].map((code) => one(code, 3)),
      ...[0xb1, 0x61, 0x81, 0x01, 0x02, 0x03, 0x07, 0x87].map((code) => one(code, 3)),
      ...[0x04, 0x0c, 0x34, 0x3c, 0x64, 0x6c, 0x74, 0x7c, 0x84, 0x94, 0x9c].map((code) => one(code, 40)),
      one(0x34, 0),
      ...[0x15, 0x1d, 0x25, 0x35, 0x45].map((code) => one(code, 1, 0, 1)),
      one(0x05, 0),
      one(0x16),
    ];
    const program = read(translateFilter(all, target));
    for (const [at, { code, offset }] of program.entries()) {
      const jumps = ((code & 7) === 5 || (code & 7) === 6) && code !== 0x85 && code !== 0x95;
      if (jumps) assert.ok(offset >= 0 && at + 1 + offset < program.length, `instruction ${at}`);
    }
  });

  it('refuses what is too long for jumps of 16 bits', () => {
    const long = [...Array.from({ length: 4095 }, () => one(0x28, 12)), one(0x06, 1)];
    assert.throws(() => translateFilter(long, target), RangeError);
  });
});
