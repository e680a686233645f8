import { makeReporter } from '../../platform/reporter.ts';
import type { DurableRecord } from '../../wire/link.ts';
import { type Assignment, monitorSettingsSchema } from '../../wire/monitor.ts';
import type { ProbeRun, ProbeType } from '../probes/probe.ts';
import type { ProbeTypes } from '../probes/registry.ts';
import type { NetworkView } from './connectivity.ts';
import { MonitorRunner, type RunnerParts } from './runner.ts';

/** A monitor of TCP port 7 with the defaults; `changes` in place of them. */
export function makeAssignment(id: string, changes: Partial<Assignment> = {}): Assignment {
  const { name, probe, interval_ms, timeout_ms, retries, assertions, thresholds, labels } =
    monitorSettingsSchema.parse({ name: id, probe: { kind: 'tcp', host: '192.0.2.7', port: 7 } });
  return {
    id,
    revision: 1,
    name,
    probe,
    interval_ms,
    timeout_ms,
    retries,
    assertions,
    thresholds,
    labels,
    ...changes,
  };
}

/** A try that found the service as it should be; `changes` in place of that. */
export function makeRun(changes: Partial<ProbeRun> = {}): ProbeRun {
  return {
    failure: null,
    address: '192.0.2.7:7',
    responseMs: 3,
    phases: { resolve_ms: null, connect_ms: 3, tls_ms: null, processing_ms: null, transfer_ms: null },
    echoes: [],
    facts: {},
    detail: {},
    ...changes,
  };
}

/** Probes of TCP that find what is said. */
export function makeTypes(run: ProbeType<'tcp'>['run']): ProbeTypes {
  return { tcp: { kind: 'tcp', facts: [], run } };
}

/** A machine with one interface, which leads everywhere. */
export const goodNetwork: NetworkView = {
  interfaces: new Set(['eth0']),
  isOwnAddress: () => false,
  findWay: () => ({ interface: 'eth0', gateway: '192.0.2.254' }),
  isLost: () => false,
};

/** A runner that keeps its records in `records`. */
export function makeRunner(changes: Partial<RunnerParts> = {}): {
  readonly runner: MonitorRunner;
  readonly records: DurableRecord[];
  readonly log: string[];
} {
  const records: DurableRecord[] = [];
  const log: string[] = [];
  const runner = new MonitorRunner({
    types: makeTypes(async () => makeRun()),
    policy: { refuse: () => null },
    now: Date.now,
    monotonic: () => performance.now(),
    file: null,
    record: (record) => void records.push(record),
    reporter: makeReporter({ write: (line) => void log.push(line), format: 'json' }),
    network: () => goodNetwork,
    describe: () => ({
      agent: 'a',
      version: '1',
      kernel: 'k',
      os: 'o',
      uptime_s: 1,
      servers: [],
      spooled_records: 0,
      spooled_bytes: 0,
      lost_records: 0,
      cpu_percent: 0,
      memory_bytes: 0,
      forbidden: [],
    }),
    ...changes,
  });
  return { runner, records, log };
}
