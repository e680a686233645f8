// What 2,000 monitors at five agents, a round every 20 seconds, cost the server, and how long an action takes then.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type RunningServer, startServer } from '../src/server/server.fixture.ts';
import type { MonitorResult } from '../src/wire/monitor.ts';
import { newMonitorSchema } from '../src/wire/monitor-api.ts';
import { announce, type BenchmarkOptions, median, report } from './report.ts';

const monitors = 2000;
const agents = ['a', 'b', 'c', 'd', 'e'];
const intervalMs = 20_000;
/** Rounds of a commit, as an agent sends them. */
const batch = 100;
const minuteMs = 60_000;

/** Measures the server alone: its rounds come without a link. */
export async function measureMonitors({ quick }: BenchmarkOptions): Promise<void> {
  announce(`${monitors} monitors at ${agents.length} agents, a round every ${intervalMs / 1000} s`);
  await using server = await startServer();
  const inputs = Array.from({ length: monitors }, (_, i) =>
    newMonitorSchema.parse({
      id: `m${i}`,
      name: `Monitor ${i}`,
      probe: { kind: 'http', url: `https://host-${i}.example/` },
      interval_ms: intervalMs,
      agents,
    }),
  );
  await server.monitors.save(inputs);
  const sequences = new Map<string, number>();
  const commit: number[] = [];
  const sum: number[] = [];
  for (let minute = 0; minute < (quick ? 2 : 5); minute++) {
    commit.push(
      await measureCpu(() => commitMinute(server, sequences, Date.now() - (60 - minute) * minuteMs)),
    );
    sum.push(await measureCpu(() => server.monitors.sum()));
  }
  const share = (ms: number[]): number => (median(ms) / minuteMs) * 100;
  const how = 'CPU of the process over the time that the rounds stand for';
  report('monitors.commit', share(commit), '% of a core', { how });
  report('monitors.sum', share(sum), '% of a core', { how });
  await measureActions(server, quick ? 5 : 15);
}

async function measureActions(server: RunningServer, times: number): Promise<void> {
  const json = { 'content-type': 'application/json' };
  const change = { method: 'POST', headers: json, body: '{}' };
  const { version } = (await (await fetch(`${server.url}/api/monitors?limit=1`)).json()) as {
    version: number;
  };
  const yaml = { 'content-type': 'application/yaml' };
  const file = await (await fetch(`${server.url}/api/monitors/export`)).text();
  const actions: readonly (readonly [string, string, RequestInit?])[] = [
    ['list', '/api/monitors?limit=2000'],
    ['page', '/api/monitors?limit=200&text=Monitor'],
    ['changes', `/api/monitors?limit=2000&since_version=${version}`],
    ['one', '/api/monitors/m7'],
    ['history', '/api/monitors/m7/history?since=24h'],
    ['results', '/api/monitors/m7/results'],
    ['stop', '/api/monitors/m7/stop', change],
    ['start', '/api/monitors/m7/start', change],
    ['metrics', '/metrics'],
    ['export', '/api/monitors/export'],
    ['import', '/api/monitors/import', { method: 'POST', headers: yaml, body: file }],
  ];
  for (const [name, path, init] of actions) {
    const taken: number[] = [];
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    for (let i = 0; i < times; i++) {
      const started = performance.now();
      await (await fetch(server.url + path, init)).arrayBuffer();
      taken.push(performance.now() - started);
    }
    delay.disable();
    const how = `over HTTP, median; the event loop held for ${Math.round(delay.max / 1e6)} ms at most`;
    report(`monitors.${name}`, median(taken), 'ms', { aim: 'under 200', how });
  }
}

async function commitMinute(
  { store, monitors: sink }: RunningServer,
  sequences: Map<string, number>,
  start: number,
): Promise<void> {
  for (let at = start; at < start + minuteMs; at += intervalMs) {
    for (const agent of agents) {
      for (let i = 0; i < monitors; i += batch) {
        const results = Array.from({ length: batch }, (_, j) => makeResult(i + j, at));
        const first = sequences.get(agent) ?? 0;
        sequences.set(agent, first + batch);
        const records = results.map((result) => ({ kind: 'probe' as const, result }));
        const { ids } = await store.insertReported({ agent, epoch: 'e', first, records });
        sink.committed(agent, results, Math.max(...ids.map(Number)));
      }
    }
  }
}

function makeResult(monitor: number, at: number): MonitorResult {
  const down = monitor % 97 === 0;
  return {
    monitor: `m${monitor}`,
    revision: 1,
    at: new Date(at + monitor).toISOString(),
    outcome: down ? 'down' : 'up',
    duration_ms: 50,
    reason: down ? { code: 'TIMEOUT', message: 'no answer in 10 s', phase: 'connect' } : null,
    attempts: 1,
    address: '192.0.2.1:443',
    phases: { resolve_ms: 1, connect_ms: 10, tls_ms: 12, processing_ms: 20, transfer_ms: 1 },
    echoes: [40 + (monitor % 20)],
    detail: {
      status: 200,
      http_version: '2',
      tls_version: 'TLSv1.3',
      certificate: {
        subject: 'CN=host.example',
        issuer: 'CN=Example',
        names: ['host.example'],
        not_before: '2026-01-01T00:00:00.000Z',
        not_after: '2027-01-01T00:00:00.000Z',
        fingerprint: 'ab'.repeat(32),
        chain: 2,
        problem: null,
      },
    },
  };
}

async function measureCpu(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
