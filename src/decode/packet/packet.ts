/** Numbers of IP protocols (IANA, protocol-numbers). */
export const ipProtocols = {
  icmp: 1,
  igmp: 2,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  icmpv6: 58,
  sctp: 132,
} as const;

/** Bits of a TCP header's flags (RFC 9293 section 3.1). */
export const tcpFlags = { fin: 1, syn: 2, rst: 4, push: 8, ack: 16, urgent: 32 } as const;

const noBytes = new Uint8Array(0);

/**
 * One packet, taken apart as far as the transport. A single object is filled again and again, so that a packet costs no
 * allocation; offsets point into `bytes`.
 */
export class Packet {
  bytes: Uint8Array = noBytes;
  /** Unix milliseconds, with a fraction. */
  timeMs = 0;
  /** 4 or 6; 0 when there is no IP in it. */
  version = 0;
  /** Of the innermost IP header; -1 without one. */
  protocol = -1;
  /** Source and destination as four words each, in network order, IPv4 as v4-mapped. */
  readonly addresses = new Uint32Array(8);
  /** Bytes on the wire from the innermost IP header on, also where fewer were captured. */
  networkBytes = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** TCP. */
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

  reset(bytes: Uint8Array, timeMs: number): void {
    this.bytes = bytes;
    this.timeMs = timeMs;
    this.version = 0;
    this.protocol = -1;
    this.networkBytes = 0;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.flags = 0;
    this.payloadStart = 0;
    this.payloadEnd = 0;
    this.payloadBytes = 0;
    this.depth = 0;
    this.problem = null;
  }
}
