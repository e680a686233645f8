// How many durable records a second go from an agent to the server's disk, and how fast what an outage left is made up for.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProgram } from '../test/durability/server.ts';
import { until } from '../test/support/until.ts';
import { readCpuSeconds } from './cost.ts';
import type { RecordsOrder, RecordsState } from './records-child.ts';
import { announce, type BenchmarkOptions, report } from './report.ts';

/** Live traffic while an agent catches up. */
const livePerSecond = 1_000;
/** Longest for one measurement. */
const withinMs = 600_000;

export async function measureRecords({ quick }: BenchmarkOptions): Promise<void> {
  announce(
    'Records of connections, rounds and sums from one agent to the database, acknowledged after fsync',
  );
  const folder = mkdtempSync(join(tmpdir(), 'netmon-bench-'));
  try {
    await measureFlow(join(folder, 'flow'), quick ? 100_000 : 500_000);
    await measureCatchUp(join(folder, 'catch-up'), quick ? 30_000 : 90_000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureFlow(folder: string, total: number): Promise<void> {
  await using server = new ServerProgram();
  await server.start(join(folder, 'netmon.db'));
  await server.addMonitors();
  await using agent = new Agent(server.url, join(folder, 'spool'));
  // What is acknowledged counts as waiting until the spool deletes it, a second later at most.
  const flood = { waiting: 120_000, perSecond: 1e6 };
  const warm = total / 10;
  agent.order({ ...flood, total: warm });
  await agent.reach(warm);
  const [began, agentBefore, serverBefore] = [performance.now(), agent.cpuSeconds(), cpuOf(server)];
  agent.order({ ...flood, total: warm + total });
  await agent.reach(warm + total);
  const seconds = (performance.now() - began) / 1000;
  const [agentCpu, serverCpu] = [agent.cpuSeconds() - agentBefore, cpuOf(server) - serverBefore];
  report('records_per_second', total / seconds, 'records/s', {
    aim: '50,000',
    how: `${total} records, ${agent.state.lost} lost`,
  });
  report('record_cpu_agent', (agentCpu / total) * 1e6, 'us', { how: 'spool and link' });
  report('record_cpu_server', (serverCpu / total) * 1e6, 'us', {
    how: 'from the frame to the acknowledgement',
  });
}

async function measureCatchUp(folder: string, backlog: number): Promise<void> {
  await using server = new ServerProgram();
  const database = join(folder, 'netmon.db');
  await server.start(database);
  await server.addMonitors();
  await server.stop();
  await using agent = new Agent(server.url, join(folder, 'spool'));
  agent.order({ total: backlog, waiting: Number.MAX_SAFE_INTEGER, perSecond: 20_000 });
  await until('the backlog', () => agent.state.made === backlog || undefined, { withinMs });
  agent.order({ total: Number.MAX_SAFE_INTEGER, waiting: Number.MAX_SAFE_INTEGER, perSecond: livePerSecond });
  await server.start(database);
  await agent.reach(1);
  const [began, before] = [performance.now(), agent.state];
  // What came within the last second waits for the spool's flush.
  await until('the end', () => agent.state.made - agent.state.acknowledged <= livePerSecond || undefined, {
    withinMs,
    everyMs: 5,
  });
  const seconds = (performance.now() - began) / 1000;
  const done = agent.state.acknowledged - before.acknowledged;
  report('catch_up', done / seconds, 'records/s', {
    how: `a backlog of ${backlog} in ${seconds.toFixed(1)} s, while ${livePerSecond} a second came in; ${agent.state.lost} lost`,
  });
}

class Agent implements AsyncDisposable {
  state: RecordsState = { made: 0, acknowledged: 0, lost: 0 };
  readonly #process: ChildProcess;

  constructor(server: string, spool: string) {
    this.#process = fork(join(import.meta.dirname, 'records-child.ts'), [server, spool]);
    this.#process.on('message', (state) => {
      this.state = state as RecordsState;
    });
  }

  order(order: RecordsOrder): void {
    this.#process.send(order);
  }

  async reach(acknowledged: number): Promise<void> {
    await until(`${acknowledged} records`, () => this.state.acknowledged >= acknowledged || undefined, {
      withinMs,
      everyMs: 5,
      describe: () => this.state,
    });
  }

  cpuSeconds(): number {
    return readCpuSeconds([this.#process.pid!]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}

function cpuOf(server: ServerProgram): number {
  return readCpuSeconds([server.pid]);
}
