import type { Clock } from './describe.ts';
import { type Ended, makeEndedKind } from './ended.ts';
import { Fold, type FoldOptions, type RowSink } from './fold.ts';
import type { TrackedConnection } from './tracked.ts';

/** A failure of a UDP socket waits this long for the socket's end, so that the two are one row. */
const settleMs = 300;

/**
 * Turns what ended or failed into rows to keep. TCP ends when it fails; a UDP socket may fail and go on. Times are
 * milliseconds on the kernel's clock.
 */
export class Recorder {
  readonly #fold: Fold<Ended>;
  /** UDP connections with failures that no row tells of yet: how many, and since when. */
  readonly #failing = new Map<TrackedConnection, { count: number; readonly since: number }>();
  #nowMs = 0;

  constructor(clock: Clock, options: FoldOptions, sink: RowSink) {
    const kind = makeEndedKind(clock, () => clock.toUnixMs(this.#nowMs * 1e6));
    this.#fold = new Fold(options, kind, sink);
  }

  failed(connection: TrackedConnection, count: number, nowMs: number): void {
    if (connection.protocol === 'tcp') return;
    const failing = this.#failing.get(connection);
    if (failing) failing.count += count;
    else this.#failing.set(connection, { count, since: nowMs });
  }

  /** With `lingers` the connection stays on show in TIME_WAIT. */
  ended(connection: TrackedConnection, lingers: boolean, nowMs: number): void {
    const failing = this.#failing.get(connection);
    if (failing) this.#failing.delete(connection);
    if (!isWorthARow(connection)) return;
    // Failures of a UDP socket that waited longer than for its end have a row already.
    const failures = connection.protocol === 'udp' ? (failing?.count ?? 0) : connection.errors;
    this.#add({ connection, failures, over: true, lingers }, nowMs);
  }

  /** Hands on what has waited long enough. */
  tick(nowMs: number): void {
    for (const [connection, { count, since }] of this.#failing) {
      if (nowMs - since < settleMs) break;
      this.#failing.delete(connection);
      this.#add({ connection, failures: count, over: false, lingers: false }, nowMs);
    }
    this.#nowMs = nowMs;
    this.#fold.flush(nowMs);
  }

  /** Hands on everything. */
  finish(nowMs: number): void {
    this.tick(nowMs + settleMs);
    this.#fold.flush(Number.POSITIVE_INFINITY);
  }

  #add(ended: Ended, nowMs: number): void {
    this.#nowMs = nowMs;
    const { connection } = ended;
    connection.folded = this.#fold.add(ended, nowMs, connection.folded);
  }
}

/** A socket that listened, or had no peer and no traffic, was no connection; one in TIME_WAIT at the start was over. */
function isWorthARow(connection: TrackedConnection): boolean {
  if (connection.found && connection.closedNs === connection.openedNs) return false;
  if (connection.direction !== 'listening') return true;
  return connection.bytesSent + connection.bytesReceived + connection.errors > 0;
}
