import { connectionStates, limits } from '../../wire/connection.ts';
import type { LinkChange, LiveFrame } from '../../wire/link.ts';
import { type Clock, describeConnection, isCounted, nameState } from './describe.ts';
import type { TrackedConnection } from './tracked.ts';

/** Entries that wait for the next frame at most; past it, the next one holds everything anew. */
const maxWaiting = 50_000;
/** Connections told of in full in one frame; the others follow in the next ones, so that no frame outlives the young generation. */
const maxTold = 125;

/** Index of each state and limit on the wire. */
const stateIndex = new Map(connectionStates.map((state, index) => [state, index]));
const limitIndex = new Map(limits.map((limit, index) => [limit, index]));

export type ConnectionChanges = Pick<LiveFrame, 'full' | 'opened' | 'revised' | 'changed' | 'closed'>;

/** Gathers what changed of the connections between two live frames, each connection once. */
export class LiveChanges {
  readonly #clock: Clock;
  #opened: TrackedConnection[] = [];
  /** What a full frame has left to the next ones, from `#toldOf` on. */
  #standing: TrackedConnection[] = [];
  #toldOf = 0;
  #revised: TrackedConnection[] = [];
  #changed: TrackedConnection[] = [];
  #closed: number[] = [];
  #overflowed = false;
  /** Whether the last frame had no room for all that had opened. */
  #left = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  opened(connection: TrackedConnection): void {
    this.#opened.push(connection);
    if (this.#opened.length > maxWaiting) this.#opened = this.#opened.filter((one) => !one.gone);
    this.#bound(this.#opened);
  }

  changed(connection: TrackedConnection): void {
    if (!connection.announced || connection.changed) return;
    connection.changed = true;
    this.#changed.push(connection);
    this.#bound(this.#changed);
  }

  revised(connection: TrackedConnection): void {
    if (!connection.announced || connection.revised) return;
    connection.revised = true;
    this.#revised.push(connection);
    this.#bound(this.#revised);
  }

  /** It is no longer on show. One that no frame has told of is forgotten. */
  gone(connection: TrackedConnection): void {
    connection.gone = true;
    if (!connection.announced) return;
    this.#closed.push(connection.key);
    this.#bound(this.#closed);
  }

  /** Whether the next frame must hold everything, since more waited for it than could be kept. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Whether connections are left for another frame, to be taken soon. */
  get hasMore(): boolean {
    return this.#overflowed || this.#standing.length > 0 || this.#left || this.#opened.length > maxTold;
  }

  /**
   * What changed since the last call; with `full`, or after more than could be kept, everything that `all` visits. No
   * more than 125 connections at once: while `hasMore`, further calls bring the others. One that ends meanwhile is not
   * told of, and one that changes is told of as it is then.
   */
  take(
    full: boolean,
    all: (visit: (connection: TrackedConnection) => void) => void,
    nowMs: number,
  ): ConnectionChanges {
    const everything = full || this.#overflowed;
    const announce = (connection: TrackedConnection) => {
      connection.announced = true;
      return { key: connection.key, connection: describeConnection(connection, this.#clock, nowMs) };
    };
    if (everything) {
      this.#opened = [];
      this.#standing = [];
      this.#toldOf = 0;
      all((connection) => this.#standing.push(connection));
    }
    const frame: ConnectionChanges = {
      full: everything,
      opened: this.#nextToTell().map(announce),
      revised: everything ? [] : this.#revised.filter((connection) => !connection.gone).map(announce),
      changed: everything ? [] : this.#changed.filter((connection) => !connection.gone).map(encodeChange),
      closed: everything ? [] : this.#closed,
    };
    this.#forgetChanges();
    this.#overflowed = false;
    return frame;
  }

  /** Takes from what stood before what opened since. */
  #nextToTell(): TrackedConnection[] {
    const next: TrackedConnection[] = [];
    while (next.length < maxTold && this.#toldOf < this.#standing.length) {
      const connection = this.#standing[this.#toldOf++];
      if (!connection.gone) next.push(connection);
    }
    if (this.#toldOf === this.#standing.length) {
      this.#standing = [];
      this.#toldOf = 0;
    }
    const open = this.#opened.filter((connection) => !connection.gone);
    this.#opened = open.splice(maxTold - next.length);
    this.#left = this.#opened.length > 0;
    return next.concat(open);
  }

  #bound(list: readonly unknown[]): void {
    if (list.length <= maxWaiting) return;
    this.#forgetChanges();
    this.#opened = [];
    this.#standing = [];
    this.#toldOf = 0;
    this.#overflowed = true;
  }

  #forgetChanges(): void {
    for (const connection of this.#changed) connection.changed = false;
    for (const connection of this.#revised) connection.revised = false;
    this.#revised = [];
    this.#changed = [];
    this.#closed = [];
  }
}

/** As in `changeSchema` of wire/link.ts, by position. */
function encodeChange(connection: TrackedConnection): LinkChange {
  const counted = isCounted(connection);
  return [
    connection.key,
    stateIndex.get(nameState(connection)) ?? -1,
    counted ? connection.bytesSent : -1,
    counted ? connection.bytesReceived : -1,
    counted ? connection.packetsSent : -1,
    counted ? connection.packetsReceived : -1,
    counted ? Math.round(connection.uploadSpeed) : -1,
    counted ? Math.round(connection.downloadSpeed) : -1,
    connection.rttUs,
    connection.minRttUs,
    connection.jitterUs,
    connection.retransmits,
    connection.sendQueue,
    connection.receiveQueue,
    connection.limitedBy === null ? -1 : (limitIndex.get(connection.limitedBy) ?? -1),
  ];
}
