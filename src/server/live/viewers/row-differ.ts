type Key = string | number;
type Fields = Record<string, unknown>;

/** What is to be told of a window since it was last looked at; null parts did not change. */
export interface RowDiff {
  readonly rows: readonly Fields[] | null;
  readonly order: readonly Key[] | null;
  readonly removed: readonly Key[] | null;
}

export interface DifferOptions {
  /** The field that names a row. */
  readonly key: string;
  /** What to keep of a row as told; a copy where rows are changed in place. */
  readonly keep: (row: object) => object;
  /** A field whose change is not worth telling. */
  readonly skips?: (field: string, row: object) => boolean;
}

/** Keeps a window's rows as its viewers have them, and finds what they lack. */
export class RowDiffer {
  readonly #options: DifferOptions;
  #told = new Map<Key, object>();
  #order: Key[] = [];

  constructor(options: DifferOptions) {
    this.#options = options;
  }

  /** The rows as told, in order. */
  rows(): object[] {
    return this.#order.map((key) => this.#told.get(key)!);
  }

  get order(): readonly Key[] {
    return this.#order;
  }

  /** Brings what was told up to `rows`; `changed` may rule a row out. Null when there is nothing to tell. */
  update(rows: readonly object[], changed: (row: object) => boolean): RowDiff | null {
    const order: Key[] = [];
    const told: Fields[] = [];
    let moved = rows.length !== this.#order.length;
    for (const row of rows) {
      const key = (row as Fields)[this.#options.key] as Key;
      if (key !== this.#order[order.length]) moved = true;
      order.push(key);
      const news = this.#tell(key, row, changed);
      if (news) told.push(news);
    }
    const removed = moved ? this.#forgetOthers(order) : null;
    if (moved) this.#order = order;
    if (!moved && told.length === 0) return null;
    return { rows: told.length > 0 ? told : null, order: moved ? order : null, removed };
  }

  /** The fields of a row that are new to the viewers, null for none. */
  #tell(key: Key, row: object, changed: (row: object) => boolean): Fields | null {
    const before = this.#told.get(key) as Fields | undefined;
    if (before === row || (before && !changed(row))) return null;
    const now = this.#options.keep(row) as Fields;
    this.#told.set(key, now);
    if (!before) return now;
    let patch: Fields | null = null;
    for (const field in now) {
      const value = now[field];
      if (value === before[field] || this.#options.skips?.(field, row)) continue;
      if (typeof value === 'object' && JSON.stringify(value) === JSON.stringify(before[field])) continue;
      patch ??= { [this.#options.key]: key };
      patch[field] = value;
    }
    return patch;
  }

  #forgetOthers(order: readonly Key[]): Key[] | null {
    const kept = new Set(order);
    const removed = this.#order.filter((key) => !kept.has(key));
    for (const key of removed) this.#told.delete(key);
    return removed.length > 0 ? removed : null;
  }
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
