import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { describe, it } from 'node:test';
import { buildUdp, hex } from '../packet/build.fixture.ts';
import { CaptureReader } from './capture-reader.ts';
import { PcapngWriter } from './pcapng-writer.ts';

const timeMs = 1_700_000_000_123.456;
const frame = buildUdp({ from: '192.0.2.1:5000', to: '192.0.2.2:53' }, 'abc');
const whole = { bytes: frame, start: 0, end: frame.length, length: frame.length };

function write(): Uint8Array {
  const writer = new PcapngWriter({ os: 'Linux', application: 'netmon', comment: 'ä€🙂\ud800' });
  const ethernet = writer.addInterface({
    linkType: 1,
    name: 'eth0',
    filter: 'udp port 53',
    snapLength: 262_144,
  });
  const cooked = writer.addInterface({ linkType: 113, name: 'any' });
  writer.addPacket({
    ...whole,
    interfaceNumber: ethernet,
    timeMs,
    direction: 'outbound',
    processId: 4711,
    comment: 'curl',
  });
  writer.addPacket({
    ...whole,
    interfaceNumber: cooked,
    timeMs: timeMs + 1,
    start: 2,
    end: 5,
    length: 1500,
    dropped: 3,
  });
  writer.addStatistics({
    interfaceNumber: ethernet,
    startMs: timeMs,
    endMs: timeMs + 2,
    received: 2 ** 33,
    dropped: 5,
  });
  return writer.take().slice();
}

describe('pcapng writer', () => {
  it('writes what the reader reads', () => {
    const seen: unknown[] = [];
    const reader = new CaptureReader((packet) => {
      const captured = Buffer.from(packet.bytes.subarray(packet.start, packet.end)).toString('hex');
      seen.push([captured, packet.length, packet.linkType, packet.interfaceNumber, packet.timeMs.toFixed(3)]);
    });
    reader.push(write());
    reader.end();
    assert.equal(reader.error, null);
    assert.deepEqual(seen, [
      [Buffer.from(frame).toString('hex'), frame.length, 1, 0, timeMs.toFixed(3)],
      [Buffer.from(frame.subarray(2, 5)).toString('hex'), 1500, 113, 1, (timeMs + 1).toFixed(3)],
    ]);
  });

  it('writes a packet with the process it belongs to byte for byte as the format has it', () => {
    const writer = new PcapngWriter();
    writer.addInterface({ linkType: 1 });
    writer.take();
    const bytes = hex('aa bb cc');
    writer.addPacket({
      interfaceNumber: 0,
      timeMs: 2 ** 32 / 1000 + 0.001,
      bytes,
      start: 0,
      end: 3,
      length: 9,
      direction: 'inbound',
      processId: 258,
      threadId: 259,
      comment: 'é',
    });
    assert.deepEqual(
      writer.take(),
      hex(`06000000 44000000
           00000000 01000000 01000000   03000000 09000000   aabbcc00
           0200 0400 01000000           0800 0800 02010000 03010000
           0100 0200 c3a90000           0000 0000
           44000000`),
    );
    assert.equal(writer.pending, 0);
  });

  it('cuts a long text between two characters', () => {
    const writer = new PcapngWriter({ comment: '€'.repeat(10_000) });
    const bytes = writer.take();
    assert.ok(bytes.length < 4200);
    assert.equal(bytes.indexOf(0xe2, bytes.lastIndexOf(0xe2) + 1), -1);
    assert.equal(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(28, 28 + 4092)).length,
      1364,
    );
  });

  it('grows with what is added', () => {
    const writer = new PcapngWriter();
    writer.addInterface({ linkType: 1 });
    for (let i = 0; i < 10_000; i++) writer.addPacket({ ...whole, interfaceNumber: 0, timeMs: i });
    let count = 0;
    const reader = new CaptureReader(() => count++);
    reader.push(writer.take());
    reader.end();
    assert.deepEqual([count, reader.error], [10_000, null]);
  });

  it('is understood by capinfos', {
    skip: existsSync('/usr/bin/capinfos') ? false : 'capinfos (Debian wireshark-common) is not installed',
  }, () => {
    const folder = mkdtempSync(joinPath(tmpdir(), 'netmon-pcapng-'));
    try {
      const file = joinPath(folder, 'a.pcapng');
      writeFileSync(file, write());
      const told = execFileSync('capinfos', ['-M', file], { encoding: 'utf8' });
      for (const line of [
        /Number of packets:\s+2\n/,
        /Capture oper-sys:\s+Linux\n/,
        /Capture application:\s+netmon\n/,
      ])
        assert.match(told, line);
      for (const line of [
        /Name = eth0/,
        /Name = any/,
        /Filter string = udp port 53/,
        /Capture comment:\s+ä€🙂\ufffd/,
      ])
        assert.match(told, line);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
