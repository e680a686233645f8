import type { BpfInstruction } from '../decode/capture/packet-filter.ts';
import { getLibc, systemError } from './libc.ts';
import { type PacketBlocks, PacketSocketRing, type RingPacket } from './packet-socket-ring.ts';
import { attachSocketFilter } from './socket-filter.ts';

/** include/linux/socket.h, include/uapi/linux/if_packet.h, if_ether.h. */
const afPacket = 17;
const sockRaw = 3;
const sockCloexec = 0o2000000;
const ethPAll = 3;
const solPacket = 263;
const options = { rxRing: 5, statistics: 6, addMembership: 1, version: 10, ignoreOutgoing: 23 } as const;
const tpacketV3 = 2;
const membershipPromiscuous = 1;
const frameBytes = 2048;
/** How long a block may wait for more packets once it has one. */
const retireMs = 20;

export interface PacketSocketOptions {
  /** Index of the interface; 0 for all, those that come later included. */
  readonly interface: number;
  /** Whose packets are all sent and received on the same machine: each is seen twice, and taken once. */
  readonly loopback: boolean;
  /** Room for packets that were not read yet. A block takes the longest packet, and 20 ms of packets at the most. */
  readonly blocks: PacketBlocks;
  readonly promiscuous: boolean;
  /** Of the packets to take; empty for all. */
  readonly filter: readonly BpfInstruction[];
}

/** What became of packets: those that passed the filter, and of these the ones for which the ring had no room. */
export interface PacketCounts {
  received: number;
  dropped: number;
}

/**
 * Opens an AF_PACKET socket with a TPACKET_V3 ring. The answer is its descriptor, the caller's to close. Throws
 * NM_SYSTEM: without CAP_NET_RAW, without such an interface.
 */
export function openPacketSocket(wanted: PacketSocketOptions): number {
  const { interface: index, loopback, blocks, promiscuous, filter } = wanted;
  const libc = getLibc();
  // Without a protocol nothing arrives until it is bound, when the filter is in place.
  const fd = libc.socket(afPacket, sockRaw | sockCloexec, 0);
  if (fd < 0) throw systemError('open a packet socket');
  try {
    set(fd, options.version, new Int32Array([tpacketV3]));
    const frames = blocks.count * (blocks.bytes / frameBytes);
    set(fd, options.rxRing, new Int32Array([blocks.bytes, blocks.count, frameBytes, frames, retireMs, 0, 0]));
    // Linux 4.20; before that they are left out one by one.
    if (loopback) libc.setsockopt(fd, solPacket, options.ignoreOutgoing, new Int32Array([1]), 4);
    if (filter.length > 0) attachSocketFilter(fd, filter);
    if (promiscuous) set(fd, options.addMembership, new Int32Array([index, membershipPromiscuous, 0, 0]));
    bind(fd, index);
    return fd;
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

/** Adds the kernel's counts since the last call to those before. */
export function countPackets(fd: number, counts: PacketCounts): void {
  const values = new Uint8Array(12);
  const length = new Int32Array([values.length]);
  if (getLibc().getsockopt(fd, solPacket, options.statistics, values, length) < 0) return;
  const view = new DataView(values.buffer);
  counts.received += view.getUint32(0, true);
  counts.dropped += view.getUint32(4, true);
}

/** Whole packets of one interface: the socket with its ring. */
export class PacketSocket implements Disposable {
  received = 0;
  dropped = 0;
  readonly #fd: number;
  readonly #ring: PacketSocketRing;

  /** Throws NM_SYSTEM: without CAP_NET_RAW, without such an interface. */
  constructor(wanted: PacketSocketOptions) {
    this.#fd = openPacketSocket(wanted);
    try {
      this.#ring = new PacketSocketRing(this.#fd, wanted.blocks, wanted.loopback);
    } catch (error) {
      getLibc().close(this.#fd);
      throw error;
    }
  }

  /** Visits the packets of each full block, in order, and gives the blocks back; the answer is how many packets. */
  drain(visit: (packet: RingPacket) => void): number {
    return this.#ring.drain(visit);
  }

  /** Adds the kernel's counts since the last call to `received` and `dropped`. */
  count(): void {
    countPackets(this.#fd, this);
  }

  [Symbol.dispose](): void {
    this.#ring[Symbol.dispose]();
    getLibc().close(this.#fd);
  }
}

function set(fd: number, name: number, value: Int32Array): void {
  if (getLibc().setsockopt(fd, solPacket, name, value, value.byteLength) < 0)
    throw systemError('prepare a packet socket');
}

function bind(fd: number, index: number): void {
  const address = new DataView(new ArrayBuffer(20));
  address.setUint16(0, afPacket, true);
  address.setUint16(2, ethPAll);
  address.setInt32(4, index, true);
  if (getLibc().bind(fd, new Uint8Array(address.buffer), 20) < 0)
    throw systemError(`listen on interface ${index}`);
}
