import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Disks } from './disks.ts';
import { Fleet } from './fleet.ts';
import { port, type RunOptions, type RunResult } from './kills.ts';
import { type Due, judge, readCommitted, type Verdict } from './oracle.ts';
import { ServerProgram } from './server.ts';

/** Longest time between two cuts. */
const longestMs = 2_000;

/**
 * What becomes of the server at a cut: nothing, so that only the copy is looked at; it loses power too, and goes on with
 * what was on the disk; or it goes on for a while and is then set back to the copy, as to a backup.
 */
const fates = ['looked at', 'cut off', 'set back'] as const;

/** Cuts the power of the disk under the server's database so many times while agents send. */
export async function runCuts(cuts: number, diskMegabytes: number, options: RunOptions): Promise<RunResult> {
  const { folder, agents, rate, random, print } = options;
  const disks = new Disks(join(folder, 'disks'), diskMegabytes);
  await using server = new ServerProgram(port);
  await server.start(databaseOn(disks.current));
  await server.addMonitors();
  const began = performance.now();
  await using fleet = new Fleet(agents, server.url, folder);
  fleet.generate(rate);
  /** What an agent's records lack since the server was set back. */
  const without = new Map<string, [number, number][]>(fleet.names.map((name) => [name, []]));
  const wrong: Verdict[] = [];
  const list = (what: 'acknowledged' | 'made'): Due[] =>
    [...fleet.states()].map(([agent, state]) => ({ agent, end: state[what], without: without.get(agent)! }));

  for (let cut = 0; cut < cuts; cut++) {
    const fate = fates[cut % fates.length];
    const before = fleet.sum('acknowledged');
    await fleet.reach('acknowledged', before + 1);
    await sleep(random() * longestMs);
    let dues: Due[] = [];
    disks.cut(() => {
      // Nothing that is acknowledged after this was promised when the power went.
      dues = list('acknowledged');
      if (fate === 'cut off') process.kill(server.pid, 'SIGKILL');
    });
    if (fate === 'set back') await fleet.reach('acknowledged', fleet.sum('acknowledged') + 1);
    if (fate !== 'looked at') {
      await server.kill();
      await fleet.each('the end of the link', ({ connected }) => !connected);
    }
    // Acknowledgements that were on their way; none can have come after the freeze.
    if (fate === 'cut off') dues = list('acknowledged');
    const verdict = judge(databaseOn(disks.copy), dues);
    print(`cut ${cut + 1}, ${fate}: ${describe(verdict)}`);
    if (isWrong(verdict)) wrong.push(verdict);
    if (fate === 'looked at') {
      disks.dropCopy();
      continue;
    }
    if (fate === 'set back') noteSetBack(databaseOn(disks.copy), fleet, without);
    disks.adoptCopy();
    await server.start(databaseOn(disks.current));
    await fleet.each('the link again', ({ connected }) => connected);
  }
  await fleet.drain();
  const seconds = (performance.now() - began) / 1000;
  await server.stop();
  const last = judge(databaseOn(disks.current), list('made'));
  return { ...(wrong[0] ?? last), acknowledged: fleet.sum('acknowledged'), seconds };
}

/** What agents have given up since the copy was made is rightly missing in it from now on. */
function noteSetBack(path: string, fleet: Fleet, without: ReadonlyMap<string, [number, number][]>): void {
  using opened = new DatabaseSync(path);
  for (const [agent, { acknowledged }] of fleet.states()) {
    const held = readCommitted(opened, agent);
    if (held < acknowledged) without.get(agent)!.push([held, acknowledged]);
  }
}

export const databaseOn = (disk: string): string => join(disk, 'server', 'netmon.db');

export function isWrong({ integrity, lost, twice, gaps }: Verdict): boolean {
  return integrity !== 'ok' || lost > 0 || twice > 0 || gaps > 0;
}

export function describe({ integrity, records, lost, twice, gaps, examples }: Verdict): string {
  const found = `integrity ${integrity}, ${records} records, ${lost} acknowledged lost, ${twice} stored twice, ${gaps} gaps`;
  return [found, ...examples].join('; ');
}
