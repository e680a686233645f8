// (b) What netmon takes from a bulk TCP transfer over a veth pair: throughput, and CPU of the transfer itself.
import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Generator } from '../test/support/generator.ts';
import { farAddress, makeLink } from '../test/support/namespaces.ts';
import { measurePairs, reportRatio } from './pairs.ts';
import { announce, type BenchmarkOptions } from './report.ts';

interface IperfReport {
  readonly end: {
    readonly sum_received: { readonly bytes: number; readonly seconds: number };
    readonly cpu_utilization_percent: { readonly host_total: number; readonly remote_total: number };
  };
}

export async function measureTransfer({ quick }: BenchmarkOptions): Promise<void> {
  announce('bulk TCP transfer (iperf3) over a veth pair, with netmon over without');
  using link = makeLink();
  await using _server = new Generator(link.far.command(['iperf3', '-s', '--forceflush']));
  const client = link.near.command(['iperf3', '-J', '-c', farAddress[4], '-t', quick ? '1' : '3']);
  const run = async () => {
    const { stdout } = await promisify(execFile)(client[0]!, client.slice(1), { maxBuffer: 1 << 24 });
    const { sum_received, cpu_utilization_percent: cpu } = (JSON.parse(stdout) as IperfReport).end;
    const gigabytes = sum_received.bytes / 1e9;
    return {
      rate: gigabytes / sum_received.seconds,
      cost: (((cpu.host_total + cpu.remote_total) / 100) * sum_received.seconds) / gigabytes,
    };
  };
  // iperf3 says nothing that tells when it listens; its client does.
  for (let tries = 0; tries < 50 && (await run().catch(() => null)) === null; tries++) await wait(100);
  const results = await measurePairs(quick ? 4 : 8, run);
  for (const [name, field, unit, aim] of [
    ['transfer_throughput', 'rate', 'GB/s', 'at least 99'],
    ['transfer_cpu_per_gigabyte', 'cost', 's/GB', 'at most 103'],
  ] as const)
    reportRatio(
      name,
      { with: results.with.map((one) => one[field]), without: results.without.map((one) => one[field]) },
      unit,
      aim,
    );
}
