// (a) Which share of HTTP requests over kept connections inspection sees, at 10,000 a second and as fast as they come.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Generator } from '../test/support/generator.ts';
import { farAddress, makeLink, type Namespace } from '../test/support/namespaces.ts';
import { until } from '../test/support/until.ts';
import { announce, type BenchmarkOptions, report } from './report.ts';
import { startNginx } from './requests.ts';

const url = `http://${farAddress[4]}/small`;
const rate = 10_000;
const connections = 8;
/** For what was copied last to be read. */
const settleMs = 2000;

export async function measureInspected({ quick }: BenchmarkOptions): Promise<void> {
  announce('HTTP requests over kept connections (h2load, nginx) over a veth pair: seen by inspection');
  using link = makeLink();
  const folder = mkdtempSync(join(tmpdir(), 'netmon-bench-'));
  try {
    await using _nginx = startNginx(link.far, folder, 'keepalive_requests 100000000');
    await until('an answer of nginx', () => load(link.near, ['-n', '1', '-c', '1']).catch(() => undefined));
    const seconds = quick ? 2 : 5;
    const paced = ['-n', `${rate * seconds}`, '--rps', `${rate / connections}`];
    await measure(link.near, `seen_at_${rate}_a_second`, paced, '100');
    await measure(link.near, 'seen_at_full_load', ['-n', `${50_000 * seconds}`], undefined);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  space: Namespace,
  name: string,
  args: string[],
  aim: string | undefined,
): Promise<void> {
  const child = join(import.meta.dirname, 'inspect-child.ts');
  await using watching = new Generator(space.command([process.execPath, child]));
  await watching.next();
  const { succeeded, perSecond } = await load(space, ['-c', `${connections}`, ...args]);
  await wait(settleMs);
  watching.finish();
  const { requests, lost } = await watching.next<{ requests: number; lost: number }>();
  const how = `${requests} of ${succeeded} at ${perSecond} a second, ${lost} reported lost`;
  report(name, (requests / succeeded) * 100, '%', { ...(aim && { aim }), how });
  report(`${name}_or_reported_lost`, ((requests + lost) / succeeded) * 100, '%', { aim: '100' });
}

async function load(space: Namespace, args: string[]): Promise<{ succeeded: number; perSecond: number }> {
  const [file, ...rest] = space.command(['h2load', '--h1', ...args, url]);
  const { stdout } = await promisify(execFile)(file, rest);
  const succeeded = Number(/ (\d+) succeeded/.exec(stdout)?.[1]);
  const perSecond = Math.round(Number(/ ([\d.]+) req\/s/.exec(stdout)?.[1]));
  if (!(succeeded > 0)) throw new Error('no request succeeded');
  return { succeeded, perSecond };
}
