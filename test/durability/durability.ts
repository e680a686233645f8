/**
 * `npm run soak -- durability [--kills N] [--cuts N] [--agents N] [--rate N]`: agents send records to a server that is
 * killed, whose disk loses power at random moments, and whose disk is full for a while. Nothing that was acknowledged may be missing afterwards, and
 * nothing may be there twice. A short form of it is a test.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { missing } from '../support/needs.ts';

export interface DurabilityOptions {
  readonly kills: number;
  readonly cuts: number;
  /** Whether the disk is to be full, and the database held by another, for a while. */
  readonly obstacles: boolean;
  readonly agents: number;
  /** Records a second, of all agents. */
  readonly rate: number;
  /** Of the disk that loses power; its image takes room only as it is written to. */
  readonly diskMegabytes: number;
}

export interface DurabilityTask extends DurabilityOptions {
  readonly folder: string;
}

/**
 * Runs it in namespaces of its own for mounts and network, which give everything back whatever happens. Resolves to
 * whether all was well; each line goes to `print`.
 */
export async function runDurability(
  options: DurabilityOptions,
  print: (text: string) => void,
): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-durability-'));
  chmodSync(folder, 0o755);
  const task: DurabilityTask = { ...options, folder };
  const line = 'ip link set lo up && exec "$@"';
  const inside = [process.execPath, join(import.meta.dirname, 'run-child.ts'), JSON.stringify(task)];
  const namespaces = [
    '--mount',
    '--net',
    '--pid',
    '--mount-proc',
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
  ];
  const child = spawn('unshare', [...namespaces, '--', 'sh', '-c', line, 'sh', ...inside], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', print);
  }
  const end = (): void => void child.kill('SIGKILL');
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code === 0;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `args` are those of the command after its name. True when all was well. */
export async function runDurabilityCommand(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string', default: '100' },
      cuts: { type: 'string', default: '30' },
      agents: { type: 'string', default: '5' },
      rate: { type: 'string', default: '10000' },
      disk: { type: 'string', default: '8000' },
    },
  });
  const [kills, cuts, agents, rate, diskMegabytes] = [
    values.kills,
    values.cuts,
    values.agents,
    values.rate,
    values.disk,
  ].map(Number);
  const reason = missing('root', 'namespaces', 'diskImages');
  if (reason) throw new Error(reason);
  const options = { kills, cuts, obstacles: true, agents, rate, diskMegabytes };
  return runDurability(options, (text) => void process.stdout.write(text));
}
