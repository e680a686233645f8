/** Numbers of IP protocols (IANA, protocol-numbers). */
export const ipProtocols = {
  icmp: 1,
  igmp: 2,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  gre: 47,
  icmpv6: 58,
  etherip: 97,
  sctp: 132,
  udpLite: 136,
} as const;

/** Stands in the place of an IP protocol's number for ARP, which has none; IP has eight bits for it. */
export const arpProtocol = 0x0806;

/** Bits of a TCP header's flags (RFC 9293 section 3.1). */
export const tcpFlags = { fin: 1, syn: 2, rst: 4, push: 8, ack: 16, urgent: 32 } as const;

/** What a decoder says comes next at the packet's cursor. */
export const layers = {
  none: 0,
  ethernet: 1,
  /** What `etherType` names. */
  etherType: 2,
  llc: 3,
  ppp: 4,
  mpls: 5,
  ip: 6,
  transport: 7,
  /** An 802.11 frame. */
  wireless: 8,
} as const;
export type Layer = (typeof layers)[keyof typeof layers];

const noBytes = new Uint8Array(0);

/**
 * One packet, taken apart as far as the transport. A single object is filled again and again, so that a packet costs no
 * allocation; offsets point into `bytes`.
 */
export class Packet {
  bytes: Uint8Array = noBytes;
  /** Unix milliseconds, with a fraction. */
  timeMs = 0;
  /** The cursor: where the next header starts, where the capture ends, and where the packet itself does. */
  at = 0;
  end = 0;
  wireEnd = 0;
  etherType = 0;
  /** 4 or 6; 0 when there is no IP in it. */
  version = 0;
  /** Of the innermost IP header; -1 without one. */
  protocol = -1;
  /** Source and destination as four words each, in network order, IPv4 as v4-mapped. */
  readonly addresses = new Uint32Array(8);
  /** Bytes on the wire from the innermost IP header on, also where fewer were captured. */
  networkBytes = 0;
  /** Packets these are: more than one for a datagram put together from fragments. */
  networkPackets = 1;
  /** IPv4 identification; -1 for IPv6. */
  ipId = -1;
  sourcePort = 0;
  destinationPort = 0;
  /** TCP; numbers of sequences are signed here and only their differences mean something. */
  sequence = 0;
  acknowledgment = 0;
  flags = 0;
  window = 0;
  /** Captured payload of the transport. */
  payloadStart = 0;
  payloadEnd = 0;
  /** Payload by the headers, also where less was captured. */
  payloadBytes = 0;
  /** ICMP: type and code. */
  icmpType = 0;
  icmpCode = 0;
  /** Tunnels that the innermost header was found in. */
  depth = 0;
  /** What contradicts its protocol; null for a sound packet. */
  problem: string | null = null;

  /** Begins with the bytes from `start` to `end`, which were captured of `length`. */
  reset(bytes: Uint8Array, start: number, end: number, length: number, timeMs: number): void {
    this.bytes = bytes;
    this.timeMs = timeMs;
    this.at = start;
    this.end = end;
    this.wireEnd = Math.max(end, start + length);
    this.version = 0;
    this.protocol = -1;
    this.networkBytes = 0;
    this.networkPackets = 1;
    this.ipId = -1;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.flags = 0;
    this.payloadStart = 0;
    this.payloadEnd = 0;
    this.payloadBytes = 0;
    this.depth = 0;
    this.problem = null;
  }

  /** A network header was found, inside of others or the first: what was known of a transport is that of a tunnel. */
  enterNetwork(version: number): void {
    this.version = version;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.payloadStart = 0;
    this.payloadEnd = 0;
    this.payloadBytes = 0;
  }

  /**
   * Whether fewer than `length` bytes are at the cursor. A packet that was longer on the wire was cut by the capture; one
   * that was not is malformed, which `problem` then says.
   */
  lacks(length: number, problem: string): boolean {
    if (this.end - this.at >= length) return false;
    if (this.wireEnd - this.at < length) this.problem = problem;
    return true;
  }

  /** Ends the packet at most at `wireEnd`: what lies behind is padding or belongs to a trailer. */
  limit(wireEnd: number): void {
    this.wireEnd = wireEnd;
    if (this.end > wireEnd) this.end = wireEnd;
  }
}
