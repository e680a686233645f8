import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from './fleet.ts';
import { judge, type Verdict } from './oracle.ts';
import { ServerProgram } from './server.ts';

export interface RunOptions {
  readonly folder: string;
  readonly agents: number;
  /** Records a second, of all agents. */
  readonly rate: number;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly print: (line: string) => void;
}

export interface RunResult extends Verdict {
  readonly acknowledged: number;
  readonly seconds: number;
}

/** The run has a network namespace of its own, where this port is nobody else's, and none that the kernel gives to clients. */
export const port = 7411;
/** A server is killed at most so long after its first acknowledgement, or, each fourth time, after it was started. */
const longestLifeMs = 2_000;

/**
 * Kills the server so many times while agents send, and looks whether what it holds in the end is what they made. What
 * was acknowledged is with nobody else, so a loss shows, whichever kill it was.
 */
export async function runKills(kills: number, options: RunOptions): Promise<RunResult> {
  const { folder, agents, rate, random, print } = options;
  const database = join(folder, 'server', 'netmon.db');
  mkdirSync(folder, { recursive: true });
  await using server = new ServerProgram(port);
  await server.start(database);
  await server.addMonitors();
  const began = performance.now();
  await using fleet = new Fleet(agents, server.url, folder);
  fleet.generate(rate);
  for (let kill = 1; kill <= kills; kill++) {
    if (kill % 4 === 0) server.spawn(database);
    else if (kill > 1) await server.start(database);
    if (kill % 4 !== 0) await fleet.reach('acknowledged', fleet.sum('acknowledged') + 1);
    await sleep(random() * longestLifeMs);
    await server.kill();
    const [acknowledged, made] = [fleet.sum('acknowledged'), fleet.sum('made')];
    if (kill % 10 === 0) print(`${kill} kills: ${acknowledged} of ${made} acknowledged`);
  }
  await server.start(database);
  await fleet.drain();
  const seconds = (performance.now() - began) / 1000;
  await server.stop();
  const dues = [...fleet.states()].map(([agent, { made }]) => ({ agent, end: made, without: [] }));
  return { ...judge(database, dues), acknowledged: fleet.sum('acknowledged'), seconds };
}
