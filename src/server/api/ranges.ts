import { NetmonError } from '../../base/errors.ts';
import { parseTime } from '../../wire/filter.ts';
import { decodeCursor, encodeCursor } from './paging.ts';

/** A range of time in Unix milliseconds. */
export interface Range {
  readonly since: number;
  readonly until: number;
}

/** Reads `since` and `until`, which is now unless given. Throws NM_BAD_FILTER. */
export function readRange(query: { readonly since: string; readonly until?: string }, now: number): Range {
  const since = Date.parse(readTime('since', query.since, now)!);
  const until = query.until === undefined ? now : Date.parse(readTime('until', query.until, now)!);
  return { since: Math.min(since, until), until };
}

/** A time as RFC 3339, undefined where none is asked for. Throws NM_BAD_FILTER. */
export function readTime(field: string, text: string | undefined, now: number): string | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text, now);
  if (time !== null) return time;
  const message = 'expected a time such as 2024-03-16T12:00:00Z or a duration such as 15m, 2h or 7d';
  throw new NetmonError('NM_BAD_FILTER', `${field}: ${message}`, { fields: [{ field, message }] });
}

/** How an answer tells of the range that it covers. */
export function describeRange(range: Range & { readonly resolutionMs: number }): {
  since: string;
  until: string;
  resolution_ms: number;
} {
  const { since, until, resolutionMs } = range;
  return {
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    resolution_ms: resolutionMs,
  };
}

const newestFirst = '-id';

/** The id that a page of a list with the newest first begins after, undefined for the first page. */
export function readIdCursor(cursor: string | undefined): number | undefined {
  return decodeCursor<number>(cursor, newestFirst, { key: 0, id: 0 })?.id;
}

/** The cursor of the page after these rows, null when there were fewer than asked for. */
export function writeIdCursor(rows: readonly { readonly id: number }[], limit: number): string | null {
  const last = rows.at(-1);
  return last && rows.length === limit ? encodeCursor(newestFirst, { key: last.id, id: last.id }) : null;
}
