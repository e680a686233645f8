// Monitors as an agent carries them out, with a spool on disk, for a while: MONITORS INTERVAL_MS WARM_MS MEASURE_MS KIND...
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Spool } from '../src/agent/link/spool.ts';
import { nextOnGrid, placeOf } from '../src/agent/monitors/grid.ts';
import { makeNetworkReader } from '../src/agent/monitors/network-view.ts';
import { MonitorRunner } from '../src/agent/monitors/runner.ts';
import { allowAll } from '../src/agent/probes/address-policy.ts';
import { probeTypes } from '../src/agent/probes/registry.ts';
import { makeReporter } from '../src/platform/reporter.ts';
import { type Assignment, monitorSettingsSchema } from '../src/wire/monitor.ts';
import { quantile } from './report.ts';

/** What a measurement found. */
export interface RoundsReport {
  readonly rounds: number;
  readonly up: number;
  readonly cpuSeconds: number;
  /** How late rounds began, by their own time of beginning and the grid that their ids give. */
  readonly lateP50Ms: number;
  readonly lateP99Ms: number;
  readonly lateMaxMs: number;
}

const probes: Readonly<Record<string, unknown>> = {
  http: { kind: 'http', url: 'http://127.0.0.1/' },
  https: { kind: 'http', url: 'https://127.0.0.1/' },
  icmp: { kind: 'icmp', host: '127.0.0.1', echoes: 1 },
};
const [count, intervalMs, warmMs, measureMs] = process.argv.slice(2, 6).map(Number);
const kinds = process.argv.slice(6);

const folder = mkdtempSync(join(tmpdir(), 'netmon-bench-'));
using spool = new Spool({ path: join(folder, 'spool.db') });
const runner = new MonitorRunner({
  types: probeTypes,
  policy: allowAll,
  now: Date.now,
  monotonic: () => performance.now(),
  file: join(folder, 'monitors.json'),
  record: (record) => spool.add(record),
  reporter: makeReporter({ level: 'error' }),
  network: makeNetworkReader(() => performance.now()),
  describe: () => {
    throw new Error('nobody asks');
  },
});
runner.start();
const flushing = setInterval(() => spool.flush(), 1_000);
for (let part = 0; part * 200 < count; part++) {
  const ids = Array.from({ length: Math.min(200, count - part * 200) }, (_, i) => part * 200 + i);
  await runner.handle(
    {
      type: 'monitors.set',
      revision: 1,
      part,
      parts: Math.ceil(count / 200),
      monitors: ids.map(makeMonitor),
    },
    'server',
  );
}
await wait(warmMs);

let up = 0;
const late: number[] = [];
const end = runner.onResult((result) => {
  const at = Date.parse(result.at);
  // Its time is cut to the millisecond, so it may seem to be before the grid.
  const next = nextOnGrid(placeOf(result.monitor), intervalMs, at + 1);
  late.push(Math.max(0, at - (next - intervalMs)));
  if (result.outcome === 'up') up++;
});
const before = process.cpuUsage();
await wait(measureMs);
const used = process.cpuUsage(before);
end();
const report: RoundsReport = {
  rounds: late.length,
  up,
  cpuSeconds: (used.user + used.system) / 1e6,
  lateP50Ms: quantile(late, 0.5),
  lateP99Ms: quantile(late, 0.99),
  lateMaxMs: Math.max(...late),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
clearInterval(flushing);
await runner.stop();
rmSync(folder, { recursive: true });

function makeMonitor(i: number): Assignment {
  const { name, probe, interval_ms, timeout_ms, retries, assertions, thresholds, labels } =
    monitorSettingsSchema.parse({
      name: `monitor ${i}`,
      probe: probes[kinds[i % kinds.length]],
      interval_ms: intervalMs,
    });
  return {
    id: `monitor-${i}`,
    revision: 1,
    name,
    probe,
    interval_ms,
    timeout_ms,
    retries,
    assertions,
    thresholds,
    labels,
  };
}
