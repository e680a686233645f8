/**
 * `node bench/link.ts [CONNECTIONS...]`: CPU and memory of the link alone, without sensors: an agent's end with so many
 * open connections of which 100 change every 100 ms, a server's end with a store, unwatched and with one viewer of 200
 * rows. Each is a process of its own.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentLink } from '../src/agent/link/link.ts';
import { connect } from '../src/client/live.ts';
import { makeReporter } from '../src/platform/reporter.ts';
import { startLinkServer } from '../test/link/server.ts';
import { NumberSource } from '../test/link/source.ts';

const phaseMs = 10_000;
const changesPerReading = 100;
const reporter = makeReporter({ level: 'error' });

// An orderly exit is what writes Node's compile cache, without which each process also holds the TypeScript stripper.
process.on('SIGTERM', () => process.exit());

const [role, ...rest] = process.argv.slice(2);
if (role === 'agent') runAgent(rest[0], Number(rest[1]));
else if (role === 'server') await runServer(rest[0]);
else await runAll(process.argv.slice(2).map(Number));

async function runServer(path: string): Promise<void> {
  const server = await startLinkServer(path, reporter);
  process.send!(server.url);
}

function runAgent(url: string, connections: number): void {
  const source = new NumberSource();
  for (let key = 0; key < connections; key++) source.add(key);
  const hello = { agent: 'bench', version: '0.1.0', kernel: '', os: '' };
  new AgentLink({ server: url, hello, spool: { path: null } }, source, reporter).start();
  let next = 0;
  setInterval(() => {
    for (let i = 0; i < changesPerReading; i++) {
      next = (next + 7919) % connections;
      source.change(next, Math.round(Math.random() * 1e6));
    }
    source.read();
  }, 100);
}

async function runAll(sizes: readonly number[]): Promise<void> {
  for (const size of sizes.length > 0 ? sizes : [100, 10_000, 100_000]) await runSize(size);
}

async function runSize(connections: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'netmon-bench-'));
  const server = fork(import.meta.filename, ['server', join(dir, 'bench.sqlite')]);
  const [url] = (await once(server, 'message')) as [string];
  const agent = fork(import.meta.filename, ['agent', url, String(connections)]);
  await sleep(3_000 + connections / 20);
  const report = async (phase: string): Promise<void> => {
    const before = [cpuMs(agent), cpuMs(server)];
    await sleep(phaseMs);
    const shares = [cpuMs(agent), cpuMs(server)].map((after, i) => ((after - before[i]) / phaseMs) * 100);
    const [agentShare, serverShare] = shares.map((share) => `${share.toFixed(2)} %`);
    const memory = `${memoryMb(server)} MB server, ${memoryMb(agent)} MB agent`;
    console.log(
      `${connections} connections, ${phase}: server ${serverShare}, agent link ${agentShare}, ${memory}`,
    );
  };
  await report('unwatched');
  let frames = 0;
  let bytes = 0;
  const viewer = connect({
    url,
    onFrame: (frame) => {
      frames++;
      bytes += JSON.stringify(frame).length;
    },
  });
  viewer.subscribe({ kind: 'subscribe', id: 'all', topic: 'connections' });
  viewer.subscribe({ kind: 'subscribe', id: 'chart', topic: 'bandwidth' });
  await sleep(2_000);
  [frames, bytes] = [0, 0];
  await report('one viewer');
  console.log(`  ${frames / (phaseMs / 1000)} frames/s, ${Math.round(bytes / phaseMs)} kB/s`);
  viewer.close();
  agent.kill();
  server.kill();
  rmSync(dir, { recursive: true });
}

/** User and system time of a process (proc_pid_stat(5), fields 14 and 15 in hundredths of a second). */
function cpuMs(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function memoryMb(child: ChildProcess): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1];
  return Math.round(Number(kb) / 1024);
}
