import { nodeCiphers } from '../platform/ciphers.ts';
import type { ApplicationRecord, FlowRecord } from '../wire/traffic.ts';
import { Analyzer } from './analyzer.ts';
import { linkTypes } from './packet/link.ts';

/**
 * Runs Ethernet frames, a millisecond apart or at `times`, through an analyzer; everything that came of them. All lie in the
 * same Buffer, one after the other, as with a reader of files: whatever is kept of a packet has to be a copy.
 */
export function analyze(
  frames: readonly Uint8Array[],
  { mask = false, linkType = linkTypes.ethernet as number, times = [] as readonly number[] } = {},
): { records: ApplicationRecord[]; flows: FlowRecord[]; analyzer: Analyzer } {
  const records: ApplicationRecord[] = [];
  const flows: FlowRecord[] = [];
  const analyzer = new Analyzer(
    { mask, ciphers: nodeCiphers },
    { onRecord: (record) => records.push(record), onFlowEnd: (record) => flows.push(record) },
  );
  const buffer = Buffer.alloc(Math.max(0, ...frames.map(({ length }) => length)));
  for (const [i, frame] of frames.entries()) {
    buffer.fill(0xff);
    buffer.set(frame);
    analyzer.packet(buffer, 0, frame.length, frame.length, linkType, 1_700_000_000_000 + (times[i] ?? i));
  }
  buffer.fill(0xff);
  analyzer.finish();
  return { records, flows, analyzer };
}
