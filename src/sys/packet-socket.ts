import koffi from 'koffi';
import type { BpfInstruction } from '../decode/capture/packet-filter.ts';
import { type Mapping, mapMemory } from './bpf/mapping.ts';
import { getLibc, systemError } from './libc.ts';

/** include/linux/socket.h, include/uapi/linux/if_packet.h, if_ether.h. */
const afPacket = 17;
const sockRaw = 3;
const sockCloexec = 0o2000000;
const ethPAll = 3;
const solPacket = 263;
const solSocket = 1;
const soAttachFilter = 26;
const options = { rxRing: 5, statistics: 6, addMembership: 1, version: 10, ignoreOutgoing: 23 } as const;
const tpacketV3 = 2;
const membershipPromiscuous = 1;
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
  type: 58,
} as const;
const packetOutgoing = 4;
/** Where a tag was before the device took it out: behind both addresses. */
const tagOffset = 12;
const tagBytes = 4;
/** Size of a block, and how long it may wait for more packets once it has one. */
const blockBytes = 1 << 20;
const retireMs = 20;
/** Longest packet that is copied with its tag put back. */
const maxTaggedBytes = 65_536 + 64;

export interface PacketSocketOptions {
  /** Index of the interface. */
  readonly interface: number;
  /** Whose packets are all sent and received on the same machine: each is seen twice, and taken once. */
  readonly loopback: boolean;
  /** Room for packets that were not read yet; a whole number of MiB. */
  readonly ringBytes: number;
  readonly promiscuous: boolean;
  /** Of the packets to take; empty for all. */
  readonly filter: readonly BpfInstruction[];
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
}

/** struct sock_filter of each. */
function writeProgram(filter: readonly BpfInstruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(filter.length * 8));
  for (const [i, { code, jt, jf, k }] of filter.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, jt);
    view.setUint8(i * 8 + 3, jf);
    view.setUint32(i * 8 + 4, k, true);
  }
  return new Uint8Array(view.buffer);
}

type AttachFilter = (fd: number, level: number, name: number, program: object, length: number) => number;
let attachFilter: AttachFilter | undefined;

/** setsockopt(2) for a struct sock_fprog, which holds a pointer. */
function bindAttachFilter(): AttachFilter {
  const program = koffi.struct({ len: 'uint16_t', filter: 'void *' });
  const types = ['int', 'int', 'int', koffi.pointer(program), 'uint32_t'];
  return koffi.load(null).func('setsockopt', 'int', types);
}

/** Whole packets of one interface, by an AF_PACKET socket with a TPACKET_V3 ring that is read in place. */
export class PacketSocket implements Disposable {
  /** Packets that passed the filter, and of these the ones for which the ring had no room. */
  received = 0;
  dropped = 0;
  readonly #fd: number;
  readonly #ring: Mapping;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #blocks: number;
  readonly #loopback: boolean;
  readonly #packet: RingPacket;
  readonly #tagged = new Uint8Array(maxTaggedBytes);
  #next = 0;

  /** Throws NM_SYSTEM: without CAP_NET_RAW, without such an interface. */
  constructor({ interface: index, loopback, ringBytes, promiscuous, filter }: PacketSocketOptions) {
    const libc = getLibc();
    // Without a protocol nothing arrives until it is bound, when the filter is in place.
    this.#fd = libc.socket(afPacket, sockRaw | sockCloexec, 0);
    if (this.#fd < 0) throw systemError('open a packet socket');
    this.#loopback = loopback;
    this.#blocks = Math.max(2, Math.floor(ringBytes / blockBytes));
    try {
      this.#set(options.version, new Int32Array([tpacketV3]));
      const frames = this.#blocks * (blockBytes / 2048);
      const request = new Int32Array([blockBytes, this.#blocks, 2048, frames, retireMs, 0, 0]);
      this.#set(options.rxRing, request);
      // Linux 4.20; before that they are left out one by one.
      if (loopback) libc.setsockopt(this.#fd, solPacket, options.ignoreOutgoing, new Int32Array([1]), 4);
      if (filter.length > 0) this.#attach(filter);
      this.#ring = mapMemory({ fd: this.#fd, bytes: blockBytes * this.#blocks, writable: true });
      if (promiscuous) this.#set(options.addMembership, new Int32Array([index, membershipPromiscuous, 0, 0]));
      this.#bind(index);
    } catch (error) {
      libc.close(this.#fd);
      throw error;
    }
    this.#bytes = new Uint8Array(this.#ring.buffer);
    this.#view = new DataView(this.#ring.buffer);
    this.#packet = { bytes: this.#bytes, start: 0, end: 0, length: 0, timeMs: 0, outgoing: false };
  }

  /** Visits the packets of each full block, in order, and gives the blocks back; the answer is how many packets. */
  drain(visit: (packet: RingPacket) => void): number {
    let count = 0;
    for (let i = 0; i < this.#blocks; i++) {
      const at = this.#next * blockBytes;
      if ((this.#view.getUint32(at + block.status, true) & blockStatusUser) === 0) break;
      count += this.#readBlock(at, visit);
      this.#view.setUint32(at + block.status, 0, true);
      this.#next = (this.#next + 1) % this.#blocks;
    }
    return count;
  }

  /** Adds the kernel's counts since the last call to `received` and `dropped`. */
  count(): void {
    const values = new Uint8Array(12);
    const length = new Int32Array([values.length]);
    if (getLibc().getsockopt(this.#fd, solPacket, options.statistics, values, length) < 0) return;
    const view = new DataView(values.buffer);
    this.received += view.getUint32(0, true);
    this.dropped += view.getUint32(4, true);
  }

  [Symbol.dispose](): void {
    this.#ring[Symbol.dispose]();
    getLibc().close(this.#fd);
  }

  #readBlock(start: number, visit: (packet: RingPacket) => void): number {
    const view = this.#view;
    const packets = view.getUint32(start + block.packets, true);
    let at = start + view.getUint32(start + block.first, true);
    for (let i = 0; i < packets; i++) {
      const outgoing = view.getUint8(at + header.type) === packetOutgoing;
      if (!(outgoing && this.#loopback)) {
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

  #set(name: number, value: Int32Array): void {
    if (getLibc().setsockopt(this.#fd, solPacket, name, value, value.byteLength) < 0)
      throw systemError('prepare a packet socket');
  }

  #attach(filter: readonly BpfInstruction[]): void {
    attachFilter ??= bindAttachFilter();
    const program = { len: filter.length, filter: writeProgram(filter) };
    if (attachFilter(this.#fd, solSocket, soAttachFilter, program, 16) < 0)
      throw systemError('attach a capture filter');
  }

  #bind(index: number): void {
    const address = new DataView(new ArrayBuffer(20));
    address.setUint16(0, afPacket, true);
    address.setUint16(2, ethPAll);
    address.setInt32(4, index, true);
    if (getLibc().bind(this.#fd, new Uint8Array(address.buffer), 20) < 0)
      throw systemError(`listen on interface ${index}`);
  }
}
