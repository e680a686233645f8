import { connectionStates, limits } from '../../wire/connection.ts';
import type { LinkChange, LiveFrame } from '../../wire/link.ts';
import { type Clock, describeConnection, isCounted, nameState } from './describe.ts';
import type { TrackedConnection } from './tracked.ts';

/** Entries that wait for the next frame at most; past it, the next one holds everything anew. */
const maxWaiting = 50_000;

/** Index of each state and limit on the wire. */
const stateIndex = new Map(connectionStates.map((state, index) => [state, index]));
const limitIndex = new Map(limits.map((limit, index) => [limit, index]));

export type ConnectionChanges = Pick<LiveFrame, 'full' | 'opened' | 'revised' | 'changed' | 'closed'>;

/** Gathers what changed of the connections between two live frames, each connection once. */
export class LiveChanges {
  readonly #clock: Clock;
  #opened: TrackedConnection[] = [];
  #revised: TrackedConnection[] = [];
  #changed: TrackedConnection[] = [];
  #closed: number[] = [];
  #overflowed = false;

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

  /** What changed since the last call; with `full`, or after more than could be kept, everything that `all` visits. */
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
    let opened: LiveFrame['opened'] = [];
    if (everything) all((connection) => opened.push(announce(connection)));
    else opened = this.#opened.filter((connection) => !connection.gone).map(announce);
    const frame: ConnectionChanges = {
      full: everything,
      opened,
      revised: everything ? [] : this.#revised.filter((connection) => !connection.gone).map(announce),
      changed: everything ? [] : this.#changed.filter((connection) => !connection.gone).map(encodeChange),
      closed: everything ? [] : this.#closed,
    };
    for (const connection of this.#changed) connection.changed = false;
    for (const connection of this.#revised) connection.revised = false;
    this.#clear();
    return frame;
  }

  #bound(list: readonly unknown[]): void {
    if (list.length <= maxWaiting) return;
    for (const connection of this.#changed) connection.changed = false;
    for (const connection of this.#revised) connection.revised = false;
    this.#clear();
    this.#overflowed = true;
  }

  #clear(): void {
    this.#opened = [];
    this.#revised = [];
    this.#changed = [];
    this.#closed = [];
    this.#overflowed = false;
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
