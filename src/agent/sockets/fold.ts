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
  /** When it ended or failed, on the clock of `end`. */
  endOf(item: Item): number;
  /** Completes a row of several of which the last ended then. */
  end(row: ReportedConnection, endedAt: number): void;
  /** Of the live connection that the row stands for. */
  keyOf(item: Item): number | null;
}

/** A row that gathers like ones; closed once its window is over. */
export interface FoldedRow {
  /** Null until one has come that was not told of by itself. */
  row: ReportedConnection | null;
  key: number | null;
  /** Whether it gathers failures, the first of which was a row of its own. */
  readonly failures: boolean;
  since: number;
  endedAt: number;
  open: boolean;
}

/** A finished row; `key` names the live connection when it stands for one. */
export type RowSink = (row: ReportedConnection, key: number | null) => void;

/**
 * Keeps the number of recorded rows within a budget without losing a count. Of failures of one process to one destination
 * with one errno, the first is a row at once and those that follow are one row a window, until a window passes without.
 * Other connections are rows of their own while the budget
 * lasts; past it, those with the same program, user, destination, direction and outcome are one row.
 */
export class Fold<Item> {
  readonly #options: FoldOptions;
  readonly #kind: FoldKind<Item>;
  readonly #sink: RowSink;
  readonly #open = new Map<string, FoldedRow>();
  #budget: number;
  #refilledAt = 0;

  constructor(options: FoldOptions, kind: FoldKind<Item>, sink: RowSink) {
    this.#options = options;
    this.#kind = kind;
    this.#sink = sink;
    this.#budget = options.burstRows;
  }

  /**
   * Takes a connection that ended or failed at `nowMs`, a clock that never goes back. Gives the row that it went into
   * while more can; who has one of a like item hands it over as `last`, which saves the search for it.
   */
  add(item: Item, nowMs: number, last: FoldedRow | null = null): FoldedRow | null {
    const kind = this.#kind;
    const inBudget = this.#hasBudget(nowMs);
    if (inBudget && !kind.isFailure(item)) {
      this.#emit(kind.describe(item, false), kind.keyOf(item));
      return null;
    }
    if (last?.open) return this.#join(last, item);
    const who = inBudget ? kind.nameProcess(item) : kind.nameProgram(item);
    const like = `${who} ${kind.nameOutcome(item, false)}`;
    const found = this.#open.get(like);
    if (found) return this.#join(found, item);
    if (this.#open.size < this.#options.maxOpen) {
      const begun = this.#begin(like, inBudget, nowMs);
      if (!inBudget) return this.#join(begun, item);
      this.#emit(kind.describe(item, false), kind.keyOf(item));
      return begun;
    }
    const coarse = `${kind.nameProgram(item)} ${kind.nameOutcome(item, true)}`;
    return this.#join(this.#open.get(coarse) ?? this.#begin(coarse, false, nowMs), item, true);
  }

  /** Hands on the rows whose window is over; all of them when `nowMs` is Infinity. */
  flush(nowMs: number): void {
    for (const [like, folded] of this.#open) {
      // In order of insertion, which is that of `since`.
      if (nowMs - folded.since < this.#options.windowMs) return;
      this.#open.delete(like);
      const { row, key, endedAt } = folded;
      if (row && folded.failures && nowMs < Number.POSITIVE_INFINITY) this.#goOn(like, folded, nowMs);
      else folded.open = false;
      if (!row) continue;
      if (row.count > 1) this.#kind.end(row, endedAt);
      this.#emit(row, key);
    }
  }

  /** Failures that came in this window may come in the next. */
  #goOn(like: string, folded: FoldedRow, nowMs: number): void {
    folded.row = null;
    folded.key = null;
    folded.since = nowMs;
    folded.endedAt = Number.NEGATIVE_INFINITY;
    this.#open.set(like, folded);
  }

  #begin(like: string, failures: boolean, since: number): FoldedRow {
    const endedAt = Number.NEGATIVE_INFINITY;
    const folded = { row: null, key: null, failures, since, endedAt, open: true };
    this.#open.set(like, folded);
    return folded;
  }

  #join(folded: FoldedRow, item: Item, coarse = false): FoldedRow {
    const kind = this.#kind;
    if (folded.row) {
      kind.add(folded.row, item);
      folded.key = null;
    } else {
      folded.row = kind.describe(item, coarse);
      folded.key = coarse ? null : kind.keyOf(item);
    }
    folded.endedAt = Math.max(folded.endedAt, kind.endOf(item));
    return folded;
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
