import { decodeArp } from './arp.ts';
import { u16 } from './bytes.ts';
import { type Layer, layers, type Packet } from './packet.ts';

/** EtherTypes (IANA, ieee-802-numbers; 0x9100 is an older one for the outer tag). */
export const etherTypes = {
  ipv4: 0x0800,
  arp: 0x0806,
  transparentEthernet: 0x6558,
  vlan: 0x8100,
  ipv6: 0x86dd,
  ppp: 0x880b,
  mpls: 0x8847,
  mplsMulticast: 0x8848,
  pppoeSession: 0x8864,
  qinq: 0x88a8,
  /** Provider backbone: a service tag and then a whole frame. */
  backbone: 0x88e7,
  vnTag: 0x8926,
  oldQinq: 0x9100,
} as const;

/** Smaller numbers in the place of an EtherType are a length (IEEE 802.3 section 3.2.6). */
const firstEtherType = 0x600;
/** Tags looked through at most: two are common, four seen. */
const maxTags = 8;
/** Labels in a stack at most. */
const maxLabels = 16;

/** An Ethernet frame; `tagBytes` of a switch's own lie between the addresses and the type. */
export function decodeEthernet(packet: Packet, tagBytes = 0): Layer {
  if (packet.lacks(14 + tagBytes, 'Ethernet header cut short')) return layers.none;
  const type = u16(packet.bytes, packet.at + 12 + tagBytes);
  packet.at += 14 + tagBytes;
  packet.etherType = type;
  if (type >= firstEtherType) return layers.etherType;
  if (packet.wireEnd - packet.at > type) packet.limit(packet.at + type);
  return layers.llc;
}

/** What the EtherType names, through VLAN tags (IEEE 802.1Q). */
export function decodeEtherType(packet: Packet): Layer {
  for (let i = 0; i < maxTags; i++)
    switch (packet.etherType) {
      case etherTypes.ipv4:
      case etherTypes.ipv6:
        return layers.ip;
      case etherTypes.vlan:
      case etherTypes.qinq:
      case etherTypes.oldQinq:
        if (!skipTag(packet, 4)) return layers.none;
        break;
      case etherTypes.vnTag:
        if (!skipTag(packet, 6)) return layers.none;
        break;
      case etherTypes.arp:
        return decodeArp(packet);
      case etherTypes.mpls:
      case etherTypes.mplsMulticast:
        return layers.mpls;
      case etherTypes.pppoeSession:
        return decodePppoe(packet);
      case etherTypes.ppp:
        return layers.ppp;
      case etherTypes.transparentEthernet:
        return layers.ethernet;
      case etherTypes.backbone:
        if (packet.lacks(4, 'backbone tag cut short')) return layers.none;
        packet.at += 4;
        return layers.ethernet;
      default:
        return packet.etherType < firstEtherType && i > 0 ? layers.llc : layers.none;
    }
  return layers.none;
}

/** Steps over a tag that ends with the next EtherType. */
function skipTag(packet: Packet, length: number): boolean {
  if (packet.lacks(length, 'tag cut short')) return false;
  packet.etherType = u16(packet.bytes, packet.at + length - 2);
  packet.at += length;
  return true;
}

/** IEEE 802.2: IP by its own service access point or by SNAP, which holds an EtherType (RFC 1042). */
export function decodeLlc(packet: Packet): Layer {
  const { bytes, at } = packet;
  if (packet.end - at < 3) return layers.none;
  if (bytes[at] === 0x06 && bytes[at + 1] === 0x06) {
    packet.at += 3;
    return layers.ip;
  }
  if (bytes[at] !== 0xaa || bytes[at + 1] !== 0xaa || packet.end - at < 8) return layers.none;
  packet.etherType = u16(bytes, at + 6);
  packet.at += 8;
  return packet.etherType >= firstEtherType ? layers.etherType : layers.none;
}

/** RFC 2516 section 4. */
function decodePppoe(packet: Packet): Layer {
  const { bytes, at } = packet;
  if (packet.lacks(6, 'PPPoE header cut short') || bytes[at + 1] !== 0) return layers.none;
  const end = at + 6 + u16(bytes, at + 4);
  packet.at += 6;
  if (end < packet.wireEnd) packet.limit(end);
  return layers.ppp;
}

/** RFC 1661 section 2, with the address and control of RFC 1662 where they are there. */
export function decodePpp(packet: Packet): Layer {
  const { bytes } = packet;
  if (packet.end - packet.at < 2) return layers.none;
  if (bytes[packet.at] === 0xff && bytes[packet.at + 1] === 0x03) packet.at += 2;
  if (packet.lacks(2, 'PPP header cut short')) return layers.none;
  // A protocol below 256 may be sent as one byte, which is odd (RFC 1661 section 6.5).
  const short = (bytes[packet.at] & 1) === 1;
  const protocol = short ? bytes[packet.at] : u16(bytes, packet.at);
  packet.at += short ? 1 : 2;
  if (protocol === 0x0021 || protocol === 0x0057) return layers.ip;
  return protocol === 0x0281 || protocol === 0x0283 ? layers.mpls : layers.none;
}

/** RFC 3032. What is under the labels shows by its first bits; a zero is the control word of RFC 4448. */
export function decodeMpls(packet: Packet): Layer {
  const { bytes } = packet;
  for (let i = 0; i < maxLabels; i++) {
    if (packet.lacks(4, 'MPLS label cut short')) return layers.none;
    const isLast = (bytes[packet.at + 2] & 1) === 1;
    packet.at += 4;
    if (!isLast) continue;
    if (packet.end <= packet.at) return layers.none;
    const version = bytes[packet.at] >> 4;
    if (version === 4 || version === 6) return layers.ip;
    if (version !== 0 || packet.end - packet.at < 4 + 14) return layers.none;
    packet.at += 4;
    return layers.ethernet;
  }
  return layers.none;
}
