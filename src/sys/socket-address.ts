import { networkInterfaces } from 'node:os';
import { formatIp, parseIp } from '../base/ip.ts';

const families = { 4: 2, 6: 10 } as const;
/** sockaddr_in6, the longer of the two. */
export const socketAddressBytes = 28;

/**
 * The struct sockaddr of an address in text, IPv6 with an optional zone (an interface's name or index). Null when it is no
 * address of that family.
 */
export function writeSocketAddress(family: 4 | 6, ip: string, port: number): Uint8Array | null {
  const [address, zone] = ip.split('%');
  const bytes = parseIp(address);
  if (!bytes || address.includes(':') !== (family === 6)) return null;
  const view = new DataView(new ArrayBuffer(family === 4 ? 16 : socketAddressBytes));
  view.setUint16(0, families[family], true);
  view.setUint16(2, port);
  const out = new Uint8Array(view.buffer);
  if (family === 4) out.set(bytes.subarray(12), 4);
  else {
    out.set(bytes, 8);
    view.setUint32(24, zone === undefined ? 0 : indexOfZone(zone), true);
  }
  return out;
}

/** The address and port at `at` of a buffer, without zone; null for none of either family. */
export function readSocketAddress(view: DataView, at: number): { ip: string; port: number } | null {
  const family = view.getUint16(at, true);
  const port = view.getUint16(at + 2);
  if (family === families[6]) return { ip: formatIp(new Uint8Array(view.buffer), at + 8), port };
  if (family !== families[4]) return null;
  const parts = [4, 5, 6, 7].map((i) => view.getUint8(at + i));
  return { ip: parts.join('.'), port };
}

function indexOfZone(zone: string): number {
  if (/^\d{1,9}$/.test(zone)) return Number(zone);
  return networkInterfaces()[zone]?.find(({ family }) => family === 'IPv6')?.scopeid ?? 0;
}
