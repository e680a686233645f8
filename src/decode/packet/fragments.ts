import { u16 } from './bytes.ts';
import { ipProtocols, type Layer, layers, type Packet } from './packet.ts';

/** An IP packet is no longer (RFC 791 section 3.1), and a jumbogram is never in fragments (RFC 2675 section 4). */
const maxDatagramBytes = 65_535;
/** Fragments of one packet: 64 KiB in pieces of 68 bytes, the smallest MTU (RFC 791), would be 1,366. */
const maxPieces = 1_400;

export interface FragmentsOptions {
  /** Packets put together at once, and bytes held for them; past it the oldest is given up and counted. */
  readonly maxDatagrams: number;
  readonly maxBytes: number;
  /** Milliseconds in which all fragments must come (30 s in Linux, net.ipv4.ipfrag_time). */
  readonly timeoutMs: number;
}

export const defaultFragmentsOptions: FragmentsOptions = {
  maxDatagrams: 1_024,
  maxBytes: 4 * 1024 * 1024,
  timeoutMs: 30_000,
};

interface Datagram {
  readonly key: string;
  readonly firstMs: number;
  bytes: Uint8Array;
  /** Where the received pieces start and end, in order. */
  readonly pieces: { readonly start: number; readonly end: number }[];
  received: number;
  /** Length of the whole, once the last fragment is here. */
  total: number;
  /** What lies from here on was not captured. */
  capturedEnd: number;
  /** Of the first fragment. */
  protocol: number;
  ports: boolean;
  sourcePort: number;
  destinationPort: number;
  /** Not yet counted, since the ports are not known. */
  packets: number;
  networkBytes: number;
}

/**
 * Puts IP packets together again (RFC 791 section 3.2, RFC 8200 section 4.5). As in Linux a fragment that was already
 * there is passed over, and one that overlaps others costs the whole packet (RFC 5722).
 */
export class Fragments {
  /** Packets given up: incomplete after the time, or for want of room. */
  dropped = 0;
  readonly #options: FragmentsOptions;
  /** In order of their first fragments. */
  readonly #datagrams = new Map<string, Datagram>();
  #bytes = 0;

  constructor(options: Partial<FragmentsOptions> = {}) {
    this.#options = { ...defaultFragmentsOptions, ...options };
  }

  /** Packets under way. */
  get size(): number {
    return this.#datagrams.size;
  }

  /**
   * Takes the fragment at the cursor of `packet`. With the last of them the packet becomes the whole one; before, it has
   * the ports of its first fragment, where that came, and no payload, or belongs to no flow.
   */
  add(packet: Packet, id: number, offset: number, more: boolean): Layer {
    const length = packet.wireEnd - packet.at;
    if (length <= 0 || offset + length > maxDatagramBytes || (more && (length & 7) !== 0)) {
      packet.problem = 'fragment of an impossible length';
      return layers.none;
    }
    const datagram = this.#find(packet, id);
    datagram.packets++;
    datagram.networkBytes += packet.networkBytes;
    const end = offset + length;
    const place = this.#place(datagram, offset, end, more);
    if (place === 'wrong') {
      packet.problem = 'fragments that overlap';
      this.#remove(datagram);
      packet.version = 0;
      return layers.none;
    }
    if (place === 'new') this.#copy(datagram, packet, offset, length);
    if (datagram.total < 0 || datagram.received < datagram.total) return this.#hold(datagram, packet);
    this.#remove(datagram);
    return finish(datagram, packet);
  }

  #find(packet: Packet, id: number): Datagram {
    const { maxDatagrams, maxBytes, timeoutMs } = this.#options;
    for (const oldest of this.#datagrams.values()) {
      const isOld = packet.timeMs - oldest.firstMs > timeoutMs;
      if (!isOld && this.#datagrams.size < maxDatagrams && this.#bytes < maxBytes) break;
      this.#remove(oldest);
      this.dropped++;
    }
    // IPv6 may name another protocol in each fragment and only the first one's counts.
    const key = `${packet.addresses.join()},${id},${packet.version === 4 ? packet.protocol : ''}`;
    const known = this.#datagrams.get(key);
    if (known) return known;
    const datagram: Datagram = {
      key,
      firstMs: packet.timeMs,
      bytes: new Uint8Array(2_048),
      pieces: [],
      received: 0,
      total: -1,
      capturedEnd: maxDatagramBytes,
      protocol: packet.protocol,
      ports: false,
      sourcePort: 0,
      destinationPort: 0,
      packets: 0,
      networkBytes: 0,
    };
    this.#bytes += datagram.bytes.length;
    this.#datagrams.set(key, datagram);
    return datagram;
  }

  /** Enters where the piece lies; `wrong` when that contradicts the others. */
  #place(datagram: Datagram, start: number, end: number, more: boolean): 'new' | 'known' | 'wrong' {
    const { pieces } = datagram;
    let at = pieces.length;
    while (at > 0 && pieces[at - 1].start > start) at--;
    if (at > 0 && pieces[at - 1].end >= end) return more || datagram.total === end ? 'known' : 'wrong';
    const overlaps = (at > 0 && pieces[at - 1].end > start) || (at < pieces.length && pieces[at].start < end);
    if (overlaps || pieces.length >= maxPieces) return 'wrong';
    if (datagram.total >= 0 && (end > datagram.total || !more)) return 'wrong';
    if (!more) {
      if (at < pieces.length) return 'wrong';
      datagram.total = end;
    }
    pieces.splice(at, 0, { start, end });
    datagram.received += end - start;
    return 'new';
  }

  #copy(datagram: Datagram, packet: Packet, offset: number, length: number): void {
    if (offset === 0) readPorts(datagram, packet);
    const captured = Math.min(packet.end - packet.at, length);
    const end = offset + captured;
    if (captured < length) datagram.capturedEnd = Math.min(datagram.capturedEnd, end);
    if (end > datagram.bytes.length) {
      const grown = new Uint8Array(Math.min(maxDatagramBytes, Math.max(end, datagram.bytes.length * 4)));
      grown.set(datagram.bytes);
      this.#bytes += grown.length - datagram.bytes.length;
      datagram.bytes = grown;
    }
    datagram.bytes.set(packet.bytes.subarray(packet.at, packet.at + captured), offset);
  }

  /** What is known of the fragments so far can be counted when their ports are. */
  #hold(datagram: Datagram, packet: Packet): Layer {
    if (!datagram.ports) {
      packet.version = 0;
      return layers.none;
    }
    packet.protocol = datagram.protocol;
    packet.sourcePort = datagram.sourcePort;
    packet.destinationPort = datagram.destinationPort;
    takeCounts(datagram, packet);
    return layers.none;
  }

  #remove(datagram: Datagram): void {
    if (this.#datagrams.delete(datagram.key)) this.#bytes -= datagram.bytes.length;
  }
}

function takeCounts(datagram: Datagram, packet: Packet): void {
  packet.networkPackets = datagram.packets;
  packet.networkBytes = datagram.networkBytes;
  datagram.packets = 0;
  datagram.networkBytes = 0;
}

function readPorts(datagram: Datagram, packet: Packet): void {
  const { protocol, bytes, at } = packet;
  datagram.protocol = protocol;
  datagram.ports = true;
  if (!hasPorts(protocol) || packet.end - at < 4) return;
  datagram.sourcePort = u16(bytes, at);
  datagram.destinationPort = u16(bytes, at + 2);
}

/** Whether a transport's header begins with two ports. */
export function hasPorts(protocol: number): boolean {
  return (
    protocol === ipProtocols.tcp ||
    protocol === ipProtocols.udp ||
    protocol === ipProtocols.sctp ||
    protocol === ipProtocols.udpLite ||
    protocol === ipProtocols.dccp
  );
}

function finish(datagram: Datagram, packet: Packet): Layer {
  packet.protocol = datagram.protocol;
  takeCounts(datagram, packet);
  packet.bytes = datagram.bytes;
  packet.at = 0;
  packet.end = Math.min(datagram.total, datagram.capturedEnd);
  packet.wireEnd = datagram.total;
  return layers.transport;
}
