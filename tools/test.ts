/**
 * `npm test [-- FILTER...]`: runs every `*.test.ts`, prints what fails as it fails, then each skipped test's reason, the
 * slowest files, the names of what failed and, on the last line, the counts. A filter keeps the files whose path contains
 * it; when none does, the tests whose name contains it. Unit tests share the processors, and so do those across processes
 * that look at nothing but their own; the others of test/ look at the kernel, and run one file at a time. A file that
 * fails runs a second time after all others, since it shares the machine with whatever else runs there; what then passes
 * is named as unsteady, and what fails again has failed.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { addTally, makeTally, reportEvent, summarize, type Tally } from './test-report.ts';

const root = join(import.meta.dirname, '..');
/** Longest for a file of test/; the long soak is a benchmark, not a test. */
const fileTimeoutMs = 480_000;
/** Longest for a file beside its source: those run nothing that takes its time. */
const unitTimeoutMs = 180_000;

/** Tests across processes that run beside others. */
const sharing = [
  'test/link/',
  'test/corpus/',
  'test/cli.test.ts',
  'test/probe.test.ts',
  'test/replay.test.ts',
];

const patterns = ['src/**/*.test.ts', 'web/src/**/*.test.ts', 'tools/**/*.test.ts', 'test/**/*.test.ts'];
const all = patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
const filters = process.argv.slice(2);
const named = all.filter((file) => filters.some((filter) => file.includes(filter)));
const files = named.length > 0 ? named : all;
const testNamePatterns =
  filters.length > 0 && named.length === 0 ? filters.map((filter) => new RegExp(RegExp.escape(filter))) : [];

const tally = makeTally();
/** Tests that passed only the second time. */
const unsteady: string[] = [];
/** Seconds that each file took, the longer of two runs. */
const durations = new Map<string, number>();
/** What failed of each file that is to run again. */
const again = new Map<string, readonly string[]>();
const started = performance.now();
const [alone, together] = [files.filter(runsAlone), files.filter((file) => !runsAlone(file))];
await runFiles(together, availableParallelism());
await runFiles(alone, 1);
for (const [file, failures] of again) {
  console.log(`again: ${file}`);
  const second = await tryFile(file);
  if (second.failures.length === 0) unsteady.push(...failures);
  addTally(tally, second);
}
for (const line of summarize(tally, { seconds: (performance.now() - started) / 1000, unsteady, durations }))
  console.log(line);
// A file that was killed leaves handles behind that would keep this process.
process.exit(tally.failures.length === 0 && tally.passed > 0 ? 0 : 1);

/** Whether a file looks at the kernel, or draws so much that others would be late. */
function runsAlone(file: string): boolean {
  return file.startsWith('test/') && !sharing.some((start) => file.startsWith(start));
}

async function runFiles(some: readonly string[], concurrency: number): Promise<void> {
  const waiting = [...some];
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await runFile(file);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Runs a file for the first time; its counts are those of this run unless it has to run again. */
async function runFile(file: string): Promise<void> {
  const first = await tryFile(file);
  if (first.failures.length === 0) addTally(tally, first);
  else again.set(file, first.failures);
}

/** A file of its own in each run, so that one that never ends is killed by its signal and the others go on. */
async function tryFile(file: string): Promise<Tally> {
  const counted = makeTally();
  const begun = performance.now();
  const stream = run({
    files: [join(root, file)],
    cwd: root,
    signal: AbortSignal.timeout(file.startsWith('test/') ? fileTimeoutMs : unitTimeoutMs),
    ...(testNamePatterns.length > 0 && { testNamePatterns }),
  });
  for await (const event of stream)
    for (const line of reportEvent(counted, event, (path) => relative(root, path))) console.log(line);
  durations.set(file, Math.max(durations.get(file) ?? 0, (performance.now() - begun) / 1000));
  return counted;
}
