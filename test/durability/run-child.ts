/** The runs themselves, inside namespaces of their own (durability.ts). Its argument is a `DurabilityTask` as JSON. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, isWrong, runCuts } from './cuts.ts';
import type { DurabilityTask } from './durability.ts';
import { type RunResult, runKills } from './kills.ts';
import { runObstacles } from './obstacles.ts';

const { folder, kills, cuts, obstacles, diskMegabytes, agents, rate } = JSON.parse(
  process.argv[2],
) as DurabilityTask;
const print = (line: string): void => console.log(line);

if (kills > 0) report(`${kills} kills`, await runKills(kills, options('kills')));
if (cuts > 0) report(`${cuts} power cuts`, await runCuts(cuts, diskMegabytes, options('cuts')));

if (obstacles) report('obstacles', await runObstacles(options('obstacles')));

function options(name: string) {
  const own = join(folder, name);
  mkdirSync(own);
  return { folder: own, agents, rate, random: Math.random, print };
}

function report(what: string, result: RunResult): void {
  const { acknowledged, seconds } = result;
  const perSecond = Math.round(acknowledged / seconds);
  print(
    `${what}: ${acknowledged} records acknowledged in ${seconds.toFixed(0)} s, ${perSecond} a second; ${describe(result)}`,
  );
  if (isWrong(result)) process.exitCode = 1;
}
