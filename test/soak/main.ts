/** `npm run soak [-- NAME OPTIONS]`: the runs that take many minutes, by name; `traffic` where none is given. */
import { runDurabilityCommand } from '../durability/durability.ts';
import { runSoakCommand } from './soak.ts';

const runs: Readonly<Record<string, (args: readonly string[]) => Promise<boolean>>> = {
  traffic: runSoakCommand,
  durability: runDurabilityCommand,
};

const given = process.argv.slice(2);
const [name, ...args] = given[0] === undefined || given[0].startsWith('-') ? ['traffic', ...given] : given;
const run = runs[name];
if (!run) {
  console.error(`unknown run ${name}: known are ${Object.keys(runs).join(', ')}`);
  process.exitCode = 2;
} else if (!(await run(args))) process.exitCode = 1;
