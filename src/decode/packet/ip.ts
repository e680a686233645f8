import { u16, u32 } from './bytes.ts';
import type { Fragments } from './fragments.ts';
import { type Layer, layers, type Packet } from './packet.ts';

const ipv4HeaderBytes = 20;
const ipv6HeaderBytes = 40;
const fragmentHeader = 44;
const authentication = 51;
const hopByHop = 0;
/** Headers in a chain at most: hop-by-hop, destination twice, routing, fragment, authentication; some to spare. */
const maxExtensionHeaders = 10;
/** IPv4 flags and offset in one word: more fragments follow, and where this one starts in units of eight bytes. */
const moreFragments = 0x2000;
const offsetBits = 0x1fff;

/** Reads an IP header at the cursor; a fragment is kept, and the last one makes a whole packet of them. */
export function decodeIp(packet: Packet, fragments: Fragments): Layer {
  if (packet.end <= packet.at) return layers.none;
  const version = packet.bytes[packet.at] >> 4;
  if (version === 4) return decodeIpv4(packet, fragments);
  if (version === 6) return decodeIpv6(packet, fragments);
  packet.problem = 'IP version neither 4 nor 6';
  return layers.none;
}

function decodeIpv4(packet: Packet, fragments: Fragments): Layer {
  const { bytes, addresses, at } = packet;
  if (packet.lacks(ipv4HeaderBytes, 'IPv4 header cut short')) return layers.none;
  const header = (bytes[at] & 15) * 4;
  const said = u16(bytes, at + 2);
  // Zero: the segment was handed to the card whole, which splits it.
  const length = said === 0 ? packet.wireEnd - at : said;
  if (header < ipv4HeaderBytes || header > length) {
    packet.problem = 'IPv4 header length out of range';
    return layers.none;
  }
  if (at + length > packet.wireEnd) packet.problem = 'IPv4 length beyond the packet';
  packet.limit(at + length);
  packet.enterNetwork(4);
  packet.protocol = bytes[at + 9];
  packet.ipId = u16(bytes, at + 4);
  packet.networkBytes = length;
  addresses[0] = 0;
  addresses[1] = 0;
  addresses[2] = 0xffff;
  addresses[3] = u32(bytes, at + 12);
  addresses[4] = 0;
  addresses[5] = 0;
  addresses[6] = 0xffff;
  addresses[7] = u32(bytes, at + 16);
  packet.at = at + header;
  const place = u16(bytes, at + 6);
  if ((place & (moreFragments | offsetBits)) !== 0)
    return fragments.add(packet, packet.ipId, (place & offsetBits) * 8, (place & moreFragments) !== 0);
  return packet.protocol === authentication ? decodeExtensions(packet, fragments) : layers.transport;
}

function decodeIpv6(packet: Packet, fragments: Fragments): Layer {
  const { bytes, addresses, at } = packet;
  if (packet.lacks(ipv6HeaderBytes, 'IPv6 header cut short')) return layers.none;
  const said = u16(bytes, at + 4);
  // Zero: a jumbogram (RFC 2675), or one that the card is to split.
  const length = said === 0 && bytes[at + 6] !== 59 ? packet.wireEnd - at : ipv6HeaderBytes + said;
  if (at + length > packet.wireEnd) packet.problem = 'IPv6 length beyond the packet';
  packet.limit(at + length);
  packet.enterNetwork(6);
  packet.ipId = -1;
  packet.networkBytes = length;
  for (let i = 0; i < 8; i++) addresses[i] = u32(bytes, at + 8 + i * 4);
  packet.protocol = bytes[at + 6];
  packet.at = at + ipv6HeaderBytes;
  return isExtension(packet.protocol) ? decodeExtensions(packet, fragments) : layers.transport;
}

/** Steps over the headers of RFC 8200 section 4, and IPv4's authentication header (RFC 4302). */
function decodeExtensions(packet: Packet, fragments: Fragments): Layer {
  const { bytes } = packet;
  for (let i = 0; i < maxExtensionHeaders && isExtension(packet.protocol); i++) {
    if (packet.lacks(8, 'extension header cut short')) return layers.none;
    const { at, protocol } = packet;
    packet.protocol = bytes[at];
    if (protocol === fragmentHeader) {
      const place = u16(bytes, at + 2);
      packet.at = at + 8;
      // A packet that is its only fragment (RFC 6946).
      if ((place & 0xfff9) === 0) continue;
      return fragments.add(packet, u32(bytes, at + 4), place & 0xfff8, (place & 1) === 1);
    }
    const length = protocol === authentication ? (bytes[at + 1] + 2) * 4 : (bytes[at + 1] + 1) * 8;
    if (packet.lacks(length, 'extension header cut short')) return layers.none;
    packet.at = at + length;
  }
  return layers.transport;
}

/** Hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP, shim6 (RFC 8200, IANA). */
function isExtension(protocol: number): boolean {
  return (
    protocol === hopByHop ||
    protocol === 43 ||
    protocol === fragmentHeader ||
    protocol === authentication ||
    protocol === 60 ||
    protocol === 135 ||
    protocol === 139 ||
    protocol === 140
  );
}
