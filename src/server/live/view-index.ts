import { type ConnectionMatcher, makeConnectionMatcher } from '../../rules/connection-filter.ts';
import { type ConnectionOrder, comparePlaces, parseConnectionSort } from '../../rules/connection-sort.ts';
import type { Connection } from '../../wire/connection.ts';
import type { ConnectionFilter } from '../../wire/query.ts';
import { type Listed, SortedList } from './sorted-list.ts';

/** A filter with a time before now lets rows fall out of it as time goes by; it is read anew this often. */
const relativeFilterMs = 10_000;

type SortKey = ReturnType<ConnectionOrder['key']>;

interface Entry extends Listed {
  /** Its place in the list. */
  key: SortKey;
  /** The place that it gets at the end of the update, while `placing`. */
  next: SortKey;
  placing: boolean;
  readonly id: number;
  row: Connection;
}

/**
 * The rows that match a filter, in the order of a sort, kept up to date change by change: a change costs a binary
 * search, whatever the number of rows. Views with different windows share one.
 */
export class ViewIndex {
  readonly #filter: ConnectionFilter;
  readonly #order: ConnectionOrder;
  readonly #entries = new Map<number, Entry>();
  readonly #list: SortedList<Entry>;
  /** What this update takes out of the list, under its old key, and puts into it. */
  readonly #leaving: Entry[] = [];
  readonly #placing: Entry[] = [];
  readonly #relative: boolean;
  #matches: ConnectionMatcher;
  #builtAt: number;
  #version = 0;

  /** Throws NM_BAD_FILTER. `now` is in Unix milliseconds. */
  constructor(filter: ConnectionFilter, sort: string, rows: Iterable<Connection>, now: number) {
    this.#filter = filter;
    this.#order = parseConnectionSort(sort);
    this.#list = new SortedList((a, b) => comparePlaces(this.#order, a.key, a.id, b.key, b.id));
    this.#relative = filter.since !== undefined || filter.until !== undefined;
    this.#matches = makeConnectionMatcher(filter, now);
    this.#builtAt = now;
    this.#build(rows);
  }

  /** Rises whenever a row came, went or moved. */
  get version(): number {
    return this.#version;
  }

  /** Rows that match. */
  get size(): number {
    return this.#list.size;
  }

  window(offset: number, limit: number): Connection[] {
    return this.#list.slice(offset, limit).map((entry) => entry.row);
  }

  /** Takes in what changed; `rows` gives all of them, should the index have to be built anew. */
  update(
    touched: Iterable<Connection>,
    gone: Iterable<Connection>,
    rows: () => Iterable<Connection>,
    now: number,
  ): void {
    if (this.#relative && Math.abs(now - this.#builtAt) >= relativeFilterMs) {
      this.#matches = makeConnectionMatcher(this.#filter, now);
      this.#builtAt = now;
      this.#build(rows());
      return;
    }
    for (const row of gone) this.#drop(row.id);
    for (const row of touched) this.#look(row);
    this.#move();
  }

  #look(row: Connection): void {
    if (!this.#matches(row)) {
      this.#drop(row.id);
      return;
    }
    const key = this.#key(row);
    const entry = this.#entries.get(row.id);
    if (!entry) {
      this.#add(row, key);
      return;
    }
    if (entry.row !== row) {
      entry.row = row;
      this.#version++;
    }
    if (!entry.placing) {
      if (entry.key === key) return;
      entry.placing = true;
      this.#leaving.push(entry);
      this.#placing.push(entry);
    }
    entry.next = key;
  }

  #add(row: Connection, key: SortKey): void {
    const entry = makeEntry(row, key);
    entry.placing = true;
    this.#entries.set(row.id, entry);
    this.#placing.push(entry);
  }

  #drop(id: number): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    // One that is to be placed is not in the list, or leaves it already.
    if (entry.placing) entry.placing = false;
    else this.#leaving.push(entry);
  }

  /** Brings the list up to what this update found. */
  #move(): void {
    if (this.#leaving.length + this.#placing.length === 0) return;
    this.#list.removeAll(this.#leaving);
    const placed = this.#placing.filter((entry) => entry.placing);
    for (const entry of placed) {
      entry.key = entry.next;
      entry.placing = false;
    }
    this.#list.insertAll(placed);
    this.#leaving.length = 0;
    this.#placing.length = 0;
    this.#version++;
  }

  /** The duration of an open connection grows without an event, so it stands in the order by when it was opened. */
  #key(row: Connection): SortKey {
    if (this.#order.sort !== 'duration' || !row.active || row.opened_at === null || row.closed_at !== null)
      return this.#order.key(row);
    return this.#builtAt - Date.parse(row.opened_at);
  }

  #build(rows: Iterable<Connection>): void {
    this.#entries.clear();
    for (const row of rows) {
      if (this.#matches(row)) this.#entries.set(row.id, makeEntry(row, this.#key(row)));
    }
    this.#list.fill([...this.#entries.values()]);
    this.#version++;
  }
}

function makeEntry(row: Connection, key: SortKey): Entry {
  return { key, next: key, placing: false, leaving: false, id: row.id, row };
}
