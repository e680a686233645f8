import type { ReportedConnection } from '../../wire/connection.ts';
import { type Clock, describeConnection } from './describe.ts';
import type { Fold } from './fold.ts';
import { slotFlags } from './slot-table.ts';
import type { TrackedConnection } from './tracked.ts';

/** A failure of a UDP socket waits this long for the socket's end, so that the two are one row. */
const settleMs = 300;

/** Turns what ended or failed into rows to keep. TCP ends when it fails; a UDP socket may fail and go on. */
export class Recorder {
  readonly #clock: Clock;
  readonly #fold: Fold;
  /** UDP connections with failures that no row tells of yet: how many, and since when. */
  readonly #failing = new Map<TrackedConnection, { count: number; readonly since: number }>();

  constructor(clock: Clock, fold: Fold) {
    this.#clock = clock;
    this.#fold = fold;
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
    this.#failing.delete(connection);
    if (!isWorthARow(connection)) return;
    const row = describeConnection(connection, this.#clock, nowMs);
    if (connection.protocol === 'udp') {
      if (failing) row.count = failing.count;
      else clearFailure(row);
    }
    this.#add(row, connection, nowMs, lingers);
  }

  /** Hands on what has waited long enough. */
  tick(nowMs: number): void {
    for (const [connection, { count, since }] of this.#failing) {
      if (nowMs - since < settleMs) break;
      this.#failing.delete(connection);
      this.#add(describeFailure(connection, count, this.#clock, nowMs), null, nowMs);
    }
    this.#fold.flush(nowMs);
  }

  /** Hands on everything. */
  finish(nowMs: number): void {
    this.tick(nowMs + settleMs);
    this.#fold.flush(Number.POSITIVE_INFINITY);
  }

  /** A row names its connection where that is on show, or is about to be. */
  #add(row: ReportedConnection, connection: TrackedConnection | null, nowMs: number, lingers = false): void {
    const key = connection?.announced || lingers ? (connection?.key ?? null) : null;
    const passive = connection !== null && (connection.flags & slotFlags.passive) !== 0;
    this.#fold.add({ row, key, passive }, nowMs);
  }
}

/** A socket that listened, or had no peer and no traffic, was no connection; one in TIME_WAIT at the start was over. */
function isWorthARow(connection: TrackedConnection): boolean {
  if (connection.found && connection.closedNs === connection.openedNs) return false;
  if (connection.direction !== 'listening') return true;
  return connection.bytesSent + connection.bytesReceived + connection.errors > 0;
}

/** A failure of a socket that goes on: its totals are counted when it ends. */
function describeFailure(
  connection: TrackedConnection,
  count: number,
  clock: Clock,
  nowMs: number,
): ReportedConnection {
  const row = describeConnection(connection, clock, nowMs);
  return { ...row, bytes_sent: 0, bytes_received: 0, packets_sent: 0, packets_received: 0, count };
}

/** The failures of this row were recorded before. */
function clearFailure(row: ReportedConnection): void {
  row.error = null;
  row.phase = null;
}
