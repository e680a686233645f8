import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { databaseOn } from './cuts.ts';
import { Disks } from './disks.ts';
import { Fleet } from './fleet.ts';
import { port, type RunOptions, type RunResult } from './kills.ts';
import { judge } from './oracle.ts';
import { ServerProgram } from './server.ts';

/** The disk must not be filled by the records themselves, so they are few. */
const diskMegabytes = 256;
const mostPerSecond = 1_000;

/**
 * Fills the disk of the server's database while agents send, then has another process hold the database. Each time the
 * server has to say so, to keep the agents' links and answer questions, and to go on by itself when it is over.
 */
export async function runObstacles(options: RunOptions): Promise<RunResult> {
  const { folder, agents, print } = options;
  const rate = Math.min(options.rate, mostPerSecond);
  const disks = new Disks(join(folder, 'disks'), diskMegabytes);
  const path = databaseOn(disks.current);
  await using server = new ServerProgram(port);
  await server.start(path);
  await server.addMonitors();
  const began = performance.now();
  await using fleet = new Fleet(agents, server.url, folder);
  fleet.generate(rate);
  await fleet.reach('acknowledged', rate);
  const obstacles = {
    'a full disk': () => fill(join(dirname(path), 'ballast')),
    'a database that another holds': () => hold(path),
  };
  for (const [name, begin] of Object.entries(obstacles)) {
    const end = begin();
    const problem = await server.problem(true);
    await fleet.reach('made', fleet.sum('made') + rate);
    await fleet.each('the links', ({ connected }) => connected);
    const rows = await server.listConnections();
    end();
    await server.problem(false);
    await fleet.reach('acknowledged', fleet.sum('made'));
    print(`${name}: "${problem}"; meanwhile all agents were linked, and a list had ${rows} rows`);
    if (rows === 0) throw new Error('nothing could be read');
  }
  await fleet.drain();
  const seconds = (performance.now() - began) / 1000;
  await server.stop();
  const dues = [...fleet.states()].map(([agent, { made }]) => ({ agent, end: made, without: [] }));
  return { ...judge(path, dues), acknowledged: fleet.sum('acknowledged'), seconds };
}

/** Takes all that is left of a disk, until the function that it gives is called. */
function fill(path: string): () => void {
  const file = openSync(path, 'w');
  for (const bytes of [1 << 20, 1 << 12, 1]) {
    const block = Buffer.alloc(bytes);
    try {
      for (;;) writeSync(file, block);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
    }
  }
  closeSync(file);
  return () => rmSync(path);
}

/** Is about to write, as another program may be for a while. */
function hold(path: string): () => void {
  const database = new DatabaseSync(path, { timeout: 60_000 });
  database.exec('BEGIN IMMEDIATE');
  return () => database.close();
}
