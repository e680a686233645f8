import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Analyzer } from '../../src/decode/analyzer.ts';
import { CaptureReader } from '../../src/decode/capture/capture-reader.ts';
import { nodeCiphers } from '../../src/platform/ciphers.ts';
import type { TrafficRecord } from '../../src/wire/traffic.ts';
import { compare, type KindName, kindNames, kinds } from './agreement.ts';
import { corpusFolder, readExpected } from './expected.ts';

/** Longest that a capture may take, in milliseconds of CPU; the largest has 2.6 MB. */
const slowMs = 5000;
const leastShare = 0.99;
/** A limit on what is listed of disagreements. */
const listed = 20;

/** Runs a file through what `netmon replay` runs it through. */
function replay(path: string): { records: TrafficRecord[]; packets: number; ms: number } {
  const since = process.cpuUsage();
  const records: TrafficRecord[] = [];
  const analyzer = new Analyzer(
    { mask: false, ciphers: nodeCiphers },
    { onRecord: (record) => records.push(record), onFlowEnd: (record) => records.push(record) },
  );
  const reader = new CaptureReader(({ bytes, start, end, length, linkType, timeMs }) =>
    analyzer.packet(bytes, start, end, length, linkType, timeMs),
  );
  reader.push(readFileSync(path));
  reader.end();
  analyzer.finish();
  return { records, packets: analyzer.counters.packets, ms: process.cpuUsage(since).user / 1000 };
}

const expected = readExpected();
const skip = expected ? false : `no captures to compare with at ${corpusFolder}`;

describe('captures of other projects', { skip }, () => {
  const agreed = Object.fromEntries(
    kindNames.map((kind) => [kind, { same: 0, of: 0, missing: [] as string[] }]),
  );
  const miscounted: string[] = [];
  const slow: string[] = [];

  it('are read to their end without an exception, packet for packet as by tcpdump, none slowly', () => {
    for (const one of expected ?? []) {
      const { records, packets, ms } = replay(join(corpusFolder, one.file));
      if (one.packets !== null && one.packets !== packets)
        miscounted.push(`${one.file}: ${packets} packets, tcpdump reads ${one.packets}`);
      if (ms > slowMs) slow.push(`${one.file}: ${ms.toFixed(0)} ms`);
      for (const record of records) assert.equal(Object.keys(record)[0], 'type');
      for (const kind of kindNames) {
        const wanted = kinds[kind].expected(one);
        const { same, missing } = compare(wanted, kinds[kind].found(records));
        const sum = agreed[kind];
        sum.same += same;
        sum.of += wanted.length;
        for (const line of missing) sum.missing.push(`${one.file}: ${line}`);
      }
    }
    assert.deepEqual([miscounted, slow], [[], []]);
  });

  for (const [kind, what] of Object.entries({
    http: 'HTTP requests',
    status: 'HTTP statuses',
    dns: 'DNS questions',
    sni: 'names of TLS servers',
  } satisfies Record<KindName, string>))
    it(`hold the ${what} that tshark finds, to at least 99 %`, () => {
      const { same, of, missing } = agreed[kind];
      assert.ok(
        same >= leastShare * of,
        `${same} of ${of}; not found:\n${missing.slice(0, listed).join('\n')}`,
      );
    });
});
