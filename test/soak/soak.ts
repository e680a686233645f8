/**
 * `npm run soak [-- traffic --minutes N]`: 3,000 connections a second from changing processes, with failures, for 20 minutes.
 * Checks that every connection is recorded or reported lost, that memory does not grow and that the database keeps its
 * limit. A short form of it is a test.
 */
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { describeProcess, listFamily, readCpuSeconds, readResident } from '../../bench/cost.ts';
import { buildGenerator, generate, startGenerator } from '../support/generator.ts';
import { Namespace } from '../support/namespaces.ts';
import { missing } from '../support/needs.ts';
import { listMissing, type Netmon, runNetmon } from '../support/netmon.ts';
import type { ServedReport, ServeReport, StormReport } from '../support/reports.ts';
import { until } from '../support/until.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly databaseLimitBytes: number;
}

/** Connection ends by their outcome: errno name, or `none`. */
export type Outcomes = Record<string, number>;

export interface SoakResult {
  readonly generated: Outcomes;
  readonly recorded: Outcomes;
  /** Exact counts that netmon reported as lost, by the table that was full. */
  readonly lost: Record<string, number>;
  /** Connection ends that are still shown as open at the end: seen, and recorded later. */
  readonly open: number;
  readonly rows: number;
  /** Connection ends recorded without the program that had them. */
  readonly withoutProgram: number;
  /** Largest size of the database and its log together. */
  readonly databaseBytes: number;
  readonly processes: readonly {
    readonly name: string;
    readonly residentBytes: number;
    /** How much the resident memory grew from the end of the warm-up on, over its mean. */
    readonly growth: number;
    readonly cpuPercent: number;
  }[];
}

interface Lane {
  readonly each: 'one' | 'fork';
  readonly rate: number;
}
/** Together 3,000 a second; each storm is a process of its own (or a process for each connection) for two seconds. */
const lanes: readonly Lane[] = [
  { each: 'one', rate: 1400 },
  { each: 'one', rate: 1400 },
  { each: 'fork', rate: 200 },
];
const stormSeconds = 2;
/** Share of the time in which pools, caches and compiled code still grow. */
const warmUp = 1 / 3;

/** Runs it for that long and waits until netmon has recorded what it will. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  using space = new Namespace();
  space.shell('echo 20000 > /proc/sys/net/ipv4/tcp_max_tw_buckets');
  await using netmon = await runNetmon({ flags: ['--db-limit', String(options.databaseLimitBytes)] });
  const pids = listFamily(netmon.pid);
  await using server = startGenerator(['serve', '--address', '0.0.0.0'], { namespace: space });
  await using resetter = startGenerator(['serve', '--address', '0.0.0.0', '--mode', 'reset'], {
    namespace: space,
  });
  const [{ port }, { port: resetPort }] = [
    await server.next<ServeReport>(),
    await resetter.next<ServeReport>(),
  ];
  using ledger = new Ledger(netmon, space);
  const samples = pids.map((): number[] => []);
  const cpuBefore = pids.map((pid) => readCpuSeconds([pid]));

  const begin = performance.now();
  const over = () => performance.now() - begin > options.seconds * 1000;
  const generated: Outcomes = { none: 0, ECONNREFUSED: 0, ECONNRESET: 0 };
  const runLane = async (lane: Lane) => {
    while (!over()) {
      const storm = ['storm', '--each', lane.each, '--rate', lane.rate, '--count', lane.rate * stormSeconds];
      const report = await generate<StormReport>(
        [...storm, '--port', port, '--reset-port', resetPort, '--refused-port', 9].concat([
          '--refused-every',
          10,
          '--reset-every',
          13,
          '--spread',
          16,
        ]),
        { namespace: space },
      );
      if (report.other > 0) throw new Error(`the generator itself failed: ${JSON.stringify(report)}`);
      generated.none! += report.ok;
      generated.ECONNREFUSED! += report.refused;
      generated.ECONNRESET! += report.reset;
    }
  };
  const watch = async () => {
    while (!over()) {
      await wait(1000);
      ledger.read();
      for (const [i, pid] of pids.entries()) samples[i]!.push(readResident(pid));
    }
  };
  await Promise.all([watch(), ...lanes.map(runLane)]);
  const seconds = (performance.now() - begin) / 1000;
  const cpu = pids.map((pid, i) => ((readCpuSeconds([pid]) - cpuBefore[i]!) / seconds) * 100);

  for (const one of [server, resetter]) {
    one.finish();
    generated.none! += (await one.next<ServedReport>()).accepted;
  }
  const lost = await ledger.settle(sum(generated));
  return {
    generated,
    recorded: ledger.recorded,
    lost,
    open: await countOpen(netmon, space),
    rows: ledger.rows,
    withoutProgram: ledger.withoutProgram,
    databaseBytes: ledger.databaseBytes,
    processes: pids.map((pid, i) => ({
      name: describeProcess(pid),
      residentBytes: samples[i]!.at(-1)!,
      growth: growthOf(samples[i]!.slice(Math.floor(samples[i]!.length * warmUp))),
      cpuPercent: cpu[i]!,
    })),
  };
}

export const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, one) => total + one, 0);

/** How far below the highest number a row may still come in. */
const reach = 100_000;

/** Reads the rows of the generator's network namespace as they are recorded, before the limit removes them again. */
class Ledger implements Disposable {
  readonly #netmon: Netmon;
  readonly #space: Namespace;
  readonly #database: DatabaseSync;
  readonly recorded: Outcomes = { none: 0, ECONNREFUSED: 0, ECONNRESET: 0 };
  rows = 0;
  withoutProgram = 0;
  databaseBytes = 0;
  /** Rows that were read. A row has the number that its connection got when it was opened, so that a late one is low. */
  readonly #read = new Set<number>();
  #highest = 0;

  constructor(netmon: Netmon, space: Namespace) {
    this.#netmon = netmon;
    this.#space = space;
    this.#database = new DatabaseSync(netmon.database, { readOnly: true });
  }

  read(): void {
    const found = this.#database
      .prepare(
        `SELECT id, coalesce(error, 'none') AS error, count, process_path AS path FROM connections
         WHERE id > ? AND network_namespace = ? AND direction IS NOT 'listening' ORDER BY id`,
      )
      .all(this.#highest - reach, this.#space.inode) as {
      id: number;
      error: string;
      count: number;
      path: string | null;
    }[];
    for (const { id, error, count, path } of found) {
      if (this.#read.has(id)) continue;
      this.#read.add(id);
      this.#highest = Math.max(this.#highest, id);
      if (path !== buildGenerator()) this.withoutProgram += count;
      this.recorded[error] = (this.recorded[error] ?? 0) + count;
    }
    this.rows = this.#read.size;
    const size = ['', '-wal'].reduce(
      (bytes, end) =>
        bytes + (statSync(`${this.#netmon.database}${end}`, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
    this.databaseBytes = Math.max(this.databaseBytes, size);
  }

  /** Waits until as many are recorded or reported lost, or nothing comes any more; returns what was lost. */
  async settle(expected: number): Promise<Record<string, number>> {
    const lost = async () => listMissing(await this.#netmon.health());
    await until('all records', async () => {
      this.read();
      return sum(this.recorded) + sum(await lost()) >= expected || undefined;
    }).catch(() => {});
    return lost();
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** The rise of the straight line nearest to the samples, over their mean. */
function growthOf(samples: readonly number[]): number {
  const middle = (samples.length - 1) / 2;
  const mean = samples.reduce((a, b) => a + b, 0) / samples.length;
  let product = 0;
  let square = 0;
  for (const [i, value] of samples.entries()) {
    product += (i - middle) * (value - mean);
    square += (i - middle) ** 2;
  }
  return ((product / square) * (samples.length - 1)) / mean;
}

/** Those in TIME_WAIT are recorded already. */
async function countOpen(netmon: Netmon, space: Namespace): Promise<number> {
  const rows = await netmon.connections({ active: 'true', process: 'generate' });
  return rows.filter((row) => row.network_namespace === space.inode && row.state !== 'TIME_WAIT').length;
}

/**
 * Share of connection ends that may be missing, the exactness that is promised. It is not 0 because some hypervisors'
 * guests run no BPF program in softirqs that interrupt certain processes, where no tracepoint can count.
 */
const tolerance = 0.0001;

const agree = (generated: number, recorded: number): boolean =>
  Math.abs(generated - recorded) <= generated * tolerance;

/** What a run did not keep; empty when all is well. */
export function judge(
  result: SoakResult,
  limits: { readonly growth: number; readonly databaseLimitBytes: number },
): string[] {
  const problems: string[] = [];
  const total = sum(result.generated);
  const accounted = sum(result.recorded) + sum(result.lost) + result.open;
  if (!agree(total, accounted))
    problems.push(`${total} connection ends generated, ${accounted} recorded, reported lost or open`);
  for (const error of ['ECONNREFUSED', 'ECONNRESET'])
    if (sum(result.lost) === 0 && !agree(result.generated[error], result.recorded[error]))
      problems.push(`${error}: ${result.generated[error]} generated, ${result.recorded[error]} recorded`);
  if (result.withoutProgram > total * tolerance)
    problems.push(`${result.withoutProgram} recorded without their program`);
  for (const { name, growth } of result.processes)
    if (growth > limits.growth) problems.push(`memory of ${name} grew by ${(growth * 100).toFixed(1)} %`);
  if (result.databaseBytes > limits.databaseLimitBytes * 1.1)
    problems.push(`the database took ${result.databaseBytes} bytes of ${limits.databaseLimitBytes}`);
  return problems;
}

/** `args` are those of the command after its name. True when all was well. */
export async function runSoakCommand(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { minutes: { type: 'string', default: '20' } } });
  const reason = missing('root', 'gcc', 'namespaces', 'bpf');
  if (reason) throw new Error(reason);
  const databaseLimitBytes = 50e6;
  const result = await runSoak({ seconds: Number(values.minutes) * 60, databaseLimitBytes });
  console.log(JSON.stringify(result, null, 2));
  const problems = judge(result, { growth: 0.1, databaseLimitBytes });
  for (const problem of problems) console.log(`FAILED: ${problem}`);
  if (problems.length === 0) console.log('all accounted for, memory flat, database within its limit');
  return problems.length === 0;
}
