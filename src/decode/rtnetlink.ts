import { formatIp } from '../base/ip.ts';
import { readText, readU64, visitAttributes } from './netlink.ts';

/** Links, addresses and counters by rtnetlink(7). A message cut short gives null or leaves its fields null. */

/** Types of message, include/uapi/linux/rtnetlink.h. */
export const rtnetlinkTypes = {
  newLink: 16,
  delLink: 17,
  getLink: 18,
  newAddress: 20,
  delAddress: 21,
  getAddress: 22,
  newStats: 92,
  getStats: 94,
} as const;

/** Bits of the multicast groups, include/uapi/linux/rtnetlink.h: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR. */
export const rtnetlinkGroups = { link: 0x1, address4: 0x10, address6: 0x100 } as const;

const ifinfomsgBytes = 16;
const ifaddrmsgBytes = 8;
const ifStatsMsgBytes = 12;
/** include/uapi/linux/if_link.h. */
const ifla = { address: 1, name: 3, mtu: 4, linkInfo: 18, stats64: 23 } as const;
const iflaInfoKind = 1;
const iflaStatsLink64 = 1;
/** include/uapi/linux/if_addr.h. */
const ifa = { address: 1, local: 2 } as const;
/** Bits of ifi_flags, netdevice(7). */
const flagUp = 0x1;
const flagLoopback = 0x8;
const flagLowerUp = 0x10000;
const hardwareEthernet = 1;
const hardwareLoopback = 772;
/** ARPHRD_* of include/uapi/linux/if_arp.h that tell a kind where the kernel names none. */
const hardwareKinds: Readonly<Record<number, string>> = {
  1: 'ethernet',
  32: 'infiniband',
  512: 'ppp',
  768: 'tunnel',
  769: 'tunnel6',
  772: 'loopback',
  776: 'sit',
  778: 'gre',
  801: 'wifi',
  803: 'wifi',
  65534: 'tun',
};

/** Counters of an interface since it was made (or since its driver reset them). */
export interface LinkCounters {
  packetsReceived: number;
  packetsSent: number;
  bytesReceived: number;
  bytesSent: number;
  errorsReceived: number;
  errorsSent: number;
  dropsReceived: number;
  dropsSent: number;
}

export interface LinkMessage {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly loopback: boolean;
  /** Whether its packets begin with an Ethernet header, as on loopback. */
  readonly ethernet: boolean;
  readonly carrier: boolean;
  /** The kernel's name of the driver's kind (veth, bridge, wireguard), otherwise that of the hardware. */
  readonly kind: string;
  readonly mac: string | null;
  readonly mtu: number;
  readonly counters: LinkCounters | null;
}

/** RTM_NEWLINK and RTM_DELLINK; null without index or name, and for what a bridge says of its ports (AF_BRIDGE). */
export function decodeLink(view: DataView, from: number, end: number): LinkMessage | null {
  if (from + ifinfomsgBytes > end || view.getUint8(from) !== 0) return null;
  const flags = view.getUint32(from + 8, true);
  const hardware = view.getUint16(from + 2, true);
  let name = '';
  let mac: string | null = null;
  let mtu = 0;
  let kind = hardwareKinds[hardware] ?? `hardware ${hardware}`;
  let counters: LinkCounters | null = null;
  visitAttributes(view, from + ifinfomsgBytes, end, (type, at, stop) => {
    const size = stop - at;
    if (type === ifla.name) name = readText(view, at, stop);
    else if (type === ifla.address && size > 0 && size <= 20) mac = formatMac(view, at, stop);
    else if (type === ifla.mtu && size >= 4) mtu = view.getUint32(at, true);
    else if (type === ifla.stats64) counters = decodeCounters(view, at, stop);
    else if (type === ifla.linkInfo) {
      visitAttributes(view, at, stop, (inner, innerAt, innerStop) => {
        if (inner === iflaInfoKind) kind = readText(view, innerAt, innerStop).slice(0, 32);
      });
    }
  });
  const index = view.getInt32(from + 4, true);
  if (index <= 0 || name === '') return null;
  return {
    index,
    name,
    up: (flags & flagUp) !== 0,
    loopback: (flags & flagLoopback) !== 0,
    ethernet: hardware === hardwareEthernet || hardware === hardwareLoopback,
    carrier: (flags & flagLowerUp) !== 0,
    kind,
    mac: (flags & flagLoopback) !== 0 ? null : mac,
    mtu,
    counters,
  };
}

/** RTM_NEWSTATS: calls `visit(index, counters)`, whose object is used again for the next message. */
export function visitStats(
  view: DataView,
  from: number,
  end: number,
  visit: (index: number, counters: LinkCounters) => void,
): void {
  if (from + ifStatsMsgBytes > end) return;
  const index = view.getUint32(from + 4, true);
  visitAttributes(view, from + ifStatsMsgBytes, end, (type, at, stop) => {
    if (type !== iflaStatsLink64) return;
    const counters = decodeCounters(view, at, stop);
    if (counters) visit(index, counters);
  });
}

export interface AddressMessage {
  readonly index: number;
  readonly ip: string;
  readonly prefix: number;
}

/** RTM_NEWADDR and RTM_DELADDR; null for a family other than IPv4 and IPv6. */
export function decodeAddress(view: DataView, from: number, end: number): AddressMessage | null {
  if (from + ifaddrmsgBytes > end) return null;
  const family = view.getUint8(from);
  const size = family === 2 ? 4 : family === 10 ? 16 : 0;
  let own: string | null = null;
  let peer: string | null = null;
  visitAttributes(view, from + ifaddrmsgBytes, end, (type, at, stop) => {
    if (size === 0 || stop - at !== size) return;
    if (type === ifa.local) own = readIp(view, at, size);
    else if (type === ifa.address) peer = readIp(view, at, size);
  });
  // On a point-to-point link IFA_ADDRESS is the other end's and IFA_LOCAL one's own; elsewhere they agree.
  const ip = own ?? peer;
  return ip === null ? null : { index: view.getUint32(from + 4, true), ip, prefix: view.getUint8(from + 1) };
}

/** struct rtnl_link_stats64: rx and tx packets, bytes, errors, dropped, 64 bits each. */
function decodeCounters(view: DataView, at: number, end: number): LinkCounters | null {
  if (end - at < 64) return null;
  return {
    packetsReceived: readU64(view, at),
    packetsSent: readU64(view, at + 8),
    bytesReceived: readU64(view, at + 16),
    bytesSent: readU64(view, at + 24),
    errorsReceived: readU64(view, at + 32),
    errorsSent: readU64(view, at + 40),
    dropsReceived: readU64(view, at + 48),
    dropsSent: readU64(view, at + 56),
  };
}

function readIp(view: DataView, at: number, size: number): string {
  const bytes = new Uint8Array(16);
  if (size === 4) bytes.set([0xff, 0xff], 10);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, size), 16 - size);
  return formatIp(bytes);
}

function formatMac(view: DataView, from: number, end: number): string {
  let text = '';
  for (let at = from; at < end; at++) {
    text += `${at === from ? '' : ':'}${view.getUint8(at).toString(16).padStart(2, '0')}`;
  }
  return text;
}
