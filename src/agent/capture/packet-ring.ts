import { RingBuffer } from '../../sys/bpf/ring-buffer.ts';
import { packetEventLayout as layout } from './layout.generated.ts';

/** Bits of packet_event.flags (bpf/inspect.h). */
export const packetFlags = { egress: 1, network: 2 } as const;

/** A copied packet. One object, filled again for each; the bytes are valid during the call alone. */
export interface CopiedPacket {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Of the whole packet. */
  length: number;
  /** CLOCK_BOOTTIME. */
  bootMs: number;
  /** Of the socket that sent it; 0 when that is not known. */
  cookie: number;
  interface: number;
  flags: number;
  /** Inode number of the network namespace it was seen in; 0 for the agent's own. */
  namespace: number;
  /** Which interface it was seen on, and which way it went; 0 where each packet is handed over once. */
  place: number;
}

/** A ring of copied packets, whoever copies. */
export interface CopiedPackets extends Disposable {
  /** Visits what has come since, in order; the answer is how many. */
  drain(visit: (packet: CopiedPacket) => void): number;
  /** Passes over what there is without looking at it; the answer is how many packets. */
  skip(): number;
}

/** The ring that bpf/inspect.bpf.c fills, read in place. */
export class PacketRing implements CopiedPackets {
  readonly #ring: RingBuffer;
  #bytes: Uint8Array = new Uint8Array(0);
  readonly #packet: CopiedPacket = {
    bytes: this.#bytes,
    start: 0,
    end: 0,
    length: 0,
    bootMs: 0,
    cookie: 0,
    interface: 0,
    flags: 0,
    place: 0,
    namespace: 0,
  };

  /** `fd` is the ring's map, `ringBytes` its size. Throws NM_SYSTEM. */
  constructor(fd: number, ringBytes: number) {
    this.#ring = new RingBuffer(fd, ringBytes);
  }

  drain(visit: (packet: CopiedPacket) => void): number {
    const packet = this.#packet;
    let count = 0;
    this.#ring.drain((view, offset, length) => {
      if (this.#bytes.buffer !== view.buffer || this.#bytes.byteOffset !== view.byteOffset)
        this.#bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      packet.bytes = this.#bytes;
      packet.start = offset + layout.bytes;
      packet.end =
        packet.start + Math.min(view.getUint32(offset + layout.captured, true), length - layout.bytes);
      packet.length = view.getUint32(offset + layout.length, true);
      packet.bootMs = Number(view.getBigUint64(offset + layout.boot_ns, true)) / 1e6;
      packet.cookie = Number(view.getBigUint64(offset + layout.cookie, true));
      packet.interface = view.getUint32(offset + layout.interface, true);
      packet.namespace = view.getUint32(offset + layout.network_namespace, true);
      packet.flags = view.getUint32(offset + layout.flags, true);
      count++;
      visit(packet);
    });
    return count;
  }

  skip(): number {
    return this.#ring.skip();
  }

  [Symbol.dispose](): void {
    this.#ring[Symbol.dispose]();
  }
}
