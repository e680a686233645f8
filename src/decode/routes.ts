import { cidrContains, formatIp, parseIp } from '../base/ip.ts';

/** RTF_UP and RTF_REJECT of linux/route.h. */
const flagUp = 1;
const flagReject = 0x200;
/** A table longer than this is looked at in part; a router's may have a million. */
const maxRoutes = 10_000;

/** A route of the main table. */
export interface Route {
  readonly family: 4 | 6;
  /** Its network in the form of 16 bytes, and the length of the prefix in that form. */
  readonly bytes: Uint8Array;
  readonly bits: number;
  readonly interface: string;
  /** Null for what is on the link. */
  readonly gateway: string | null;
}

/** The usable routes of /proc/net/route (IPv4), those of loopback left out. Lines that are none are left out. */
export function parseRoutes(text: string): Route[] {
  return text
    .split('\n', maxRoutes)
    .slice(1)
    .flatMap((line) => {
      const [name, destination, gateway, flags, , , , mask] = line.split('\t').map((part) => part.trim());
      const bytes = parseIp(readAddress(destination) ?? '');
      const bits = countBits(mask);
      if (!bytes || bits === null || name === 'lo' || !isUsable(flags)) return [];
      const address = readAddress(gateway);
      return [
        {
          family: 4,
          bytes,
          bits: 96 + bits,
          interface: name,
          gateway: address === '0.0.0.0' ? null : address,
        },
      ];
    });
}

/** The usable routes of /proc/net/ipv6_route, those of loopback, multicast and single addresses of this machine left out. */
export function parseRoutes6(text: string): Route[] {
  return text.split('\n', maxRoutes).flatMap((line) => {
    const [destination, length, , , gateway, , , , flags, name] = line.trim().split(/\s+/);
    const bits = Number.parseInt(length, 16);
    const bytes = parseIp(readAddress6(destination) ?? '');
    if (!bytes || !(bits >= 0 && bits <= 128) || name === 'lo' || bytes[0] === 0xff || !isUsable(flags))
      return [];
    const address = readAddress6(gateway);
    const next = parseIp(address ?? '');
    const onLink = !next || next.every((byte) => byte === 0);
    return [{ family: 6, bytes, bits, interface: name, gateway: onLink ? null : formatIp(next) }];
  });
}

/** The route with the longest prefix that has an address, null for none. */
export function findRoute(routes: readonly Route[], ip: string): Route | null {
  const bytes = parseIp(ip.replace(/%.*$/, ''));
  if (!bytes) return null;
  const family = ip.includes(':') ? 6 : 4;
  let best: Route | null = null;
  for (const route of routes) {
    if (route.family === family && cidrContains(route, bytes) && route.bits >= (best?.bits ?? 0))
      best = route;
  }
  return best;
}

function isUsable(flags: string | undefined): boolean {
  const bits = Number.parseInt(flags ?? '', 16);
  return (bits & flagUp) !== 0 && (bits & flagReject) === 0;
}

/** Eight hexadecimal digits, the bytes in the order of a little-endian machine. */
function readAddress(text: string | undefined): string | null {
  if (!/^[0-9A-F]{8}$/i.test(text ?? '')) return null;
  const bytes = text!.match(/../g)!.map((pair) => Number.parseInt(pair, 16));
  return bytes.reverse().join('.');
}

function readAddress6(text: string | undefined): string | null {
  return /^[0-9a-f]{32}$/i.test(text ?? '') ? text!.match(/.{4}/g)!.join(':') : null;
}

function countBits(mask: string | undefined): number | null {
  if (!/^[0-9A-F]{8}$/i.test(mask ?? '')) return null;
  let count = 0;
  for (let rest = Number.parseInt(mask!, 16); rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
