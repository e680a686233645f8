/**
 * `npm run bench [-- [--quick] NAMES]`: measures netmon against doing without it and against what else there is, on this
 * machine, in one run. Each figure is on a line of its own with its name, its aim and how it came about.
 *
 * Needs root: network namespaces for the traffic, eBPF for netmon.
 */
import { missing } from '../test/support/needs.ts';
import { measureConnections } from './connections.ts';
import { measureDelay } from './delay.ts';
import { measureInspection } from './inspect.ts';
import { measureInspected } from './inspect-seen.ts';
import { measureMonitors } from './monitors.ts';
import { measureProbes } from './probes.ts';
import { measureRecords } from './records.ts';
import { measureReplay } from './replay.ts';
import type { BenchmarkOptions } from './report.ts';
import { measureRequests } from './requests.ts';
import { measureSeen } from './seen.ts';
import { measureTransfer } from './transfer.ts';

/** In the order in which they run. */
const benchmarks: Readonly<Record<string, (options: BenchmarkOptions) => Promise<void>>> = {
  seen: measureSeen,
  transfer: measureTransfer,
  inspect: measureInspection,
  inspected: measureInspected,
  requests: measureRequests,
  connections: measureConnections,
  delay: measureDelay,
  replay: measureReplay,
  probes: measureProbes,
  monitors: measureMonitors,
  records: measureRecords,
};

const names = process.argv.slice(2).filter((one) => !one.startsWith('--'));
const quick = process.argv.includes('--quick');
const unknown = names.find((name) => !(name in benchmarks));
const reason =
  unknown === undefined
    ? missing('root', 'gcc', 'namespaces', 'bpf')
    : `unknown benchmark ${unknown}: known are ${Object.keys(benchmarks).join(', ')}`;
if (reason) {
  console.error(reason);
  process.exitCode = 2;
} else {
  for (const [name, run] of Object.entries(benchmarks))
    if (names.length === 0 || names.includes(name)) await run({ quick });
}
