import { u16, u32 } from './bytes.ts';
import type { Packet } from './packet.ts';
import { decodeTransport } from './transport.ts';

const ipv4HeaderBytes = 20;
const ipv6HeaderBytes = 40;
/** Headers in a chain at most: hop-by-hop, destination twice, routing, fragment, authentication; some to spare. */
const maxExtensionHeaders = 10;

/** Reads an IP packet at `start`, of which `end` is where the capture ends. */
export function decodeIp(packet: Packet, start: number, end: number): void {
  if (end <= start) return;
  const version = packet.bytes[start] >> 4;
  if (version === 4) decodeIpv4(packet, start, end);
  else if (version === 6) decodeIpv6(packet, start, end);
  else packet.problem = 'IP version neither 4 nor 6';
}

function decodeIpv4(packet: Packet, start: number, end: number): void {
  const { bytes, addresses } = packet;
  if (end - start < ipv4HeaderBytes) {
    packet.problem = 'IPv4 header cut short';
    return;
  }
  const header = (bytes[start] & 15) * 4;
  const said = u16(bytes, start + 2);
  // Zero: the segment was handed to the card whole, which splits it.
  const length = said === 0 ? end - start : said;
  if (header < ipv4HeaderBytes || header > length) {
    packet.problem = 'IPv4 header length out of range';
    return;
  }
  packet.version = 4;
  packet.protocol = bytes[start + 9];
  packet.networkBytes = length;
  addresses.fill(0);
  addresses[2] = 0xffff;
  addresses[3] = u32(bytes, start + 12);
  addresses[6] = 0xffff;
  addresses[7] = u32(bytes, start + 16);
  const fragment = u16(bytes, start + 6) & 0x3fff;
  if (fragment !== 0) return;
  decodeTransport(packet, start + header, Math.min(end, start + length), length - header);
}

function decodeIpv6(packet: Packet, start: number, end: number): void {
  const { bytes, addresses } = packet;
  if (end - start < ipv6HeaderBytes) {
    packet.problem = 'IPv6 header cut short';
    return;
  }
  const length = ipv6HeaderBytes + u16(bytes, start + 4);
  packet.version = 6;
  packet.networkBytes = length;
  for (let i = 0; i < 8; i++) addresses[i] = u32(bytes, start + 8 + i * 4);
  const limit = Math.min(end, start + length);
  let protocol = bytes[start + 6];
  let at = start + ipv6HeaderBytes;
  for (let i = 0; i < maxExtensionHeaders && isExtension(protocol); i++) {
    if (limit - at < 8) {
      packet.protocol = protocol;
      return;
    }
    const next = bytes[at];
    at += protocol === 51 ? (bytes[at + 1] + 2) * 4 : (bytes[at + 1] + 1) * 8;
    protocol = next;
  }
  packet.protocol = protocol;
  if (at > limit) return;
  decodeTransport(packet, at, limit, start + length - at);
}

/** Hop-by-hop, routing, authentication, destination options, mobility, HIP, shim6 (RFC 8200, IANA). */
function isExtension(protocol: number): boolean {
  return (
    protocol === 0 ||
    protocol === 43 ||
    protocol === 51 ||
    protocol === 60 ||
    protocol === 135 ||
    protocol === 139 ||
    protocol === 140
  );
}
