/** Turns the events of `node:test` into a short report: failures, a line per file, skipped tests, counts. */
import { inspect } from 'node:util';

export interface Tally {
  passed: number;
  /** Each test that failed, with its place. */
  readonly failures: string[];
  /** Reason of each skipped test, with the names of the tests that gave it. */
  readonly skipped: Map<string, string[]>;
  /** Names that lead to the test that now runs, by file and nesting. */
  readonly path: Map<string, string[]>;
}

/** What is used of an event of the stream that `run` of `node:test` returns. */
export interface TestEvent {
  readonly type: string;
  readonly data?: unknown;
}

interface TestData {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string;
  readonly line?: number;
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
  readonly message?: string;
  readonly details?: { readonly type?: string; readonly duration_ms?: number; readonly error?: unknown };
}

export function makeTally(): Tally {
  return { passed: 0, failures: [], skipped: new Map(), path: new Map() };
}

/** Adds the counts of one run to those of all. */
export function addTally(all: Tally, one: Tally): void {
  all.passed += one.passed;
  all.failures.push(...one.failures);
  for (const [reason, names] of one.skipped) {
    all.skipped.set(reason, [...(all.skipped.get(reason) ?? []), ...names]);
  }
}

/** Counts one event and returns the lines to print for it. */
export function reportEvent(tally: Tally, event: TestEvent, shorten: (file: string) => string): string[] {
  const data = event.data as TestData;
  if (event.type === 'test:start') rememberName(tally, data);
  if (event.type === 'test:stdout' || event.type === 'test:stderr') return lines(data.message ?? '');
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return [];
  const isFile = data.nesting === 0 && data.name === data.file;
  const isSuite = data.details?.type === 'suite' || isFile;
  if (event.type === 'test:fail') return reportFailure(tally, data, isSuite, shorten);
  // Of a suite that is skipped no test is told of.
  if (isSuite && data.skip === undefined) return [];
  if (data.skip !== undefined || data.todo !== undefined) {
    const reason = [data.skip, data.todo].find((value) => typeof value === 'string') ?? 'no reason given';
    const names = tally.skipped.get(reason) ?? [];
    tally.skipped.set(reason, [...names, fullName(tally, data, shorten)]);
  } else tally.passed++;
  return [];
}

/** What is told of a whole run beside its tally. */
export interface RunFacts {
  readonly seconds: number;
  /** Tests that failed once and passed when their file ran again. */
  readonly unsteady: readonly string[];
  /** How long each file took, in seconds. */
  readonly durations: ReadonlyMap<string, number>;
}

/** How many of the slowest files are named. */
const slowestShown = 10;

/**
 * The last lines of a run, since the end is what a log that was cut still has: skipped tests by reason, the slowest
 * files, unsteady and failed tests by name, how long it took, and the counts on the very last one.
 */
export function summarize(tally: Tally, { seconds, unsteady, durations }: RunFacts): string[] {
  const out: string[] = [];
  let skipped = 0;
  for (const [reason, names] of tally.skipped) {
    out.push(`skipped: ${reason}`, ...names.map((name) => `    ${name}`));
    skipped += names.length;
  }
  const slowest = [...durations].sort(([, a], [, b]) => b - a).slice(0, slowestShown);
  if (slowest.length > 0)
    out.push('slowest files:', ...slowest.map(([file, took]) => `    ${took.toFixed(1)} s ${file}`));
  out.push(...unsteady.map((name) => `unsteady, passed the second time: ${name}`));
  out.push(...tally.failures.map((name) => `failed: ${name}`));
  out.push(`tests took ${seconds.toFixed(1)} s`);
  out.push(`${tally.passed} passed, ${tally.failures.length} failed, ${skipped} skipped`);
  return out;
}

function reportFailure(
  tally: Tally,
  data: TestData,
  isSuite: boolean,
  shorten: (file: string) => string,
): string[] {
  const error = data.details?.error as { failureType?: string; cause?: unknown } | undefined;
  // A suite or a file fails because of a test in it, which was counted by itself, unless it broke on its own.
  if (isSuite && error?.failureType === 'subtestsFailed') return [];
  const where = data.file === undefined ? '' : ` (${shorten(data.file)}:${data.line ?? 1})`;
  const name = `${fullName(tally, data, shorten)}${where}`;
  tally.failures.push(name);
  const cause = error?.cause instanceof Error ? error.cause : (error?.cause ?? error);
  return [`FAIL ${name}`, ...describeCause(cause).map((line) => `    ${line}`)];
}

/** The error with its stack, without the runner's own frames; an assertion's message already shows both values. */
function describeCause(cause: unknown): string[] {
  if (typeof cause === 'string') return lines(cause);
  const text = cause instanceof Error && cause.name === 'AssertionError' ? cause.stack : undefined;
  return lines(text ?? inspect(cause)).filter((line) => !/^\s+at .*\(?node:internal\//.test(line));
}

function rememberName(tally: Tally, { file = '', nesting, name }: TestData): void {
  const names = tally.path.get(file) ?? [];
  names.length = nesting;
  names[nesting] = name;
  tally.path.set(file, names);
}

function fullName(
  tally: Tally,
  { file = '', nesting, name }: TestData,
  shorten: (file: string) => string,
): string {
  const above = (tally.path.get(file) ?? []).slice(0, nesting);
  return [shorten(file), ...above, name]
    .filter((part, i, parts) => part !== '' && parts.indexOf(part) === i)
    .join(' > ');
}

function lines(text: string): string[] {
  const trimmed = text.replace(/\n+$/, '');
  return trimmed === '' ? [] : trimmed.split('\n');
}
