import { z } from 'zod';
import { NetmonError } from '../../base/errors.ts';
import { compareKeys, type SortKey } from '../../base/order.ts';

/** A place in a list under one order. */
export interface CursorPlace<Id extends string | number> {
  readonly key: SortKey;
  readonly id: Id;
}

const cursorSchema = z.tuple([
  z.string(),
  z.union([z.number(), z.string().max(4096)]),
  z.union([z.number().int(), z.string().max(4096)]),
]);

/** The cursor of a place, opaque to a client; `sort` is the order for which alone it is good. */
export function encodeCursor(sort: string, place: CursorPlace<string | number>): string {
  return Buffer.from(JSON.stringify([sort, place.key, place.id])).toString('base64url');
}

/**
 * The place of a cursor, undefined for none. `sample` is any key and id of that order, so that the kinds can be
 * compared, or undefined where there is none to compare with. Throws NM_BAD_CURSOR for one that is damaged or was made under another order.
 */
export function decodeCursor<Id extends string | number>(
  cursor: string | undefined,
  sort: string,
  sample: CursorPlace<Id> | undefined,
): CursorPlace<Id> | undefined {
  if (cursor === undefined) return undefined;
  const parsed = cursorSchema.safeParse(parseCursor(cursor));
  if (parsed.success) {
    const [of, key, id] = parsed.data;
    const fits = !sample || (typeof key === typeof sample.key && typeof id === typeof sample.id);
    if (of === sort && fits) return { key, id: id as Id };
  }
  const message = 'not a cursor of this list in this order; start again without one';
  throw new NetmonError('NM_BAD_CURSOR', message, { fields: [{ field: 'cursor', message }] });
}

function parseCursor(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
}

/** Reads rows of one kind in one order. */
export interface RowOrder<Row> {
  /** As the client wrote it. */
  readonly sort: string;
  readonly descending: boolean;
  readonly key: (row: Row) => SortKey;
  /** Unique among the rows. */
  readonly id: (row: Row) => string;
}

/** A page of rows that are all in memory, and the cursor of the next one. */
export function pageRows<Row>(
  rows: Iterable<Row>,
  order: RowOrder<Row>,
  limit: number,
  cursor: string | undefined,
): { page: Row[]; next: string | null } {
  const sign = order.descending ? -1 : 1;
  const compare = (a: CursorPlace<string>, b: CursorPlace<string>): number =>
    sign * (compareKeys(a.key, b.key) || compareKeys(a.id, b.id));
  const placed = Array.from(rows, (row) => ({ row, key: order.key(row), id: order.id(row) })).sort(compare);
  const after = decodeCursor(cursor, order.sort, placed[0]);
  const from = after ? placed.findIndex((candidate) => compare(candidate, after) > 0) : 0;
  const page = from < 0 ? [] : placed.slice(from, from + limit);
  const last = page.at(-1);
  const more = last !== undefined && from + limit < placed.length;
  return { page: page.map(({ row }) => row), next: more ? encodeCursor(order.sort, last) : null };
}
