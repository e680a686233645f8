import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildTcp, buildUdp, hex } from '../packet/build.fixture.ts';
import { type BpfInstruction, PacketFilter } from './packet-filter.ts';

/** A program as `tcpdump -dd` prints it: four numbers an instruction. */
function parse(text: string): BpfInstruction[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [code, jt, jf, k] = line.trim().split(/\s+/).map(Number);
      return { code, jt, jf, k };
    });
}

/** `udp dst port 53` for Ethernet. */
const toPort53 = parse(`0x28 0 0 0x0000000c
  0x15 0 4 0x000086dd
  0x30 0 0 0x00000014
  0x15 0 11 0x00000011
  0x28 0 0 0x00000038
  0x15 8 9 0x00000035
  0x15 0 8 0x00000800
  0x30 0 0 0x00000017
  0x15 0 6 0x00000011
  0x28 0 0 0x00000014
  0x45 4 0 0x00001fff
  0xb1 0 0 0x0000000e
  0x48 0 0 0x00000010
  0x15 0 1 0x00000035
  0x06 0 0 0x00040000
  0x06 0 0 0x00000000`);

const run = (program: readonly BpfInstruction[], bytes: Uint8Array, length = bytes.length): boolean =>
  new PacketFilter(program).matches(bytes, 0, bytes.length, length);

/** The accumulator after these instructions is that value. */
function leaves(text: string, value: number): void {
  const program = parse(`${text}\n0x15 0 1 ${value}\n0x06 0 0 1\n0x06 0 0 0`);
  assert.equal(run(program, hex('01 02 03 04 85'), 1500), true, `${text} leaves ${value}`);
}

describe('packet filter', () => {
  it('passes the packets that a compiled expression names, of either family', () => {
    const ends = { from: '192.0.2.1:5000', to: '192.0.2.2:53' };
    assert.equal(run(toPort53, buildUdp(ends, 'x')), true);
    assert.equal(run(toPort53, buildUdp({ from: ends.to, to: ends.from }, 'x')), false);
    assert.equal(run(toPort53, buildTcp({ ...ends, sequence: 1, flags: 'S' })), false);
    assert.equal(run(toPort53, buildUdp({ from: '[2001:db8::1]:5000', to: '[2001:db8::2]:53' }, 'x')), true);
  });

  it('passes no packet that was captured too short to know', () => {
    const packet = buildUdp({ from: '192.0.2.1:5000', to: '192.0.2.2:53' }, 'x');
    for (let length = 0; length < 38; length++)
      assert.equal(run(toPort53, packet.subarray(0, length), packet.length), false);
    assert.equal(run(toPort53, packet.subarray(0, 38)), true);
  });

  it('reads from where the packet starts', () => {
    const packet = buildUdp({ from: '192.0.2.1:5000', to: '192.0.2.2:53' }, 'x');
    const bytes = new Uint8Array(packet.length + 7);
    bytes.set(packet, 7);
    assert.equal(new PacketFilter(toPort53).matches(bytes, 7, bytes.length, packet.length), true);
  });

  it('loads, stores, calculates and jumps', () => {
    leaves('0x20 0 0 0', 0x01020304);
    leaves('0x28 0 0 1', 0x0203);
    leaves('0x30 0 0 4', 0x85);
    leaves('0x80 0 0 0', 1500);
    leaves('0x81 0 0 0\n0x87 0 0 0', 1500);
    leaves('0xb1 0 0 4\n0x87 0 0 0', 20);
    leaves('0x01 0 0 3\n0x50 0 0 1', 0x85);
    leaves('0x00 0 0 7\n0x02 0 0 15\n0x00 0 0 0\n0x60 0 0 15', 7);
    leaves('0x01 0 0 9\n0x03 0 0 0\n0x61 0 0 0\n0x87 0 0 0', 9);
    leaves('0x00 0 0 5\n0x07 0 0 0\n0x00 0 0 3\n0x1c 0 0 0', 0xfffffffe);
    leaves('0x00 0 0 0xffffffff\n0x04 0 0 2', 1);
    leaves('0x00 0 0 0xffffffff\n0x24 0 0 0xffffffff', 1);
    leaves('0x00 0 0 0xffffffff\n0x34 0 0 2', 0x7fffffff);
    leaves('0x00 0 0 0x80000000\n0x44 0 0 1', 0x80000001);
    leaves('0x00 0 0 0xf0f0f0f0\n0x54 0 0 0x80ffffff', 0x80f0f0f0);
    leaves('0x00 0 0 3\n0x64 0 0 31', 0x80000000);
    leaves('0x00 0 0 3\n0x64 0 0 32', 0);
    leaves('0x00 0 0 0x80000000\n0x74 0 0 31', 1);
    leaves('0x00 0 0 1\n0x84 0 0 0', 0xffffffff);
    leaves('0x00 0 0 17\n0x94 0 0 5', 2);
    leaves('0x00 0 0 6\n0xa4 0 0 3', 5);
    leaves('0x05 0 0 1\n0x06 0 0 0\n0x00 0 0 4', 4);
    leaves('0x00 0 0 4\n0x25 1 0 3\n0x06 0 0 0\n0x35 1 0 4\n0x06 0 0 0', 4);
  });

  it('ends without a match at a division by nothing', () => {
    assert.equal(run(parse('0x00 0 0 4\n0x3c 0 0 0\n0x06 0 0 1'), hex('00')), false);
    assert.equal(run(parse('0x00 0 0 4\n0x94 0 0 0\n0x06 0 0 1'), hex('00')), false);
  });

  it('refuses what is no sound program', () => {
    for (const [text, fault] of [
      ['0x00 0 0 1', 'the last instruction is no return'],
      ['0x05 0 0 1\n0x06 0 0 0', 'instruction 0 jumps past the end'],
      ['0x15 0 1 0\n0x06 0 0 0', 'instruction 0 jumps past the end'],
      ['0x02 0 0 16\n0x06 0 0 0', 'instruction 0 uses memory that there is not'],
      ['0xc0 0 0 0\n0x06 0 0 0', 'instruction 0 has the unknown code 192'],
    ])
      assert.throws(() => new PacketFilter(parse(text)), { name: 'RangeError', message: fault });
    assert.throws(() => new PacketFilter([]), RangeError);
  });
});
