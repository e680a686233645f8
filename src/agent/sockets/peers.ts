import type { TrackedConnection } from './tracked.ts';

/** A peer of an unconnected UDP socket that was silent this long is over. */
const idleNs = 60e9;

/** The peers of unconnected UDP sockets, by socket: they end with it, or when they have been silent for a minute. */
export class UdpPeers {
  readonly #bySocket = new Map<number, TrackedConnection[]>();

  add(peer: TrackedConnection): void {
    const peers = this.#bySocket.get(peer.cookie);
    if (peers) peers.push(peer);
    else this.#bySocket.set(peer.cookie, [peer]);
  }

  /** Ends all peers of a socket that was closed. */
  endSocket(cookie: number, onEnd: (peer: TrackedConnection) => void): void {
    const peers = this.#bySocket.get(cookie);
    this.#bySocket.delete(cookie);
    peers?.forEach(onEnd);
  }

  /** Ends the silent ones at `nowNs` (CLOCK_BOOTTIME). */
  expire(nowNs: number, onEnd: (peer: TrackedConnection) => void): void {
    const isIdle = (peer: TrackedConnection): boolean => nowNs - peer.changedNs > idleNs;
    for (const [cookie, peers] of this.#bySocket) {
      const idle = peers.filter(isIdle);
      if (idle.length === 0) continue;
      const kept = peers.filter((peer) => !isIdle(peer));
      if (kept.length > 0) this.#bySocket.set(cookie, kept);
      else this.#bySocket.delete(cookie);
      idle.forEach(onEnd);
    }
  }
}
