type Key = string | number;
export type Fields = Record<string, unknown>;

/** What is to be told of a window since it was last looked at; null parts did not change. */
export interface RowDiff {
  readonly rows: readonly Fields[] | null;
  readonly order: readonly Key[] | null;
  readonly removed: readonly Key[] | null;
}

/** For rows that are changed in place, of which the differ holds copies as told. */
export interface InPlace {
  copy(row: object): object;
  /** Brings a copy up to its row; the fields that are to be told with the row's key, null for none. */
  patch(told: object, row: object): Fields | null;
}

/** Keeps a window's rows as its viewers have them, and finds what they lack. */
export class RowDiffer {
  readonly #key: string;
  readonly #inPlace: InPlace | null;
  readonly #told = new Map<Key, object>();
  #order: Key[] = [];

  /** `key` is the field that names a row. Without `inPlace` a row that changed is another object. */
  constructor(key: string, inPlace: InPlace | null = null) {
    this.#key = key;
    this.#inPlace = inPlace;
  }

  /** The rows as told, in order. */
  rows(): object[] {
    return this.#order.map((key) => this.#told.get(key)!);
  }

  get order(): readonly Key[] {
    return this.#order;
  }

  /** Brings what was told up to `rows`. Null when there is nothing to tell. */
  update(rows: readonly object[]): RowDiff | null {
    const order: Key[] = [];
    const told: Fields[] = [];
    let moved = rows.length !== this.#order.length;
    for (const row of rows) {
      const key = (row as Fields)[this.#key] as Key;
      if (key !== this.#order[order.length]) moved = true;
      order.push(key);
      const news = this.#tell(key, row);
      if (news) told.push(news);
    }
    // Keys of rows changed in place are unique, so that their number tells whether one left.
    const same = this.#inPlace !== null && this.#told.size === order.length;
    const removed = moved && !same ? this.#forgetOthers(order) : null;
    if (moved) this.#order = order;
    if (!moved && told.length === 0) return null;
    return { rows: told.length > 0 ? told : null, order: moved ? order : null, removed };
  }

  /** The fields of a row that are new to the viewers, null for none. */
  #tell(key: Key, row: object): Fields | null {
    const before = this.#told.get(key);
    if (before === row) return null;
    if (before && this.#inPlace) return this.#inPlace.patch(before, row);
    const now = this.#inPlace ? this.#inPlace.copy(row) : row;
    this.#told.set(key, now);
    return before ? listChanges(this.#key, before, row) : (now as Fields);
  }

  #forgetOthers(order: readonly Key[]): Key[] | null {
    const kept = new Set(order);
    const removed = this.#order.filter((key) => !kept.has(key));
    for (const key of removed) this.#told.delete(key);
    return removed.length > 0 ? removed : null;
  }
}

/** The fields in which a row differs from what was told of it, with the one that names it; null for none. */
export function listChanges(key: string, told: object, row: object): Fields | null {
  let changes: Fields | null = null;
  for (const field in row) {
    const value = (row as Fields)[field];
    const before = (told as Fields)[field];
    if (value === before) continue;
    if (typeof value === 'object' && JSON.stringify(value) === JSON.stringify(before)) continue;
    changes ??= { [key]: (row as Fields)[key] };
    changes[field] = value;
  }
  return changes;
}

/** The fields of a LiveUpdate for a diff, as JSON text without the braces. */
export function encodeDiff(diff: RowDiff | null, total: number | null): string | null {
  const parts: string[] = [];
  if (total !== null) parts.push(`"total":${total}`);
  if (diff?.rows) parts.push(`"rows":${JSON.stringify(diff.rows)}`);
  if (diff?.order) parts.push(`"order":${JSON.stringify(diff.order)}`);
  if (diff?.removed) parts.push(`"removed":${JSON.stringify(diff.removed)}`);
  return parts.length > 0 ? parts.join(',') : null;
}

/** The fields of a snapshot, as JSON text without the braces. */
export function encodeSnapshot(differ: RowDiffer, total: number): string {
  const rows = JSON.stringify(differ.rows());
  return `"snapshot":true,"total":${total},"rows":${rows},"order":${JSON.stringify(differ.order)}`;
}
