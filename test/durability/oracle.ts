import { DatabaseSync } from 'node:sqlite';
import { kindOf } from './records.ts';

/** What of an agent's records must be in a database: those below `end`, but for stretches that a backup rightly lacks. */
export interface Due {
  readonly agent: string;
  readonly end: number;
  /** From (inclusive) and to (exclusive). */
  readonly without: readonly (readonly [number, number])[];
}

export interface Verdict {
  /** What SQLite says of the file: `ok`, or what is wrong. */
  readonly integrity: string;
  readonly records: number;
  readonly lost: number;
  readonly twice: number;
  /** Stretches that the server or an agent has given up, of agents whose server was never set back. */
  readonly gaps: number;
  /** Examples of what is wrong. */
  readonly examples: readonly string[];
}

/** Sums over records of traffic: how many, their numbers and the squares of these. */
type Sums = readonly [number, number, number];
const maxExamples = 5;

/** Looks into a database that no server has open: whether each record that is due is there, and each there is once. */
export function judge(path: string, dues: readonly Due[]): Verdict {
  using database = new DatabaseSync(path);
  const integrity = database.prepare('PRAGMA integrity_check').get()!.integrity_check;
  if (!database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'epochs'").get()) {
    const lost = dues.reduce((sum, { end }) => sum + end, 0);
    return { integrity: 'no tables', records: 0, lost, twice: 0, gaps: 0, examples: [] };
  }
  const examples: string[] = [];
  const verdict = { records: 0, lost: 0, twice: 0, gaps: 0 };
  for (const due of dues) {
    const times = countStored(database, due.agent, due.end);
    for (const [from, to] of due.without) times.fill(1, from, to);
    const missing: number[] = [];
    for (let number = 0; number < Math.max(due.end, times.length); number++) {
      if (kindOf(number) === 'traffic') continue;
      const count = times[number] ?? 0;
      if (count === 0 && number < due.end) missing.push(number);
      if (count > 1) {
        verdict.twice++;
        examples.push(`${due.agent} ${number}: ${count} times`);
      }
      verdict.records += Math.min(1, count);
    }
    verdict.lost += missing.length;
    for (const number of missing.slice(0, maxExamples)) examples.push(`${due.agent} ${number}: missing`);
    if (due.without.length === 0) verdict.gaps += countGaps(database, due.agent);
    const problem = compareSums(database, due, readCommitted(database, due.agent));
    if (problem !== null) {
      examples.push(problem);
      verdict.lost++;
    }
  }
  return { integrity: String(integrity), ...verdict, examples: examples.slice(0, maxExamples) };
}

/** Numbers below which all of an agent's records were committed when the database was last written. */
export function readCommitted(database: DatabaseSync, agent: string): number {
  const sql = 'SELECT max(committed_seq) AS last FROM epochs WHERE agent = ?';
  return Number(database.prepare(sql).get(agent)!.last ?? -1) + 1;
}

function countGaps(database: DatabaseSync, agent: string): number {
  return Number(database.prepare('SELECT count(*) AS n FROM gaps WHERE agent = ?').get(agent)!.n);
}

/** How many times each number is stored as a connection or a round, for those below `end` and those that are there. */
function countStored(database: DatabaseSync, agent: string, end: number): Uint8Array {
  let times = new Uint8Array(Math.max(end, 1 << 16));
  const add = (text: unknown): void => {
    const number = Number(/^number (\d+)$/.exec(String(text))?.[1]);
    if (!Number.isInteger(number)) throw new Error(`a row that nobody made: ${text}`);
    if (number >= times.length) {
      const wider = new Uint8Array(number * 2);
      wider.set(times);
      times = wider;
    }
    times[number] = Math.min(255, times[number] + 1);
  };
  const connections = 'SELECT command_line AS text FROM connections WHERE agent = ?';
  for (const { text } of database.prepare(connections).iterate(agent)) add(text);
  const rounds = `SELECT result ->> '$.address' AS text FROM rounds
    WHERE agent = (SELECT key FROM round_agents WHERE agent = ?)`;
  for (const { text } of database.prepare(rounds).iterate(agent)) add(text);
  return times;
}

/** Sums hold no single records; but all below what was committed must be in them, each once. */
function compareSums(database: DatabaseSync, { agent, end, without }: Due, committed: number): string | null {
  // Where it was set back last, nothing after that may have come yet.
  const due = without.find(([from, to]) => to >= end && from < end)?.[0] ?? end;
  if (committed < due) return `${agent}: ${committed} committed of ${due}`;
  const sql = `SELECT total(hits) AS hits, total(request_bytes) AS numbers, total(response_bytes) AS squares
    FROM http_traffic WHERE length = 3600000 AND agent = ?`;
  const row = database.prepare(sql).get(agent)!;
  const found: Sums = [Number(row.hits), Number(row.numbers), Number(row.squares)];
  const expected: [number, number, number] = [0, 0, 0];
  for (let number = 0; number < committed; number++) {
    if (kindOf(number) !== 'traffic' || without.some(([from, to]) => number >= from && number < to)) continue;
    expected[0]++;
    expected[1] += number;
    expected[2] += number ** 2;
  }
  if (found.every((sum, i) => sum === expected[i])) return null;
  return `${agent}: sums of traffic are ${found.join(', ')}, not ${expected.join(', ')}`;
}
