import { setImmediate } from 'node:timers/promises';
import type { Condition } from './filter-sql.ts';
import type { Session } from './session.ts';

/** A row's place in the order of time. */
export interface TimePlace {
  readonly timestamp: string;
  readonly id: number;
}

/** A stretch of the table in the order of time, from `after` (not in it) up to `upTo` (in it, null for the end). */
export interface Stretch {
  readonly after: TimePlace | null;
  readonly upTo: TimePlace | null;
  /** The condition that a row lies in it. */
  readonly condition: Condition;
}

/** Rows walked at a time: few first, since most questions are answered there; at most some 20 ms of work later. */
const firstStretch = 2048;
const longestStretch = 16_384;

/**
 * Cuts the rows under `within` into stretches in the order of time and lets the event loop run between them, so that
 * a question over millions of rows delays nobody. `within` should be what an index holds.
 */
export async function* walkTime(
  session: Session,
  descending: boolean,
  within: readonly Condition[],
  start: TimePlace | null,
): AsyncGenerator<Stretch> {
  const [beyond, reaching] = descending ? ['<', '>='] : ['>', '<='];
  const direction = descending ? 'DESC' : 'ASC';
  let after = start;
  for (let size = firstStretch; ; size = Math.min(size * 2, longestStretch)) {
    const from = after
      ? [{ sql: `(timestamp, id) ${beyond} (?, ?)`, values: [after.timestamp, after.id] }]
      : [];
    const open = joinConditions([...within, ...from]);
    const row = session.get(
      `SELECT timestamp, id FROM connections WHERE ${open.sql}
       ORDER BY timestamp ${direction}, id ${direction} LIMIT 1 OFFSET ${size}`,
      ...open.values,
    );
    if (!row) {
      yield { after, upTo: null, condition: open };
      return;
    }
    const upTo = { timestamp: String(row[0]), id: Number(row[1]) };
    const end = { sql: `(timestamp, id) ${reaching} (?, ?)`, values: [upTo.timestamp, upTo.id] };
    yield { after, upTo, condition: joinConditions([open, end]) };
    after = upTo;
    await setImmediate();
  }
}

/** One condition of all of them. */
export function joinConditions(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: '1', values: [] };
  return {
    sql: conditions.map((condition) => condition.sql).join(' AND '),
    values: conditions.flatMap((condition) => condition.values),
  };
}
