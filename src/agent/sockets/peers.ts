import { parseIp } from '../../base/ip.ts';
import { peerKeyLayout } from './layout.generated.ts';
import type { TrackedConnection } from './tracked.ts';

/** A peer of an unconnected UDP socket that was silent this long is over. */
const idleNs = 60e9;

/** The peers of unconnected UDP sockets, by socket. The kernel side forgets one only when told. */
export class UdpPeers {
  readonly #bySocket = new Map<number, TrackedConnection[]>();
  readonly #forget: (key: Uint8Array) => void;

  /** `forget` removes a key from the kernel's table of peers. */
  constructor(forget: (key: Uint8Array) => void) {
    this.#forget = forget;
  }

  add(peer: TrackedConnection): void {
    const peers = this.#bySocket.get(peer.cookie);
    if (peers) peers.push(peer);
    else this.#bySocket.set(peer.cookie, [peer]);
  }

  /** Ends all peers of a socket that was closed. */
  endSocket(cookie: number, onEnd: (peer: TrackedConnection) => void): void {
    const peers = this.#bySocket.get(cookie);
    if (!peers) return;
    this.#bySocket.delete(cookie);
    for (const peer of peers) this.#end(peer, onEnd);
  }

  /** Ends the peers that have been silent for a minute at `nowNs` (CLOCK_BOOTTIME). */
  expire(nowNs: number, onEnd: (peer: TrackedConnection) => void): void {
    for (const [cookie, peers] of this.#bySocket) {
      if (!peers.some((peer) => nowNs - peer.changedNs > idleNs)) continue;
      const kept = peers.filter((peer) => nowNs - peer.changedNs <= idleNs);
      if (kept.length > 0) this.#bySocket.set(cookie, kept);
      else this.#bySocket.delete(cookie);
      for (const peer of peers) if (nowNs - peer.changedNs > idleNs) this.#end(peer, onEnd);
    }
  }

  #end(peer: TrackedConnection, onEnd: (peer: TrackedConnection) => void): void {
    this.#forget(encodePeerKey(peer));
    onEnd(peer);
  }
}

/** The key of `struct peer_key` in bpf/netmon.h. */
function encodePeerKey(peer: TrackedConnection): Uint8Array {
  const key = new Uint8Array(peerKeyLayout.bytes);
  const view = new DataView(key.buffer);
  view.setBigUint64(peerKeyLayout.cookie, BigInt(peer.cookie), true);
  key.set(parseIp(peer.remoteIp) ?? new Uint8Array(16), peerKeyLayout.ip);
  view.setUint16(peerKeyLayout.port, peer.remotePort, true);
  return key;
}
