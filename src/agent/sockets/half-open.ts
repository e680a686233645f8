import type { TrackedConnection } from './tracked.ts';

/** State of a request for a connection (include/net/tcp_states.h, TCP_NEW_SYN_RECV). */
export const newSynReceived = 12;
/** First wait for the answer to a SYN-ACK, twice as long each time, and the longest (RFC 6298; TCP_RTO_MAX). */
const firstMs = 1000;
const longestMs = 120_000;
/** How late the kernel may be, and this process in hearing of it. */
const slackMs = 500;

/** Handshakes that peers have begun and not finished. The kernel tells of each SYN-ACK sent again, and not of the end. */
export class HalfOpen {
  readonly #until = new Map<TrackedConnection, number>();

  /** Its SYN-ACK has been sent again at `nowMs`, the `retries`th time. */
  note(connection: TrackedConnection, retries: number, nowMs: number): void {
    this.#until.set(connection, nowMs + Math.min(longestMs, firstMs * 2 ** retries) + slackMs);
  }

  /** Hands on those that the kernel must have given up; one that has become a connection is forgotten. */
  expire(nowMs: number, onOver: (connection: TrackedConnection) => void): void {
    for (const [connection, until] of this.#until) {
      const waits = connection.state === newSynReceived && connection.slot >= 0;
      if (waits && until > nowMs) continue;
      this.#until.delete(connection);
      if (waits) onOver(connection);
    }
  }
}
