import { LatencyHistogram } from '../../../base/histogram.ts';
import { splitAgents } from '../../../wire/filter.ts';
import { otherName } from '../../../wire/rollup.ts';
import {
  type TrafficFamily,
  type TrafficGroup,
  type TrafficName,
  type TrafficQuery,
  type TrafficRow,
  type TrafficSum,
  type TrafficSummary,
  trafficFamilies,
} from '../../traffic.ts';
import type { SqlValue } from '../columns.ts';
import type { Session } from '../session.ts';
import { levels, maxStretchRows, tableOf } from './tables.ts';

/** Most groups of an answer. */
const maxGroups = 20_000;

/** Gives the database the functions that add histograms up. */
export function addLatencyFunctions(session: Session): void {
  session.db.function('add_latency', { deterministic: true }, (a, b) => {
    const sum = new LatencyHistogram();
    sum.merge(parsePairs(a));
    sum.merge(parsePairs(b));
    return JSON.stringify(sum.toPairs());
  });
  session.db.aggregate('sum_latency', {
    start: () => new LatencyHistogram(),
    step: (sum: LatencyHistogram, pairs: SqlValue) => {
      sum.merge(parsePairs(pairs));
      return sum;
    },
    result: (sum: LatencyHistogram) => JSON.stringify(sum.toPairs()),
  } as never);
}

/** Adds sums to the stretches, of each length, that `at` lies in. Must run in a transaction. */
export function addSums<Family extends TrafficFamily>(
  session: Session,
  family: Family,
  agent: string,
  at: number,
  rows: readonly TrafficRow<Family>[],
): void {
  for (const { lengthMs } of levels) {
    const start = Math.floor(at / lengthMs) * lengthMs;
    let room = maxStretchRows - countRows(session, family, [lengthMs, start, agent]);
    const place = [lengthMs, start, agent];
    for (const row of rows) {
      const names = trafficFamilies[family].names.map((name) => row[name as TrafficName<Family>]);
      if (addTo(session, family, row, [...place, ...names])) continue;
      const others = room > 0 ? names : names.map((name, i) => nameOther(family, i, name));
      if (room <= 0 && addTo(session, family, row, [...place, ...others])) continue;
      insert(session, family, row, [...place, ...others]);
      room--;
    }
  }
}

/** What stands for a name in a stretch that is full: few are kept, so that the rows are. */
function nameOther(family: TrafficFamily, index: number, name: string): string {
  const kept = ['status', 'transport', 'decided_by'];
  return kept.includes(trafficFamilies[family].names[index]) ? name : otherName;
}

function countRows(session: Session, family: TrafficFamily, place: readonly SqlValue[]): number {
  const sql = `SELECT count(*) FROM ${tableOf(family)} WHERE length = ? AND at = ? AND agent = ?`;
  return Number(session.get(sql, ...place)?.[0]);
}

/** Adds to a row that is there; false when there is none. */
function addTo<Family extends TrafficFamily>(
  session: Session,
  family: Family,
  row: TrafficRow<Family>,
  key: readonly SqlValue[],
): boolean {
  const { names, latency } = trafficFamilies[family];
  const where = ['length', 'at', 'agent', ...names].map((name) => `${name} = ?`).join(' AND ');
  const set = sumsOf(family).map((sum) => `${sum} = ${sum} + ?`);
  if (latency) set.push('latency = add_latency(latency, ?)');
  const sql = `UPDATE ${tableOf(family)} SET ${set.join(', ')} WHERE ${where}`;
  return session.run(sql, ...valuesOf(family, row), ...key).changes > 0;
}

function insert<Family extends TrafficFamily>(
  session: Session,
  family: Family,
  row: TrafficRow<Family>,
  key: readonly SqlValue[],
): void {
  const { names, latency } = trafficFamilies[family];
  const columns = ['length', 'at', 'agent', ...names, ...sumsOf(family), ...(latency ? ['latency'] : [])];
  const sql = `INSERT INTO ${tableOf(family)} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  session.run(sql, ...key, ...valuesOf(family, row));
}

function valuesOf<Family extends TrafficFamily>(family: Family, row: TrafficRow<Family>): SqlValue[] {
  const values: SqlValue[] = sumsOf(family).map((sum) => row[sum as TrafficSum<Family>]);
  if (trafficFamilies[family].latency) values.push(JSON.stringify(row.latency ?? []));
  return values;
}

function sumsOf(family: TrafficFamily): readonly string[] {
  return trafficFamilies[family].sums;
}

/** See `TrafficStore.summarizeTraffic`. `now` is in Unix milliseconds. */
export function summarizeSums<Family extends TrafficFamily>(
  session: Session,
  query: TrafficQuery<Family>,
  now: number,
): TrafficSummary<Family> {
  const { family, by, timed = false, agent } = query;
  const { lengthMs } = chooseLevel(query.since, query.until, now);
  const since = Math.floor(query.since / lengthMs) * lengthMs;
  const until = Math.ceil(query.until / lengthMs) * lengthMs;
  const conditions = ['length = ?', 'at >= ?', 'at < ?'];
  const values: SqlValue[] = [lengthMs, since, until];
  if (agent !== undefined) {
    const agents = splitAgents(agent);
    conditions.push(`agent IN (${agents.map(() => '?').join(', ')})`);
    values.push(...agents);
  }
  for (const name of trafficFamilies[family].names) {
    const wanted = query.filter?.[name as TrafficName<Family>];
    if (wanted === undefined) continue;
    conditions.push(`${name} = ?`);
    values.push(wanted);
  }
  const keys = [...(timed ? ['at'] : []), ...by];
  const sums = sumsOf(family).map((sum) => `sum(${sum})`);
  const latency = trafficFamilies[family].latency ? 'sum_latency(latency)' : "'[]'";
  const rows = session.all(
    `SELECT ${[...keys, ...sums, latency].join(', ')} FROM ${tableOf(family)} WHERE ${conditions.join(' AND ')}
     ${keys.length > 0 ? `GROUP BY ${keys.join(', ')} ORDER BY ${sums[0]} DESC LIMIT ${maxGroups}` : ''}`,
    ...values,
  );
  const groups = rows.map((row) => readGroup(query, row)).filter((group) => group !== null);
  return { groups, resolutionMs: lengthMs, since, until };
}

function chooseLevel(since: number, until: number, now: number): (typeof levels)[number] {
  const fits = levels.find(({ keptMs, longestMs }) => until - since <= longestMs && now - since <= keptMs);
  return fits ?? levels[2];
}

function readGroup<Family extends TrafficFamily>(
  { family, by, timed }: TrafficQuery<Family>,
  row: readonly unknown[],
): TrafficGroup<Family> | null {
  const cells = row.values();
  const next = (): unknown => cells.next().value;
  const at = timed ? Number(next()) : 0;
  const names = Object.fromEntries(by.map((name) => [name, String(next())]));
  const first = trafficFamilies[family].sums.map((sum) => [sum, next()] as const);
  if (first[0][1] === null) return null;
  const sums = Object.fromEntries(first.map(([sum, value]) => [sum, Number(value)]));
  return { at, names, sums, latency: parsePairs(next()) } as unknown as TrafficGroup<Family>;
}

/** The pairs of a stored histogram; what is none is empty. */
function parsePairs(text: unknown): number[] {
  return typeof text === 'string' && text.startsWith('[') ? (JSON.parse(text) as number[]) : [];
}
