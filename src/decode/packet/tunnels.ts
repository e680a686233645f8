import { u16, u32 } from './bytes.ts';
import { etherTypes } from './ether-type.ts';
import { ipProtocols, type Layer, layers, type Packet } from './packet.ts';

/** Tunnels within tunnels that are entered. */
const maxDepth = 5;

/** Where tunnels over UDP end (IANA, service-names-port-numbers; 8472 was the first of VXLAN in Linux). */
const ports = {
  l2tp: 1701,
  teredo: 3544,
  greInUdp: 4754,
  ayiya: 5072,
  vxlan: 4789,
  vxlanGpe: 4790,
  geneve: 6081,
  mplsInUdp: 6635,
  oldVxlan: 8472,
} as const;

/** Flags of the first word of a GRE header (RFC 2784, RFC 2890, RFC 1701, RFC 2637). */
const gre = {
  checksum: 0x8000,
  routing: 0x4000,
  key: 0x2000,
  sequence: 0x1000,
  acknowledgment: 0x0080,
} as const;
const erspan2 = 0x88be;
const erspan3 = 0x22eb;
/** Web cache communication protocol (draft-wilson-wrec-wccp-v2). */
const redirected = 0x883e;

/**
 * Goes on with what a tunnel carries, found at `start`. Where that is no packet that could be read, the tunnel's own
 * packet stays the one told of.
 */
export function enterTunnel(packet: Packet, start: number, inner: Layer): Layer {
  if (packet.depth >= maxDepth || !looksLike(packet, start, inner)) return layers.none;
  packet.depth++;
  packet.at = start;
  return inner;
}

/** Whether an IP header could begin there, or an Ethernet frame with something in it that is read. */
function looksLike({ bytes, end }: Packet, start: number, inner: Layer): boolean {
  if (inner === layers.ip) {
    const version = bytes[start] >> 4;
    return version === 4 ? end - start >= 20 && (bytes[start] & 15) >= 5 : version === 6 && end - start >= 40;
  }
  if (inner !== layers.ethernet) return end > start;
  if (end - start < 14) return false;
  const type = u16(bytes, start + 12);
  if (type === etherTypes.ipv4) return bytes[start + 14] >> 4 === 4 && end - start >= 34;
  if (type === etherTypes.ipv6) return bytes[start + 14] >> 4 === 6 && end - start >= 54;
  return type === etherTypes.arp || type === etherTypes.vlan || type === etherTypes.qinq;
}

/** Generic routing encapsulation; version 1 is that of PPTP. */
export function decodeGre(packet: Packet): Layer {
  if (packet.lacks(4, 'GRE header cut short')) return layers.none;
  return enterGre(packet, packet.at);
}

function enterGre(packet: Packet, at: number): Layer {
  const { bytes } = packet;
  const flags = u16(bytes, at);
  const type = u16(bytes, at + 2);
  let start = at + 4;
  if (flags & (gre.checksum | gre.routing)) start += 4;
  if (flags & gre.key) start += 4;
  if (flags & gre.sequence) start += 4;
  if ((flags & 7) === 1) {
    if (flags & gre.acknowledgment) start += 4;
    return type === etherTypes.ppp ? enterTunnel(packet, start, layers.ppp) : layers.none;
  }
  // Source routes are lists that end with an empty one (RFC 1701); nobody sends them any more.
  if (flags & gre.routing) return layers.none;
  if (type === erspan2) return enterTunnel(packet, flags & gre.sequence ? start + 8 : start, layers.ethernet);
  if (type === erspan3) {
    const extended = packet.end > start + 11 && (bytes[start + 11] & 1) === 1;
    return enterTunnel(packet, start + (extended ? 20 : 12), layers.ethernet);
  }
  // A cache's redirected packet, of which version 2 has a word of its own before.
  if (type === redirected) return enterTunnel(packet, bytes[start] >> 4 === 4 ? start : start + 4, layers.ip);
  return enterType(packet, type, start);
}

function enterType(packet: Packet, type: number, start: number): Layer {
  switch (type) {
    case etherTypes.ipv4:
    case etherTypes.ipv6:
      return enterTunnel(packet, start, layers.ip);
    case etherTypes.transparentEthernet:
      return enterTunnel(packet, start, layers.ethernet);
    case etherTypes.mpls:
    case etherTypes.mplsMulticast:
      return enterTunnel(packet, start, layers.mpls);
    case etherTypes.ppp:
      return enterTunnel(packet, start, layers.ppp);
    default:
      return layers.none;
  }
}

/** Tunnels over UDP, known by the port they are sent to and by a header that could be no other. */
export function decodeUdpTunnel(packet: Packet): Layer {
  const { payloadStart: at, payloadEnd: end, bytes } = packet;
  if (packet.sourcePort === ports.teredo) return decodeTeredo(packet);
  if (packet.sourcePort === ports.ayiya) return decodeAyiya(packet);
  switch (packet.destinationPort) {
    case ports.vxlan:
    case ports.oldVxlan:
      // RFC 7348 section 5: one flag, and reserved bits that are zero.
      if (end - at < 8 || (bytes[at] & 0x08) === 0 || bytes[at + 7] !== 0) return layers.none;
      return enterTunnel(packet, at + 8, layers.ethernet);
    case ports.vxlanGpe:
      return decodeVxlanGpe(packet);
    case ports.geneve:
      // RFC 8926 section 3.4: version 0, and the length of the options in words.
      if (end - at < 8 || bytes[at] >> 6 !== 0) return layers.none;
      return enterType(packet, u16(bytes, at + 2), at + 8 + (bytes[at] & 0x3f) * 4);
    case ports.mplsInUdp:
      // RFC 7510.
      return enterTunnel(packet, at, layers.mpls);
    case ports.greInUdp:
      // RFC 8086.
      return end - at < 4 ? layers.none : enterGre(packet, at);
    case ports.teredo:
      return decodeTeredo(packet);
    case ports.l2tp:
      return decodeL2tp(packet);
    case ports.ayiya:
      return decodeAyiya(packet);
    default:
      // Operators put GTP on other ports; version, kind and length leave no doubt.
      return end - at >= 8 && (bytes[at] & 0xf8) === 0x30 && bytes[at + 1] === 0xff
        ? decodeGtp(packet)
        : layers.none;
  }
}

function decodeVxlanGpe(packet: Packet): Layer {
  const { payloadStart: at, payloadEnd: end, bytes } = packet;
  if (end - at < 8 || (bytes[at] & 0x0c) !== 0x0c) return layers.none;
  const next = bytes[at + 3];
  if (next === 1 || next === 2) return enterTunnel(packet, at + 8, layers.ip);
  if (next === 4) return enterService(packet, at + 8);
  return next === 3 ? enterTunnel(packet, at + 8, layers.ethernet) : layers.none;
}

/** Network service header (RFC 8300 section 2.2): its length in words, and what follows it. */
function enterService(packet: Packet, at: number): Layer {
  const { bytes, payloadEnd: end } = packet;
  if (end - at < 8) return layers.none;
  const start = at + (bytes[at + 1] & 0x3f) * 4;
  if (bytes[at + 3] === 1 || bytes[at + 3] === 2) return enterTunnel(packet, start, layers.ip);
  return bytes[at + 3] === 3 ? enterTunnel(packet, start, layers.ethernet) : layers.none;
}

/** 3GPP TS 29.281 section 5: a user packet (255) behind eight bytes and what the flags add. */
function decodeGtp(packet: Packet): Layer {
  const { payloadStart: at, payloadEnd: end, bytes } = packet;
  if (u16(bytes, at + 2) !== packet.payloadBytes - 8) return layers.none;
  let start = at + 8;
  if ((bytes[at] & 7) === 0) return enterTunnel(packet, start, layers.ip);
  let extension = (bytes[at] & 4) !== 0 && end - at >= 12 ? bytes[at + 11] : 0;
  start += 4;
  while (extension !== 0 && start < end) {
    const length = bytes[start] * 4;
    if (length === 0 || start + length > end) return layers.none;
    extension = bytes[start + length - 1];
    start += length;
  }
  return enterTunnel(packet, start, layers.ip);
}

/** RFC 4380 section 5.1.1: authentication and origin may stand before the IPv6 packet. */
function decodeTeredo(packet: Packet): Layer {
  const { payloadStart, payloadEnd: end, bytes } = packet;
  let at = payloadStart;
  if (end - at >= 13 && u16(bytes, at) === 1) at += 13 + bytes[at + 2] + bytes[at + 3];
  if (end - at >= 8 && u16(bytes, at) === 0) at += 8;
  return end - at >= 40 && bytes[at] >> 4 === 6 ? enterTunnel(packet, at, layers.ip) : layers.none;
}

/** Tunnel brokers' (draft-massar-v6ops-ayiya): lengths of an identity and a signature, and what follows them. */
function decodeAyiya(packet: Packet): Layer {
  const { payloadStart: at, payloadEnd: end, bytes } = packet;
  if (end - at < 8) return layers.none;
  const next = bytes[at + 3];
  const start = at + 8 + (1 << (bytes[at] >> 4)) + (bytes[at + 1] >> 4) * 4;
  return next === ipProtocols.ipv6 || next === ipProtocols.ipv4
    ? enterTunnel(packet, start, layers.ip)
    : layers.none;
}

/** RFC 2661 section 3.1: a data message, its optional fields by the flags. Version 3 (RFC 3931) says no length. */
function decodeL2tp(packet: Packet): Layer {
  const { payloadStart: at, payloadEnd: end, bytes } = packet;
  if (end - at < 8) return layers.none;
  const flags = u16(bytes, at);
  if ((flags & 0x800f) !== 2) return layers.none;
  let start = at + 6;
  if (flags & 0x4000) start += 2;
  if (flags & 0x0800) start += 4;
  if (flags & 0x0200) {
    if (end - start < 2) return layers.none;
    start += 2 + u16(bytes, start - 2);
  }
  const isPpp = end - start >= 4 && (u32(bytes, start) >>> 16 === 0xff03 || bytes[start] === 0x00);
  return isPpp ? enterTunnel(packet, start, layers.ppp) : layers.none;
}
