import type { LiveUpdate } from '../wire/live.ts';

type RowKey = string | number;

/**
 * The rows of one subscription, assembled from its updates. A row that changed is a new object and one that did not
 * is the same, and `rows()` is a new array only after a change, so that both can be compared by identity.
 */
export class LiveTable<Row extends object> {
  readonly #keyField: string;
  #byKey = new Map<RowKey, Row>();
  #order: readonly RowKey[] = [];
  #rows: readonly Row[] | null = [];
  #total = 0;

  /** `keyField` names a row: `id` of a connection, `key` of a process, `name` of an interface. */
  constructor(keyField: string & keyof Row) {
    this.#keyField = keyField;
  }

  /** Rows of the window in the view's order. */
  rows(): readonly Row[] {
    this.#rows ??= this.#assemble();
    return this.#rows;
  }

  /** Rows that match the filter, in the window or not. */
  get total(): number {
    return this.#total;
  }

  get(key: RowKey): Row | undefined {
    return this.#byKey.get(key);
  }

  /** Takes an update in; whether anything changed. */
  apply(update: LiveUpdate): boolean {
    const total = update.total ?? this.#total;
    const changed =
      update.snapshot === true ||
      total !== this.#total ||
      update.rows !== undefined ||
      update.order !== undefined ||
      update.removed !== undefined;
    if (!changed) return false;
    if (update.snapshot) this.#byKey = new Map();
    this.#total = total;
    for (const key of update.removed ?? []) this.#byKey.delete(key);
    for (const row of update.rows ?? []) this.#merge(row);
    this.#order = this.#nextOrder(update);
    this.#rows = null;
    return true;
  }

  /** Forgets everything, as before the first snapshot. */
  clear(): void {
    this.#byKey = new Map();
    this.#order = [];
    this.#rows = [];
    this.#total = 0;
  }

  #merge(patch: Record<string, unknown>): void {
    const key = patch[this.#keyField] as RowKey;
    this.#byKey.set(key, { ...this.#byKey.get(key), ...patch } as Row);
  }

  #nextOrder(update: LiveUpdate): readonly RowKey[] {
    if (update.order) return update.order;
    if (update.snapshot) return [...this.#byKey.keys()];
    return this.#order;
  }

  #assemble(): Row[] {
    const rows: Row[] = [];
    for (const key of this.#order) {
      const row = this.#byKey.get(key);
      if (row) rows.push(row);
    }
    return rows;
  }
}
