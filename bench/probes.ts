// What probes cost, against blackbox_exporter doing the same to the same server, and how punctual many monitors are.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { TestAuthority } from '../src/agent/probes/certificates.fixture.ts';
import { Generator } from '../test/support/generator.ts';
import { Namespace } from '../test/support/namespaces.ts';
import { missing } from '../test/support/needs.ts';
import { readCpuSeconds } from './cost.ts';
import type { RoundsReport } from './probe-child.ts';
import { announce, type BenchmarkOptions, report } from './report.ts';
import { startNginx } from './requests.ts';

/** Port of blackbox_exporter, in a namespace of its own. */
const port = 9115;
const modules = `modules:
  http: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
  icmp: {prober: icmp, timeout: 5s, icmp: {preferred_ip_protocol: ip4}}
`;
const httpsModule = (root: string): string =>
  `  https: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4, tls_config: {ca_file: ${root}}}}\n`;
const targets = { http: 'http://127.0.0.1/', https: 'https://127.0.0.1/', icmp: '127.0.0.1' } as const;
type Kind = keyof typeof targets;

export async function measureProbes({ quick }: BenchmarkOptions): Promise<void> {
  const absent = missing('blackbox');
  announce('CPU of 1,000 probes of a server on loopback, one connection or echo each');
  const folder = mkdtempSync(join(tmpdir(), 'netmon-bench-'));
  try {
    using space = new Namespace();
    using authority = new TestAuthority('Root');
    const { chain, key } = authority.issue('own', 'IP:127.0.0.1');
    const secure = `server { listen 443 ssl http2 backlog=4096; ssl_certificate ${chain}; ssl_certificate_key ${key}; return 200 "ok"; }`;
    await using _nginx = startNginx(space, folder, undefined, secure);
    const root = join(authority.folder, 'Root.pem');
    // Also whom netmon's own probes believe.
    process.env.NODE_EXTRA_CA_CERTS = root;
    writeFileSync(join(folder, 'blackbox.yml'), modules + httpsModule(root));
    for (const kind of ['http', 'https', 'icmp'] as const) await compare(kind, space, folder, quick, absent);
    await measurePunctuality(space, quick);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(
  kind: Kind,
  space: Namespace,
  folder: string,
  quick: boolean,
  absent: string | false,
): Promise<void> {
  const [monitors, ms] = [kind === 'https' ? 200 : 500, quick ? 5_000 : 20_000];
  const own = await runRounds(space, [monitors, 1_000, quick ? 3_000 : 8_000, ms, kind], ms);
  const cost = (own.cpuSeconds / own.rounds) * 1000;
  report(`probe_cpu_${kind}`, cost, 's', {
    how: `${own.up} of ${own.rounds} rounds up, ${monitors} a second with scheduling and spool; ${Math.round(1000 / cost)} a second on one core`,
  });
  if (absent) {
    console.log(`probe_cpu_${kind}_blackbox not measured: ${absent}`);
    return;
  }
  const other = await measureBlackbox(kind, space, folder, quick ? 1_000 : 5_000);
  report(`probe_cpu_${kind}_blackbox`, other.cost, 's', {
    how: `${other.up} of ${other.count} probes up, asked for as Prometheus does; ${Math.round(1000 / other.cost)} a second on one core`,
  });
  report(`probe_cpu_${kind}_over_blackbox`, cost / other.cost, 'times', { aim: 'at most 1' });
}

async function runRounds(
  space: Namespace,
  args: readonly (string | number)[],
  ms: number,
): Promise<RoundsReport> {
  const child = join(import.meta.dirname, 'probe-child.ts');
  await using rounds = new Generator(space.command([process.execPath, child, ...args.map(String)]));
  return await rounds.next<RoundsReport>(ms + 60_000);
}

async function measureBlackbox(
  kind: Kind,
  space: Namespace,
  folder: string,
  count: number,
): Promise<{ readonly cost: number; readonly up: number; readonly count: number }> {
  const flags = [`--config.file=${folder}/blackbox.yml`, `--web.listen-address=127.0.0.1:${port}`];
  await using blackbox = new Generator(space.command(['prometheus-blackbox-exporter', ...flags]));
  const child = join(import.meta.dirname, 'blackbox-child.ts');
  const args = [port, kind, targets[kind], count, 10].map(String);
  await wait(1_000);
  await using driver = new Generator(space.command([process.execPath, child, ...args]));
  await driver.next();
  driver.go();
  await driver.next();
  const before = readCpuSeconds([blackbox.child.pid!]);
  driver.go();
  const { up } = await driver.next<{ up: number }>();
  const seconds = readCpuSeconds([blackbox.child.pid!]) - before;
  return { cost: (seconds / count) * 1000, up, count };
}

async function measurePunctuality(space: Namespace, quick: boolean): Promise<void> {
  announce('5,000 monitors every 20 s in one agent, half of them HTTP, half ICMP');
  const ms = quick ? 20_000 : 60_000;
  const { rounds, up, cpuSeconds, lateP50Ms, lateP99Ms, lateMaxMs } = await runRounds(
    space,
    [5_000, 20_000, 22_000, ms, 'http', 'icmp'],
    ms,
  );
  report('probe_late_p99', lateP99Ms, 'ms', {
    aim: 'under 50',
    how: `median ${lateP50Ms.toFixed(1)} ms, most ${lateMaxMs.toFixed(1)} ms, ${up} of ${rounds} rounds up`,
  });
  report('probe_cpu_5000_monitors', (cpuSeconds / ms) * 1e5, '% of one core', {
    how: `${Math.round((rounds / ms) * 1000)} rounds a second`,
  });
}
