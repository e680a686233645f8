// (b) What inspection takes from a bulk TCP transfer without segmentation offload while HTTP requests pass, and what it
// loses of the packets, against the other ways to look at it.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Generator } from '../test/support/generator.ts';
import { farAddress, makeLink, type Namespace } from '../test/support/namespaces.ts';
import { listFamily, readCpuSeconds } from './cost.ts';
import { announce, type BenchmarkOptions, median, quantile, report } from './report.ts';
import { startNginx } from './requests.ts';

interface IperfReport {
  readonly end: {
    readonly sum_received: { readonly bytes: number; readonly seconds: number };
    readonly cpu_utilization_percent: { readonly host_total: number; readonly remote_total: number };
  };
}

/** What looks at the traffic: a command in the near namespace, or nothing. */
interface Watcher {
  readonly name: string;
  readonly argv: readonly string[] | null;
  /** What it prints once it has begun. */
  readonly begun: RegExp;
  /** Where it says, at its end, how many packets it lost. */
  readonly dropped: RegExp;
}

const watchers: readonly Watcher[] = [
  { name: 'nothing', argv: null, begun: /^/, dropped: /^/ },
  {
    name: 'netmon',
    argv: [process.execPath, join(import.meta.dirname, 'inspect-child.ts')],
    begun: /"works":true/,
    dropped: /"packets":(\d+)/,
  },
  {
    name: 'tcpdump',
    argv: ['tcpdump', '-i', 'veth0', '-w', '/dev/null'],
    begun: /listening on/,
    dropped: /(\d+) packets? dropped by kernel/,
  },
  {
    name: 'tshark',
    argv: ['tshark', '-i', 'veth0', '-q', '-z', 'io,stat,0', '-z', 'http,tree'],
    begun: /Capturing on/,
    dropped: /(\d+) packets? dropped/,
  },
];

/** After it has begun: its start is not what is measured. */
const settleMs = 1000;
/** HTTP requests a second beside the transfer, over one connection. */
const requestsPerSecond = 500;
/** Longest wait for a watcher's last words, which takes tshark a while. */
const lastWordsMs = 30_000;

interface Costs {
  /** Seconds of CPU a gigabyte: of the transfer's two ends, and of the watcher itself. */
  readonly transfer: number[];
  readonly own: number[];
  /** Packets lost over all rounds. */
  dropped: number;
}

export async function measureInspection({ quick }: BenchmarkOptions): Promise<void> {
  announce(
    `bulk TCP transfer (iperf3) without segmentation offload beside ${requestsPerSecond} HTTP requests a second, CPU of the transfer itself over nobody looking`,
  );
  using link = makeLink();
  const folder = mkdtempSync(join(tmpdir(), 'netmon-bench-'));
  try {
    for (const space of [link.near, link.far]) space.shell('ip link set veth0 gso_max_segs 1');
    await using _server = new Generator(link.far.command(['iperf3', '-s', '--forceflush']));
    await using _nginx = startNginx(link.far, folder, 'keepalive_requests 100000000');
    for (let tries = 0; tries < 50 && (await transfer(link.near, 1).catch(() => null)) === null; tries++)
      await wait(100);
    const costs = new Map(
      watchers.map(({ name }): [string, Costs] => [name, { transfer: [], own: [], dropped: 0 }]),
    );
    for (let round = 0; round < (quick ? 4 : 10); round++)
      for (const watcher of round % 2 === 0 ? watchers : watchers.toReversed())
        await measure(watcher, link.near, quick ? 1 : 2, costs.get(watcher.name)!);
    tell(costs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tell(costs: ReadonlyMap<string, Costs>): void {
  const base = costs.get('nothing')!.transfer;
  for (const [name, { transfer: cost, own, dropped }] of costs) {
    if (name === 'nothing') continue;
    report(`bulk_cpu_with_${name}`, (median(cost) / median(base)) * 100, '%', {
      ...(name === 'netmon' && { aim: 'at most 103' }),
      how: `${spread(cost)} s/GB with, ${spread(base)} without; its own process ${spread(own)} s/GB; ${dropped} packets dropped`,
    });
  }
}

async function measure(watcher: Watcher, space: Namespace, seconds: number, costs: Costs): Promise<void> {
  const watching = watcher.argv && (await startWatching(watcher, space.command(watcher.argv)));
  await wait(watching ? settleMs : 0);
  const family = watching ? listFamily(watching.pid) : [];
  const before = readCpuSeconds(family);
  const [{ cost, gigabytes }] = await Promise.all([transfer(space, seconds), request(space, seconds)]);
  costs.transfer.push(cost);
  costs.own.push((readCpuSeconds(family) - before) / gigabytes);
  costs.dropped += (await watching?.end()) ?? 0;
}

interface Watching {
  readonly pid: number;
  /** Ends it; the packets that it says it lost. */
  end(): Promise<number>;
}

async function startWatching({ name, begun, dropped }: Watcher, argv: readonly string[]): Promise<Watching> {
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let said = '';
  const { promise: started, resolve } = Promise.withResolvers<void>();
  const hear = (text: Buffer): void => {
    said += text.toString();
    if (begun.test(said)) resolve();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  await Promise.race([started, closed]);
  if (child.exitCode !== null) throw new Error(`${name} ended: ${said.trim()}`);
  return {
    pid: child.pid!,
    async end() {
      child.stdin.end();
      if (name !== 'netmon') child.kill('SIGINT');
      const late = setTimeout(() => child.kill('SIGKILL'), lastWordsMs);
      await closed;
      clearTimeout(late);
      return Number(dropped.exec(said)?.[1] ?? 0);
    },
  };
}

/** Keeps a web server busy for that time. */
async function request(space: Namespace, seconds: number): Promise<void> {
  const count = `${requestsPerSecond * seconds}`;
  const load = ['h2load', '--h1', '-c', '1', '-n', count, '--rps', `${requestsPerSecond}`];
  const [file, ...args] = space.command([...load, `http://${farAddress[4]}/small`]);
  await promisify(execFile)(file!, args);
}

/** Seconds of CPU that both ends of a transfer took for a gigabyte. */
async function transfer(space: Namespace, seconds: number): Promise<{ cost: number; gigabytes: number }> {
  const [file, ...args] = space.command(['iperf3', '-J', '-c', farAddress[4], '-t', String(seconds)]);
  const { stdout } = await promisify(execFile)(file, args, { maxBuffer: 1 << 24 });
  const { sum_received, cpu_utilization_percent: cpu } = (JSON.parse(stdout) as IperfReport).end;
  const gigabytes = sum_received.bytes / 1e9;
  const cost = (((cpu.host_total + cpu.remote_total) / 100) * sum_received.seconds) / gigabytes;
  return { cost, gigabytes };
}

const spread = (values: readonly number[]): string =>
  `${median(values).toPrecision(3)} [${quantile(values, 0.25).toPrecision(3)}..${quantile(values, 0.75).toPrecision(3)}]`;
