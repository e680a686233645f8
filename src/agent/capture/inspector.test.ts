import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildUdp } from '../../decode/packet/build.fixture.ts';
import { nodeCiphers } from '../../platform/ciphers.ts';
import { Inspector } from './inspector.ts';
import type { InspectorMessage } from './inspector-messages.ts';
import type { CopiedPacket } from './packet-ring.ts';

const question = Uint8Array.from(
  '\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x03org\0\0\x01\0\x01',
  (char) => char.charCodeAt(0),
);

describe('inspector', () => {
  it('tells of a question that nobody answers although no other packet comes', () => {
    const frame = buildUdp({ from: '192.0.2.1:40000', to: '203.0.113.53:53' }, question);
    const waiting: CopiedPacket[] = [
      {
        bytes: frame,
        start: 0,
        end: frame.length,
        length: frame.length,
        bootMs: 5_000,
        cookie: 0,
        interface: 1,
        flags: 0,
        namespace: 0,
        place: 0,
      },
    ];
    const told: InspectorMessage[] = [];
    const inspector = new Inspector(
      {
        drain(visit) {
          const packets = waiting.splice(0);
          for (const packet of packets) visit(packet);
          return packets.length;
        },
        skip: () => 0,
        [Symbol.dispose]() {},
      },
      { mask: true, ciphers: nodeCiphers, bootEpochMs: 1_700_000_000_000 },
      (lines) =>
        told.push(
          ...lines
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as InspectorMessage),
        ),
    );
    const records = (): unknown[] => told.flatMap((one) => (one.kind === 'record' ? [one.record] : []));
    for (let nowMs = 100; nowMs <= 9_100; nowMs += 1_000) inspector.drain(nowMs);
    assert.deepEqual(records(), []);
    for (let nowMs = 10_100; nowMs <= 12_100; nowMs += 1_000) inspector.drain(nowMs);
    assert.partialDeepStrictEqual(records(), [
      { type: 'dns', ts: '2023-11-14T22:13:25.000Z', query: 'www.example.org', rcode: null },
    ]);
  });
});
