import { u16 } from './bytes.ts';
import { decodeIp } from './ip.ts';
import type { Packet } from './packet.ts';

/** Link-layer types (www.tcpdump.org/linktypes.html). */
export const linkTypes = {
  null: 0,
  ethernet: 1,
  rawOpenBsd: 12,
  rawBsd: 14,
  raw: 101,
  loop: 108,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const;

export const etherTypes = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, ipv6: 0x86dd, qinq: 0x88a8 } as const;
/** Tags looked through at most. */
const maxTags = 4;

/** Takes a captured packet apart: `start` to `end` is what was captured of it. */
export function decodePacket(packet: Packet, start: number, end: number, linkType: number): void {
  const { bytes } = packet;
  switch (linkType) {
    case linkTypes.ethernet:
      if (end - start < 14) packet.problem = 'Ethernet header cut short';
      else decodeEtherType(packet, u16(bytes, start + 12), start + 14, end);
      return;
    case linkTypes.linuxCooked:
      if (end - start < 16) packet.problem = 'cooked header cut short';
      else decodeEtherType(packet, u16(bytes, start + 14), start + 16, end);
      return;
    case linkTypes.linuxCooked2:
      if (end - start < 20) packet.problem = 'cooked header cut short';
      else decodeEtherType(packet, u16(bytes, start), start + 20, end);
      return;
    case linkTypes.null:
    case linkTypes.loop:
      decodeIp(packet, start + 4, end);
      return;
    case linkTypes.raw:
    case linkTypes.rawBsd:
    case linkTypes.rawOpenBsd:
    case linkTypes.ipv4:
    case linkTypes.ipv6:
      decodeIp(packet, start, end);
      return;
    default:
  }
}

/** Reads what an EtherType names, through VLAN tags (IEEE 802.1Q). */
export function decodeEtherType(packet: Packet, type: number, start: number, end: number): void {
  let at = start;
  let inner = type;
  for (let i = 0; i < maxTags && (inner === etherTypes.vlan || inner === etherTypes.qinq); i++) {
    if (end - at < 4) {
      packet.problem = 'VLAN tag cut short';
      return;
    }
    inner = u16(packet.bytes, at + 2);
    at += 4;
  }
  if (inner === etherTypes.ipv4 || inner === etherTypes.ipv6) decodeIp(packet, at, end);
}
