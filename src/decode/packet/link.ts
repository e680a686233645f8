import { u16, u32 } from './bytes.ts';
import { decodeEthernet } from './ether-type.ts';
import { type Layer, layers, type Packet } from './packet.ts';

/** Link-layer types that are looked into (www.tcpdump.org/linktypes.html); packets of others are counted. */
export const linkTypes = {
  null: 0,
  ethernet: 1,
  tokenRing: 6,
  arcnet: 7,
  slip: 8,
  ppp: 9,
  fddi: 10,
  rawOpenBsd: 12,
  rawBsd: 14,
  pppSerial: 50,
  pppEther: 51,
  atmLlc: 100,
  raw: 101,
  ciscoHdlc: 104,
  wireless: 105,
  lanEmulation: 106,
  frameRelay: 107,
  loop: 108,
  enc: 109,
  linuxCooked: 113,
  pfLog: 117,
  prism: 119,
  sunAtm: 123,
  radiotap: 127,
  arcnetLinux: 129,
  avs: 163,
  pppPppd: 166,
  user2: 149,
  perPacket: 192,
  pppWithDirection: 204,
  hdlcWithDirection: 205,
  frameRelayWithDirection: 206,
  ipnet: 226,
  ipv4: 228,
  ipv6: 229,
  nflog: 239,
  infiniband: 242,
  pktap: 258,
  linuxCooked2: 276,
  broadcomTag: 281,
  broadcomTagBefore: 282,
  dsaTag: 284,
  dsaTagWithType: 285,
} as const;

/** Address families of IPv4 and IPv6 by operating system, as the null header holds them. */
const families: ReadonlySet<number> = new Set([2, 10, 23, 24, 26, 28, 30, 0x0800, 0x86dd]);

/** Reads the link layer's header at the cursor; gives what comes after it. */
export function decodeLink(packet: Packet, linkType: number): Layer {
  switch (linkType) {
    case linkTypes.ethernet:
      return layers.ethernet;
    case linkTypes.linuxCooked:
      return decodeCooked(packet, 14, 16);
    case linkTypes.linuxCooked2:
      return decodeCooked(packet, 0, 20);
    case linkTypes.raw:
    case linkTypes.rawBsd:
    case linkTypes.rawOpenBsd:
    case linkTypes.ipv4:
    case linkTypes.ipv6:
      return layers.ip;
    case linkTypes.null:
    case linkTypes.loop:
      return decodeNull(packet);
    case linkTypes.wireless:
      return layers.wireless;
    default:
      return decodeRareLink(packet, linkType);
  }
}

function decodeRareLink(packet: Packet, linkType: number): Layer {
  const { bytes, at } = packet;
  switch (linkType) {
    case linkTypes.ppp:
    case linkTypes.pppSerial:
      // Both kinds of HDLC are on such lines; these are the addresses of Cisco's.
      return bytes[at] === 0x0f || bytes[at] === 0x8f ? decodeCooked(packet, 2, 4) : layers.ppp;
    case linkTypes.pppEther:
      return skip(packet, 6, layers.ppp);
    case linkTypes.pppPppd:
      return skip(packet, 2, layers.ppp);
    case linkTypes.pppWithDirection:
      return skip(packet, 1, layers.ppp);
    case linkTypes.ciscoHdlc:
      return decodeCooked(packet, 2, 4);
    case linkTypes.hdlcWithDirection:
      return decodeCooked(packet, 3, 5);
    case linkTypes.frameRelay:
      return decodeFrameRelay(packet);
    case linkTypes.frameRelayWithDirection:
      packet.at++;
      return decodeFrameRelay(packet);
    case linkTypes.broadcomTag:
    case linkTypes.dsaTag:
      return decodeEthernet(packet, 4);
    case linkTypes.dsaTagWithType:
      return decodeEthernet(packet, 8);
    case linkTypes.broadcomTagBefore:
      return skip(packet, 4, layers.ethernet);
    case linkTypes.lanEmulation:
      return skip(packet, 2, layers.ethernet);
    case linkTypes.atmLlc:
      return layers.llc;
    case linkTypes.sunAtm:
      return skip(packet, 4, layers.llc);
    case linkTypes.fddi:
      return skip(packet, 13, layers.llc);
    case linkTypes.tokenRing:
      return decodeTokenRing(packet);
    case linkTypes.arcnet:
      return decodeArcnet(packet, 2);
    case linkTypes.arcnetLinux:
      return decodeArcnet(packet, 4);
    case linkTypes.slip:
      return skip(packet, 16, layers.ip);
    case linkTypes.enc:
      return skip(packet, 12, layers.ip);
    case linkTypes.ipnet:
      return skip(packet, 24, layers.ip);
    case linkTypes.pfLog:
      return skip(packet, (bytes[at] + 3) & ~3, layers.ip);
    case linkTypes.nflog:
      return decodeNflog(packet);
    case linkTypes.infiniband:
      return decodeCooked(packet, 40, 44);
    case linkTypes.prism:
      // Drivers that announce Prism may send the other header, which begins with its version.
      return u32(bytes, at) >>> 12 === 0x80211 ? decodeAvs(packet) : skip(packet, 144, layers.wireless);
    case linkTypes.avs:
      return decodeAvs(packet);
    case linkTypes.radiotap:
      return skip(packet, littleEndian16(packet, 2), layers.wireless);
    case linkTypes.perPacket:
    case linkTypes.pktap:
    case linkTypes.user2:
      return decodeNested(packet, linkType);
    default:
      return layers.none;
  }
}

/** Steps over a header of that length to the layer after it. */
function skip(packet: Packet, length: number, next: Layer): Layer {
  if (packet.lacks(length, 'link header cut short')) return layers.none;
  packet.at += length;
  return next;
}

/** A header of `length` bytes with an EtherType in it. */
function decodeCooked(packet: Packet, typeAt: number, length: number): Layer {
  if (packet.lacks(length, 'link header cut short')) return layers.none;
  packet.etherType = u16(packet.bytes, packet.at + typeAt);
  packet.at += length;
  // 4 stands for frames of IEEE 802.2 (linux/if_ether.h, ETH_P_802_2).
  return packet.etherType === 4 ? layers.llc : layers.etherType;
}

/** An address family in the byte order of the machine that captured, or of the network. */
function decodeNull(packet: Packet): Layer {
  if (packet.lacks(4, 'link header cut short')) return layers.none;
  const big = u32(packet.bytes, packet.at);
  const little = littleEndian16(packet, 0) + littleEndian16(packet, 2) * 0x10000;
  packet.at += 4;
  return families.has(big) || families.has(little) ? layers.ip : layers.none;
}

/** RFC 2427: an address of two to four bytes, the last of which is odd, UI, and what protocol it is. */
function decodeFrameRelay(packet: Packet): Layer {
  const { bytes, end } = packet;
  let at = packet.at;
  for (let i = 0; i < 4 && at < end && (bytes[at] & 1) === 0; i++) at++;
  at++;
  if (end - at < 2) return layers.none;
  if (bytes[at] !== 0x03) {
    // Cisco's own encapsulation has an EtherType here.
    packet.etherType = u16(bytes, at);
    packet.at = at + 2;
    return layers.etherType;
  }
  at++;
  if (bytes[at] === 0) at++;
  packet.at = at + 1;
  if (bytes[at] === 0xcc || bytes[at] === 0x8e) return layers.ip;
  if (bytes[at] !== 0x80 || end - at < 6) return layers.none;
  packet.etherType = u16(bytes, at + 4);
  packet.at = at + 6;
  // An organisation's own number 7 is a bridged Ethernet frame without its checksum (section 4.2).
  return packet.etherType === 7 ? layers.ethernet : layers.etherType;
}

/** IEEE 802.5: the source address tells of routing information, whose length is its own first bits. */
function decodeTokenRing(packet: Packet): Layer {
  if (packet.lacks(14, 'link header cut short')) return layers.none;
  const { bytes, at } = packet;
  const routed = (bytes[at + 8] & 0x80) !== 0 && packet.end - at > 14;
  return skip(packet, 14 + (routed ? bytes[at + 14] & 0x1f : 0), layers.llc);
}

/** RFC 1201 with a flag and a number, after an exception once more; RFC 1051 without. Linux has an offset before the type. */
function decodeArcnet(packet: Packet, typeAt: number): Layer {
  if (packet.lacks(typeAt + 1, 'link header cut short')) return layers.none;
  const { bytes, at } = packet;
  const type = bytes[at + typeAt];
  const old = type === 0xf0 || type === 0xf1;
  let length = typeAt + 1;
  if (!old) length += bytes[at + length] === 0xff ? 7 : 3;
  packet.etherType = type === 0xd5 || type === 0xf1 ? 0x0806 : 0x0800;
  const known = type === 0xd4 || type === 0xd5 || type === 0xc4 || old;
  return known
    ? skip(packet, length, packet.etherType === 0x0806 ? layers.etherType : layers.ip)
    : layers.none;
}

/** Attributes in the byte order of the machine; the one numbered 9 is the packet. */
function decodeNflog(packet: Packet): Layer {
  const { bytes } = packet;
  if (packet.lacks(4, 'link header cut short')) return layers.none;
  packet.at += 4;
  while (packet.end - packet.at >= 4) {
    const { at } = packet;
    const little = bytes[at + 2] !== 0;
    const length = little ? littleEndian16(packet, 0) : u16(bytes, at);
    const type = little ? bytes[at + 2] : bytes[at + 3];
    if (length < 4) {
      packet.problem = 'netfilter log attribute too short';
      return layers.none;
    }
    if (type === 9) {
      if (at + length < packet.wireEnd) packet.limit(at + length);
      packet.at += 4;
      return layers.ip;
    }
    packet.at += (length + 3) & ~3;
  }
  return layers.none;
}

/** Its length is the second word. */
function decodeAvs(packet: Packet): Layer {
  if (packet.lacks(8, 'link header cut short')) return layers.none;
  return skip(packet, u32(packet.bytes, packet.at + 4), layers.wireless);
}

/** A header that says of what link type the rest is; the numbers are little-endian. */
function decodeNested(packet: Packet, outer: number): Layer {
  const perPacket = outer === linkTypes.perPacket;
  if (packet.lacks(perPacket ? 8 : 12, 'link header cut short')) return layers.none;
  const inner = littleEndian16(packet, perPacket ? 4 : 8);
  const length = littleEndian16(packet, perPacket ? 2 : 0);
  if (skip(packet, length, layers.ip) === layers.none) return layers.none;
  switch (inner) {
    case linkTypes.perPacket:
    case linkTypes.pktap:
    case linkTypes.user2:
      return layers.none;
    default:
      return decodeLink(packet, inner);
  }
}

function littleEndian16({ bytes, at }: Packet, offset: number): number {
  return bytes[at + offset] | (bytes[at + offset + 1] << 8);
}
