import { PacketSocketRing, type RingPacket } from '../../sys/packet-socket-ring.ts';
import { type CopiedPacket, type CopiedPackets, packetFlags } from './packet-ring.ts';
import { tapBlocks } from './packet-tap.ts';

/** The ring of a `PacketTap` as the inspector reads it: without cookies, and each packet wherever it passes. */
export class TapRing implements CopiedPackets {
  readonly #ring: PacketSocketRing;
  readonly #bootEpochMs: number;
  readonly #packet: CopiedPacket = {
    bytes: new Uint8Array(0),
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

  /** `bootEpochMs` is the Unix time of the boot. Throws NM_SYSTEM. */
  constructor(fd: number, ringBytes: number, bootEpochMs: number) {
    this.#ring = new PacketSocketRing(fd, tapBlocks(ringBytes));
    this.#bootEpochMs = bootEpochMs;
  }

  drain(visit: (packet: CopiedPacket) => void): number {
    const packet = this.#packet;
    return this.#ring.drain((raw: RingPacket) => {
      packet.bytes = raw.bytes;
      packet.start = raw.start;
      packet.end = raw.end;
      packet.length = raw.length;
      packet.bootMs = raw.timeMs - this.#bootEpochMs;
      packet.interface = raw.interface;
      packet.flags = (raw.outgoing ? packetFlags.egress : 0) | (raw.ethernet ? 0 : packetFlags.network);
      packet.place = (raw.interface << 1) | (raw.outgoing ? 1 : 0);
      visit(packet);
    });
  }

  skip(): number {
    return this.#ring.skip();
  }

  [Symbol.dispose](): void {
    this.#ring[Symbol.dispose]();
  }
}
