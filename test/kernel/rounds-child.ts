// Carries out a monitor of ICMP twice a second for each host that is named, and prints each round, until its input ends.
import { once } from 'node:events';
import { makeNetworkReader } from '../../src/agent/monitors/network-view.ts';
import { MonitorRunner } from '../../src/agent/monitors/runner.ts';
import { allowAll } from '../../src/agent/probes/address-policy.ts';
import { probeTypes } from '../../src/agent/probes/registry.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { monitorSettingsSchema } from '../../src/wire/monitor.ts';

const monotonic = (): number => performance.now();
const runner = new MonitorRunner({
  types: probeTypes,
  policy: allowAll,
  now: Date.now,
  monotonic,
  file: null,
  record: () => {},
  reporter: makeReporter({ level: 'error' }),
  network: makeNetworkReader(monotonic),
  describe: () => {
    throw new Error('nobody asks');
  },
});
runner.start();
runner.onResult(({ at, monitor, outcome, reason }) =>
  process.stdout.write(`${JSON.stringify({ at, monitor, outcome, reason })}\n`),
);
for (const [i, host] of process.argv.slice(2).entries()) {
  const { name, probe, timeout_ms, retries, assertions, thresholds, labels } = monitorSettingsSchema.parse({
    name: host,
    probe: { kind: 'icmp', host, echoes: 1 },
    timeout_ms: 300,
  });
  const monitor = {
    id: `m${i}`,
    revision: 1,
    name,
    probe,
    interval_ms: 500,
    timeout_ms,
    retries,
    assertions,
    thresholds,
    labels,
  };
  await runner.handle({ type: 'monitor.put', monitor }, 'server');
}
process.stdin.resume();
await once(process.stdin, 'end');
await runner.stop();
