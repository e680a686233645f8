import { NetmonError } from '../../base/errors.ts';
import { compareKeys } from '../../base/order.ts';
import type { Connection } from '../../wire/connection.ts';
import type { Place, StorePage, StoreQuery } from '../store.ts';
import { connectionColumns, readColumns } from './columns.ts';
import { type Condition, sortExpressions, writeConditions, writeDriver } from './filter-sql.ts';
import type { Session } from './session.ts';
import { joinConditions, walkTime } from './walk.ts';

/** After this long a page in the order of time is given as it is, with the place to go on from; an empty one later. */
const pageBudgetMs = 200;
const emptyPageBudgetMs = 2000;
/** After this long a page in another order, for which every row must be seen, is refused. */
const sortBudgetMs = 2000;

const columns = connectionColumns.join(', ');

/** The stored connection of that id. */
export function readConnection(session: Session, id: number): Connection | null {
  const row = session.get(`SELECT ${columns} FROM connections WHERE id = ?`, id);
  return row ? readColumns(row) : null;
}

/** Which of the ids have a row. */
export function readStoredIds(session: Session, ids: readonly number[]): ReadonlySet<number> {
  const list = JSON.stringify(ids);
  const rows = session.all('SELECT id FROM connections WHERE id IN (SELECT value FROM json_each(?))', list);
  return new Set(rows.map(([id]) => Number(id)));
}

/** A page of stored connections; see `Store.queryConnections`. */
export function queryPage(session: Session, query: StoreQuery): Promise<StorePage> {
  if (query.filter.active === true) return Promise.resolve({ connections: [], next: null });
  return query.sort === 'timestamp' ? queryByTime(session, query) : queryByKey(session, query);
}

async function queryByTime(session: Session, query: StoreQuery): Promise<StorePage> {
  const { descending, limit, after } = query;
  const conditions = writeConditions(query.filter);
  const order = descending ? 'DESC' : 'ASC';
  const start = after ? { timestamp: String(after.key), id: after.id } : null;
  const started = performance.now();
  const connections: Connection[] = [];
  for await (const stretch of walkTime(session, descending, listWalked(query), start)) {
    const where = joinConditions([...conditions, stretch.condition]);
    const rows = session.all(
      `SELECT ${columns} FROM connections WHERE ${where.sql} ORDER BY timestamp ${order}, id ${order} LIMIT ?`,
      ...where.values,
      limit - connections.length,
    );
    for (const row of rows) connections.push(readColumns(row));
    const last = connections.at(-1);
    if (last && connections.length >= limit)
      return { connections, next: { key: last.timestamp, id: last.id } };
    const budgetMs = connections.length > 0 ? pageBudgetMs : emptyPageBudgetMs;
    if (stretch.upTo && performance.now() - started > budgetMs) {
      return { connections, next: { key: stretch.upTo.timestamp, id: stretch.upTo.id } };
    }
  }
  return { connections, next: null };
}

/** The conditions under which rows are walked: what an index serves. */
function listWalked({ filter }: StoreQuery): Condition[] {
  const driver = writeDriver(filter);
  const conditions = driver ? [driver] : [];
  if (filter.since !== undefined) conditions.push({ sql: 'timestamp >= ?', values: [filter.since] });
  if (filter.until !== undefined) conditions.push({ sql: 'timestamp <= ?', values: [filter.until] });
  return conditions;
}

/** Keeps the first `limit` places over all stretches and reads only their rows. */
async function queryByKey(session: Session, query: StoreQuery): Promise<StorePage> {
  const { descending, limit, after, sort } = query;
  const key = sortExpressions[sort];
  const order = descending ? 'DESC' : 'ASC';
  const conditions = writeConditions(query.filter);
  if (after) {
    conditions.push({ sql: `(${key}, id) ${descending ? '<' : '>'} (?, ?)`, values: [after.key, after.id] });
  }
  const deadline = performance.now() + sortBudgetMs;
  let places: Place[] = [];
  for await (const stretch of walkTime(session, true, listWalked(query), null)) {
    if (performance.now() > deadline) throw tooManyRows(sort);
    const where = joinConditions([...conditions, stretch.condition]);
    const rows = session.all(
      `SELECT ${key}, id FROM connections WHERE ${where.sql} ORDER BY 1 ${order}, 2 ${order} LIMIT ?`,
      ...where.values,
      limit + 1,
    );
    const found = rows.map(([value, id]) => ({ key: value as Place['key'], id: Number(id) }));
    places = mergePlaces(places, found, descending).slice(0, limit + 1);
  }
  const connections = places.slice(0, limit).map(({ id }) => readConnection(session, id));
  return {
    connections: connections.filter((connection) => connection !== null),
    next: places.length > limit ? places[limit - 1] : null,
  };
}

function mergePlaces(a: readonly Place[], b: readonly Place[], descending: boolean): Place[] {
  const sign = descending ? -1 : 1;
  return [...a, ...b].sort((x, y) => sign * (compareKeys(x.key, y.key) || x.id - y.id));
}

function tooManyRows(sort: string): NetmonError {
  const message = `sorting by ${sort} over so many rows takes too long; narrow the list with since or a filter`;
  return new NetmonError('NM_BAD_FILTER', message, { fields: [{ field: 'sort', message }] });
}
