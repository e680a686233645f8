// (c) What netmon costs with many established connections, against the loops of others, and (e) how much memory it takes.
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '../src/client/live.ts';
import { startGenerator } from '../test/support/generator.ts';
import { Namespace } from '../test/support/namespaces.ts';
import { type Netmon, runNetmon } from '../test/support/netmon.ts';
import type { ServeReport } from '../test/support/reports.ts';
import { until } from '../test/support/until.ts';
import {
  describeProcess,
  listFamily,
  listPrograms,
  measureCpu,
  measurePrograms,
  readResident,
} from './cost.ts';
import { type LoopKind, loopKinds, runLoop } from './loops.ts';
import { announce, type BenchmarkOptions, report } from './report.ts';

const sizes = [100, 1000, 10_000];
const active = 100;

interface Costs {
  readonly quiet: number;
  readonly watchedPerRefresh: number;
}

export async function measureConnections({ quick }: BenchmarkOptions): Promise<void> {
  announce(
    'CPU of all of netmon with established connections (both ends on this machine), in per cent of one core',
  );
  const windowMs = quick ? 3000 : 8000;
  const costs = new Map<number, Costs>();
  for (const size of quick ? [100, 10_000] : sizes) costs.set(size, await measureSize(size, windowMs));
  const [few, many] = [costs.get(100)!, costs.get(10_000)!];
  report('cpu_unwatched_10000_over_100', many.quiet / few.quiet, 'times', { aim: 'at most 1.5' });
}

async function measureSize(size: number, windowMs: number): Promise<Costs> {
  const others = listPrograms();
  await using netmon = await runNetmon();
  const programs = new Set([...listPrograms()].filter((id) => !others.has(id)));
  using space = new Namespace();
  await using server = startGenerator(['serve'], { namespace: space });
  const { port } = await server.next<ServeReport>();
  const hold = ['hold', '--port', port, '--count', size, '--active', active, '--rate', 10, '--step'];
  await using holder = startGenerator(hold, { namespace: space });
  await holder.next();
  await until('all connections', async () => {
    const { active_connections } = await netmon.get<{ active_connections: number }>('/api/stats');
    return active_connections >= 2 * size || undefined;
  });
  const pids = listFamily(netmon.pid);
  await settle(pids);
  const quiet = await measureCpu(pids, windowMs);
  report(`cpu_unwatched_${size}`, quiet, '%', size === 10_000 ? { aim: 'under 1' } : {});
  const watched = await measureWatched(netmon, pids, windowMs);
  report(`cpu_watched_${size}`, watched.cpu, '%', {
    ...(size === 10_000 && { aim: 'under 3' }),
    how: `${watched.refreshes.toFixed(1)} frames/s`,
  });
  holder.go();
  await wait(2000);
  report(`cpu_unwatched_${size}_with_${active}_active`, await measureCpu(pids, windowMs), '%');
  const busy = await measureWatched(netmon, pids, windowMs);
  report(`cpu_watched_${size}_with_${active}_active`, busy.cpu, '%', {
    how: `${busy.refreshes.toFixed(1)} frames/s`,
  });
  report(`cpu_kernel_programs_${size}_with_${active}_active`, await measurePrograms(programs, 3000), '%', {
    how: 'in the context of the traffic',
  });
  if (size === 10_000) reportMemory(pids);
  await netmon.stop();
  const perRefresh = busy.cpu / 100 / busy.refreshes;
  for (const kind of loopKinds) await compareLoop(kind, size, space, windowMs, perRefresh);
  return { quiet, watchedPerRefresh: perRefresh };
}

/** Waits until start, compilation and the arrival of all connections are over: three seconds alike, 20 at most. */
async function settle(pids: readonly number[]): Promise<void> {
  const last: number[] = [];
  for (let second = 0; second < 20; second++) {
    last.push(await measureCpu(pids, 1000));
    const recent = last.slice(-3);
    if (last.length > 5 && Math.max(...recent) - Math.min(...recent) < 0.5) return;
  }
}

async function compareLoop(
  kind: LoopKind,
  size: number,
  space: Namespace,
  windowMs: number,
  perRefresh: number,
): Promise<void> {
  const loop = await runLoop(kind, windowMs / 1000, space);
  report(`cpu_${kind}_loop_${size}`, (loop.cpu_s / loop.wall_s) * 100, '%', {
    how: `${(loop.rounds / loop.wall_s).toFixed(1)} rounds/s`,
  });
  report(`${kind}_round_over_netmon_refresh_${size}`, loop.cpu_s / loop.rounds / perRefresh, 'times', {
    ...(kind === 'psutil' && size === 10_000 && { aim: 'at least 250' }),
    how: `${((loop.cpu_s / loop.rounds) * 1000).toFixed(2)} ms over ${(perRefresh * 1000).toFixed(3)} ms`,
  });
}

/** With a viewer that does what the dashboard's first page does. */
async function measureWatched(
  netmon: Netmon,
  pids: readonly number[],
  ms: number,
): Promise<{ cpu: number; refreshes: number }> {
  let frames = 0;
  const viewer = connect({ url: netmon.url, onFrame: () => frames++ });
  try {
    viewer.subscribe({ kind: 'subscribe', id: 'rows', topic: 'connections', sort: '-speed', limit: 200 });
    viewer.subscribe({ kind: 'subscribe', id: 'chart', topic: 'bandwidth', by: 'total' });
    await until('frames', () => frames > 5 || undefined);
    await wait(1500);
    const before = frames;
    const since = performance.now();
    const cpu = await measureCpu(pids, ms);
    return { cpu, refreshes: ((frames - before) / (performance.now() - since)) * 1000 };
  } finally {
    viewer.close();
  }
}

function reportMemory(pids: readonly number[]): void {
  let sum = 0;
  for (const pid of pids) {
    const bytes = readResident(pid);
    sum += bytes;
    report(`memory_of_${describeProcess(pid)}`, bytes / 1e6, 'MB', { how: `process ${pid}, VmRSS` });
  }
  report('memory_of_all', sum / 1e6, 'MB', { aim: 'under 160' });
}
