// (b) What netmon takes from short connections: requests a second against nginx, each on a connection of its own.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Generator } from '../test/support/generator.ts';
import { farAddress, makeLink, type Namespace } from '../test/support/namespaces.ts';
import { until } from '../test/support/until.ts';
import { readCpuSeconds } from './cost.ts';
import { measurePairs, reportRatio } from './pairs.ts';
import { announce, type BenchmarkOptions } from './report.ts';

export async function measureRequests({ quick }: BenchmarkOptions): Promise<void> {
  announce(
    'short connections a second (wrk, Connection: close) against nginx over a veth pair, with over without',
  );
  using link = makeLink();
  link.near.shell('echo "1024 65535" > /proc/sys/net/ipv4/ip_local_port_range');
  const folder = mkdtempSync(join(tmpdir(), 'netmon-bench-'));
  try {
    await using nginx = startNginx(link.far, folder);
    const load = ['wrk', '-t', '1', '-c', '16', '-d', quick ? '1' : '3', '-H', 'Connection: close'];
    const [file, ...args] = link.near.command([...load, `http://${farAddress[4]}/`]);
    const run = async () => {
      const before = readCpuSeconds([nginx.child.pid!]);
      const { stdout } = await promisify(execFile)(file!, args);
      const requests = Number(/^\s*(\d+) requests in/m.exec(stdout)?.[1]);
      const rate = Number(/^Requests\/sec:\s+([\d.]+)/m.exec(stdout)?.[1]);
      return { rate, cost: ((readCpuSeconds([nginx.child.pid!]) - before) / requests) * 1e6 };
    };
    await until('an answer of nginx', () => run().catch(() => undefined));
    const results = await measurePairs(quick ? 4 : 8, run);
    for (const [name, field, unit, aim] of [
      ['short_connections_rate', 'rate', '/s', 'at least 99'],
      ['short_connections_server_cpu', 'cost', 'us each', 'at most 103'],
    ] as const)
      reportRatio(
        name,
        { with: results.with.map((one) => one[field]), without: results.without.map((one) => one[field]) },
        unit,
        aim,
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One process in the foreground that answers two bytes to everything, by default once a connection. */
export function startNginx(
  space: Namespace,
  folder: string,
  keep = 'keepalive_timeout 0',
  more = '',
): Generator {
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; master_process off; user root; pid ${folder}/pid; error_log stderr crit;
     events { worker_connections 1024; }
     http { access_log off; ${keep}; server { listen 80 backlog=4096; return 200 "ok"; } ${more} }`,
  );
  return new Generator(space.command(['nginx', '-p', folder, '-c', config]));
}
