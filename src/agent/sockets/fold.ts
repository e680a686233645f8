import type { ReportedConnection } from '../../wire/connection.ts';

/** What adds up when like connections become one row. */
const summed = ['bytes_sent', 'bytes_received', 'packets_sent', 'packets_received', 'retransmits'] as const;

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
  burstRows: 10_000,
  rowsPerSecond: 100,
  windowMs: 1000,
  maxOpen: 2000,
};

interface OpenRow {
  readonly row: ReportedConnection;
  key: number | null;
  readonly since: number;
}

export interface FoldInput {
  readonly row: ReportedConnection;
  /** Of the live connection that the row stands for. */
  readonly key: number | null;
  /** Whether it was accepted here, so that its local end is the service's. */
  readonly passive: boolean;
}

/** A finished row; `key` names the live connection when it stands for one. */
export type RowSink = (row: ReportedConnection, key: number | null) => void;

/**
 * Keeps the number of recorded rows within a budget without losing a count. Failures of one process to one destination
 * with one errno within the window are one row, always. Other connections are rows of their own while the budget
 * lasts; past it, those with the same program, user, destination, direction and outcome are one row.
 */
export class Fold {
  readonly #options: FoldOptions;
  readonly #sink: RowSink;
  readonly #open = new Map<string, OpenRow>();
  #budget: number;
  #refilledAt = 0;
  /** Connections that went into another's row, since the start. */
  folded = 0;

  constructor(options: FoldOptions, sink: RowSink) {
    this.#options = options;
    this.#sink = sink;
    this.#budget = options.burstRows;
  }

  /** Takes a connection that ended or failed at `nowMs`, a clock that never goes back. The row belongs to the fold. */
  add({ row, key, passive }: FoldInput, nowMs: number): void {
    const inBudget = this.#hasBudget(nowMs);
    if (row.error === null && inBudget) {
      this.#emit(row, key);
      return;
    }
    const outcome = describeOutcome(row, passive);
    const like = inBudget ? `${row.process_id} ${outcome}` : `${describeProgram(row)} ${outcome}`;
    if (this.#join(like, row)) return;
    if (this.#open.size < this.#options.maxOpen) {
      this.#open.set(like, { row, key, since: nowMs });
      return;
    }
    row.remote_addr = row.remote_addr.startsWith('[') ? '[::]:0' : '0.0.0.0:0';
    const coarse = `${describeProgram(row)} ${row.error} ${row.protocol} ${row.direction}`;
    if (!this.#join(coarse, row)) this.#open.set(coarse, { row, key: null, since: nowMs });
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
  #join(like: string, row: ReportedConnection): boolean {
    const open = this.#open.get(like);
    if (!open) return false;
    merge(open.row, row);
    open.key = null;
    return true;
  }

  #emit(row: ReportedConnection, key: number | null): void {
    this.#budget--;
    this.folded += row.count - 1;
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

const describeProgram = (row: ReportedConnection): string =>
  `${row.process_path ?? row.process_name} ${row.user_id}`;

/** Destination and result, with the port of the service alone: the other end's changes with each connection. */
function describeOutcome(row: ReportedConnection, passive: boolean): string {
  const remote = passive ? row.remote_addr.slice(0, row.remote_addr.lastIndexOf(':')) : row.remote_addr;
  const service = passive ? row.local_addr : '';
  return `${row.protocol} ${row.direction} ${service} ${remote} ${row.error} ${row.network_namespace}`;
}

/** Adds a like connection to a row, in place. */
function merge(into: ReportedConnection, row: ReportedConnection): void {
  if (row.timestamp > into.timestamp) into.timestamp = row.timestamp;
  if (into.closed_at !== null && row.closed_at !== null && row.closed_at > into.closed_at)
    into.closed_at = row.closed_at;
  into.duration_ms = null;
  if (into.process_id !== row.process_id) {
    into.process_id = null;
    into.owner_unknown_reason = 'several processes of this program';
  }
  into.count += row.count;
  for (const field of summed) {
    const value = row[field];
    if (value !== null) into[field] = (into[field] ?? 0) + value;
  }
}
