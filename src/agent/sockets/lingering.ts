import type { TrackedConnection } from './tracked.ts';

/** How long the kernel keeps a closed connection in TIME_WAIT (TCP_TIMEWAIT_LEN, include/net/tcp.h). */
const timeWaitMs = 60_000;
/** Connections shown in TIME_WAIT at most; the kernel keeps them as small change, and so does netmon. */
const maxLingering = 1024;

/** Connections that are over for their processes but still in TIME_WAIT, oldest first. */
export class Lingering {
  readonly #queue: { readonly connection: TrackedConnection; readonly until: number }[] = [];
  #first = 0;
  /** Not kept for want of room. */
  evicted = 0;

  get size(): number {
    return this.#queue.length - this.#first;
  }

  get hasRoom(): boolean {
    return this.size < maxLingering;
  }

  /** Keeps one from `nowMs` on; false, counted, when there is no room. */
  add(connection: TrackedConnection, nowMs: number): boolean {
    if (!this.hasRoom) {
      this.evicted++;
      return false;
    }
    this.#queue.push({ connection, until: nowMs + timeWaitMs });
    return true;
  }

  /** Takes out those whose time is over. */
  expire(nowMs: number, onExpired: (connection: TrackedConnection) => void): void {
    while (this.#first < this.#queue.length && this.#queue[this.#first].until <= nowMs) {
      onExpired(this.#queue[this.#first++].connection);
    }
    if (this.#first > 1024 && this.#first * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#first);
      this.#first = 0;
    }
  }

  forEach(visit: (connection: TrackedConnection) => void): void {
    for (let i = this.#first; i < this.#queue.length; i++) visit(this.#queue[i].connection);
  }
}
