// (b) What inspection takes from a bulk TCP transfer without segmentation offload, against the other ways to look at it.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Generator } from '../test/support/generator.ts';
import { farAddress, makeLink, type Namespace } from '../test/support/namespaces.ts';
import { listFamily, readCpuSeconds } from './cost.ts';
import { announce, type BenchmarkOptions, median, quantile, report } from './report.ts';

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
  /** Whether it says on a line when it has begun. */
  readonly tells: boolean;
}

const watchers: readonly Watcher[] = [
  { name: 'nothing', argv: null, tells: false },
  { name: 'netmon', argv: [process.execPath, join(import.meta.dirname, 'inspect-child.ts')], tells: true },
  { name: 'tcpdump', argv: ['tcpdump', '-i', 'veth0', '-w', '/dev/null'], tells: false },
];

/** After it has begun: its start is not what is measured. */
const settleMs = 1000;

export async function measureInspection({ quick }: BenchmarkOptions): Promise<void> {
  announce(
    'bulk TCP transfer (iperf3) without segmentation offload, CPU of the transfer itself over nobody looking',
  );
  using link = makeLink();
  for (const space of [link.near, link.far]) space.shell('ip link set veth0 gso_max_segs 1');
  await using _server = new Generator(link.far.command(['iperf3', '-s', '--forceflush']));
  const costs = new Map<string, { transfer: number[]; own: number[] }>();
  for (let tries = 0; tries < 50 && (await transfer(link.near, 1).catch(() => null)) === null; tries++)
    await wait(100);
  for (let round = 0; round < (quick ? 4 : 10); round++)
    for (const watcher of round % 2 === 0 ? watchers : watchers.toReversed()) {
      const measured = await measure(watcher, link.near, quick ? 1 : 2);
      const of = costs.get(watcher.name) ?? { transfer: [], own: [] };
      of.transfer.push(measured.transfer);
      of.own.push(measured.own);
      costs.set(watcher.name, of);
    }
  const base = costs.get('nothing')!.transfer;
  for (const [name, { transfer: cost, own }] of costs)
    if (name !== 'nothing')
      report(`bulk_cpu_with_${name}`, (median(cost) / median(base)) * 100, '%', {
        ...(name === 'netmon' && { aim: 'at most 103' }),
        how: `${spread(cost)} s/GB with, ${spread(base)} without; its own process ${spread(own)} s/GB`,
      });
}

async function measure(watcher: Watcher, space: Namespace, seconds: number) {
  if (!watcher.argv) return { transfer: (await transfer(space, seconds)).cost, own: 0 };
  await using watching = new Generator(space.command(watcher.argv));
  if (watcher.tells) await watching.next();
  await wait(settleMs);
  const family = listFamily(watching.child.pid!);
  const before = readCpuSeconds(family);
  const measured = await transfer(space, seconds);
  return { transfer: measured.cost, own: (readCpuSeconds(family) - before) / measured.gigabytes };
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
