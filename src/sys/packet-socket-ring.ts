import { type Mapping, mapMemory } from './bpf/mapping.ts';

const blockStatusUser = 1;
const statusVlanValid = 0x10;
/** struct tpacket_block_desc with its tpacket_hdr_v1. */
const block = { status: 8, packets: 12, first: 16 } as const;
/** struct tpacket3_hdr, and the sockaddr_ll behind it. */
const header = {
  next: 0,
  sec: 4,
  nsec: 8,
  captured: 12,
  length: 16,
  status: 20,
  mac: 24,
  vlanTci: 32,
  vlanTpid: 36,
  interface: 52,
  device: 56,
  type: 58,
} as const;
const packetOutgoing = 4;
/** Kinds of devices whose packets begin with an Ethernet header: ARPHRD_ETHER and ARPHRD_LOOPBACK. */
const ethernetDevices: readonly number[] = [1, 772];
/** Where a tag was before the device took it out: behind both addresses. */
const tagOffset = 12;
const tagBytes = 4;
/** Longest packet that is copied with its tag put back. */
const maxTaggedBytes = 65_536 + 64;

/** A ring is made of blocks, which are handed over one by one: when full, or some time after their first packet. */
export interface PacketBlocks {
  /** Power of two, from a page on. */
  readonly bytes: number;
  readonly count: number;
}

/** A packet in the ring. One object, filled again for each; the bytes are valid during the call alone. */
export interface RingPacket {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** As it was on the wire. */
  length: number;
  /** Unix time. */
  timeMs: number;
  outgoing: boolean;
  /** Index of the interface, and whether its packets begin with an Ethernet header. */
  interface: number;
  ethernet: boolean;
}

/** The TPACKET_V3 ring of an AF_PACKET socket, read in place. Reading takes no privilege, only the descriptor. */
export class PacketSocketRing implements Disposable {
  readonly #ring: Mapping;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #blocks: PacketBlocks;
  readonly #skipOutgoing: boolean;
  readonly #packet: RingPacket;
  readonly #tagged = new Uint8Array(maxTaggedBytes);
  #next = 0;

  /** Maps the ring of `openPacketSocket`, which stays the caller's to close. Throws NM_SYSTEM. */
  constructor(fd: number, blocks: PacketBlocks, skipOutgoing = false) {
    this.#blocks = blocks;
    this.#skipOutgoing = skipOutgoing;
    this.#ring = mapMemory({ fd, bytes: blocks.bytes * blocks.count, writable: true });
    this.#bytes = new Uint8Array(this.#ring.buffer);
    this.#view = new DataView(this.#ring.buffer);
    this.#packet = {
      bytes: this.#bytes,
      start: 0,
      end: 0,
      length: 0,
      timeMs: 0,
      outgoing: false,
      interface: 0,
      ethernet: true,
    };
  }

  /** Visits the packets of each full block, in order, and gives the blocks back; the answer is how many packets. */
  drain(visit: (packet: RingPacket) => void): number {
    let count = 0;
    for (let i = 0; i < this.#blocks.count; i++) {
      const at = this.#next * this.#blocks.bytes;
      if ((this.#view.getUint32(at + block.status, true) & blockStatusUser) === 0) break;
      count += this.#readBlock(at, visit);
      this.#view.setUint32(at + block.status, 0, true);
      this.#next = (this.#next + 1) % this.#blocks.count;
    }
    return count;
  }

  /** Gives back what there is without looking at it; the answer is how many packets. */
  skip(): number {
    return this.drain(() => {});
  }

  [Symbol.dispose](): void {
    this.#ring[Symbol.dispose]();
  }

  #readBlock(start: number, visit: (packet: RingPacket) => void): number {
    const view = this.#view;
    const packets = view.getUint32(start + block.packets, true);
    let at = start + view.getUint32(start + block.first, true);
    for (let i = 0; i < packets; i++) {
      const outgoing = view.getUint8(at + header.type) === packetOutgoing;
      if (!(outgoing && this.#skipOutgoing)) {
        this.#fill(at, outgoing);
        visit(this.#packet);
      }
      at += view.getUint32(at + header.next, true);
    }
    return packets;
  }

  #fill(at: number, outgoing: boolean): void {
    const view = this.#view;
    const packet = this.#packet;
    const start = at + view.getUint16(at + header.mac, true);
    const end = start + view.getUint32(at + header.captured, true);
    packet.bytes = this.#bytes;
    packet.start = start;
    packet.end = end;
    packet.length = view.getUint32(at + header.length, true);
    packet.timeMs =
      view.getUint32(at + header.sec, true) * 1000 + view.getUint32(at + header.nsec, true) / 1e6;
    packet.outgoing = outgoing;
    packet.interface = view.getInt32(at + header.interface, true);
    packet.ethernet = ethernetDevices.includes(view.getUint16(at + header.device, true));
    if (view.getUint32(at + header.status, true) & statusVlanValid) this.#putTagBack(at, start, end);
  }

  /** Devices hand on VLAN tags beside the packet. */
  #putTagBack(at: number, start: number, end: number): void {
    const captured = end - start;
    if (captured < tagOffset + 2 || captured + tagBytes > maxTaggedBytes) return;
    const tagged = this.#tagged;
    tagged.set(this.#bytes.subarray(start, start + tagOffset));
    const view = new DataView(tagged.buffer);
    view.setUint16(tagOffset, this.#view.getUint16(at + header.vlanTpid, true) || 0x8100);
    view.setUint16(tagOffset + 2, this.#view.getUint32(at + header.vlanTci, true));
    tagged.set(this.#bytes.subarray(start + tagOffset, end), tagOffset + tagBytes);
    const packet = this.#packet;
    packet.bytes = tagged;
    packet.start = 0;
    packet.end = captured + tagBytes;
    packet.length += tagBytes;
  }
}
