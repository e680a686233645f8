import type { ReportedConnection } from '../../wire/connection.ts';

export interface FoldOptions {
  /** Rows written at once at most, beyond which like ones fold, and how many a second are regained. */
  readonly burstRows: number;
  readonly rowsPerSecond: number;
  /** How long like failures, and in a flood like connections, are gathered into one row. */
  readonly windowMs: number;
  /** Different rows gathered at once; further ones fold by process and outcome alone. */
  readonly maxOpen: number;
}

export const defaultFoldOptions: FoldOptions = {
  burstRows: 5_000,
  rowsPerSecond: 100,
  windowMs: 1000,
  maxOpen: 2000,
};

/**
 * What the fold asks of whatever it gathers. A row is described once, for the first of its kind; the others only add to
 * it, since in a flood there are thousands of them a second.
 */
export interface FoldKind<Item> {
  isFailure(item: Item): boolean;
  /** Names the process, and the program that it runs for its user. */
  nameProcess(item: Item): string;
  nameProgram(item: Item): string;
  /** Names protocol, direction, destination and result; with `coarse` without the destination. */
  nameOutcome(item: Item, coarse: boolean): string;
  describe(item: Item, coarse: boolean): ReportedConnection;
  /** Adds a like one to a row, in place. */
  add(row: ReportedConnection, item: Item): void;
  /** Of the live connection that the row stands for. */
  keyOf(item: Item): number | null;
}

interface OpenRow {
  readonly row: ReportedConnection;
  key: number | null;
  readonly since: number;
}

/** A finished row; `key` names the live connection when it stands for one. */
export type RowSink = (row: ReportedConnection, key: number | null) => void;

/**
 * Keeps the number of recorded rows within a budget without losing a count. Failures of one process to one destination
 * with one errno within the window are one row, always. Other connections are rows of their own while the budget
 * lasts; past it, those with the same program, user, destination, direction and outcome are one row.
 */
export class Fold<Item> {
  readonly #options: FoldOptions;
  readonly #kind: FoldKind<Item>;
  readonly #sink: RowSink;
  readonly #open = new Map<string, OpenRow>();
  #budget: number;
  #refilledAt = 0;

  constructor(options: FoldOptions, kind: FoldKind<Item>, sink: RowSink) {
    this.#options = options;
    this.#kind = kind;
    this.#sink = sink;
    this.#budget = options.burstRows;
  }

  /** Takes a connection that ended or failed at `nowMs`, a clock that never goes back. */
  add(item: Item, nowMs: number): void {
    const kind = this.#kind;
    const inBudget = this.#hasBudget(nowMs);
    if (inBudget && !kind.isFailure(item)) {
      this.#emit(kind.describe(item, false), kind.keyOf(item));
      return;
    }
    const who = inBudget ? kind.nameProcess(item) : kind.nameProgram(item);
    const like = `${who} ${kind.nameOutcome(item, false)}`;
    if (this.#join(like, item)) return;
    if (this.#open.size < this.#options.maxOpen) {
      this.#open.set(like, { row: kind.describe(item, false), key: kind.keyOf(item), since: nowMs });
      return;
    }
    const coarse = `${kind.nameProgram(item)} ${kind.nameOutcome(item, true)}`;
    if (this.#join(coarse, item)) return;
    this.#open.set(coarse, { row: kind.describe(item, true), key: null, since: nowMs });
  }

  /** Hands on the rows whose window is over; all of them when `nowMs` is Infinity. */
  flush(nowMs: number): void {
    for (const [like, { row, key, since }] of this.#open) {
      // In order of insertion, which is that of `since`.
      if (nowMs - since < this.#options.windowMs) return;
      this.#open.delete(like);
      this.#emit(row, key);
    }
  }

  /** Adds to a row that is open; false when there is none such. */
  #join(like: string, item: Item): boolean {
    const open = this.#open.get(like);
    if (!open) return false;
    this.#kind.add(open.row, item);
    open.key = null;
    return true;
  }

  #emit(row: ReportedConnection, key: number | null): void {
    this.#budget--;
    this.#sink(row, key);
  }

  #hasBudget(nowMs: number): boolean {
    const { burstRows, rowsPerSecond } = this.#options;
    const regained = ((nowMs - this.#refilledAt) / 1000) * rowsPerSecond;
    this.#budget = Math.min(burstRows, this.#budget + regained);
    this.#refilledAt = nowMs;
    return this.#budget >= 1;
  }
}
