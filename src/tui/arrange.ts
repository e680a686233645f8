import type { Page, TopColumn } from './pages/page.ts';
import { pages } from './pages/registry.ts';
import type { Picture } from './picture.ts';
import { changePage, currentPage, type State } from './state.ts';

/** The rows of the page on show, filtered and in order, and where the user is in them. */
export interface View {
  readonly page: Page<unknown>;
  readonly rows: readonly unknown[];
  /** Number of the first of `rows` among all. */
  readonly offset: number;
  readonly total: number;
  /** The chosen row; undefined where there is none, or where it has not come yet. */
  readonly chosen: unknown;
  /** The state with cursor and scroll where the rows are now. */
  readonly state: State;
}

/** Finds what `height` lines of the page are to show. */
export function arrange(picture: Picture, state: State, height: number): View {
  const page = pages[state.page];
  const mine = currentPage(state);
  const all = page.rows(picture, { group: mine.group, window: state.window });
  const rows = page.remote ? all : orderRows(page, filterRows(page, all, state.filter), state);
  const offset = page.remote ? picture.connections.offset : 0;
  const total = page.remote ? picture.connections.total : rows.length;
  const cursor = findCursor(page, rows, offset, total, state);
  const top = Math.max(
    0,
    Math.min(Math.max(mine.top, cursor - height + 1), cursor, Math.max(0, total - height)),
  );
  const chosen = rows[cursor - offset];
  const key = chosen === undefined ? mine.chosen : page.key(chosen);
  return { page, rows, offset, total, chosen, state: changePage(state, { cursor, top, chosen: key }) };
}

/** The columns that rows can be ordered by. */
export function listOrders(page: Page<unknown>): readonly TopColumn<unknown>[] {
  return page.columns.filter(({ value, sort }) => (page.remote ? sort : value) !== undefined);
}

function filterRows(page: Page<unknown>, rows: readonly unknown[], filter: string): readonly unknown[] {
  if (filter === '') return rows;
  const wanted = filter.toLowerCase();
  return rows.filter((row) =>
    page.words(row).some((word) => word !== null && String(word).toLowerCase().includes(wanted)),
  );
}

function orderRows(page: Page<unknown>, rows: readonly unknown[], state: State): readonly unknown[] {
  const { order, descending } = currentPage(state);
  const value = page.columns.find(({ title }) => title === order)?.value;
  if (value === undefined) return rows;
  const sign = descending ? -1 : 1;
  // Rows that are alike stay where they are: their keys decide, and not the moment.
  return [...rows].sort((a, b) => sign * compare(value(a), value(b)) || compare(page.key(a), page.key(b)));
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The chosen row's number: where it is now, or where it was when it is gone. Unmoved at the top, the cursor stays there. */
function findCursor(
  page: Page<unknown>,
  rows: readonly unknown[],
  offset: number,
  total: number,
  state: State,
): number {
  const { cursor, chosen } = currentPage(state);
  const known = chosen !== null && cursor > 0 ? rows.findIndex((row) => page.key(row) === chosen) : -1;
  return Math.max(0, Math.min(known < 0 ? cursor : known + offset, total - 1));
}
