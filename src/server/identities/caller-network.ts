import { formatIp, parseIp } from '../../base/ip.ts';

/** Bytes of an IPv6 address that whoever has one of them mostly has all of (RFC 6177). */
const ownBytes = 8;

/** Who calls, as far as an address tells: an address of IPv4, and of IPv6 its /64, of which one caller has all. */
export function callerNetwork(address: string): string {
  const bytes = parseIp(address.split('%', 1)[0]);
  if (!bytes) return address;
  const ip = formatIp(bytes);
  return ip.includes(':') ? formatIp(bytes.fill(0, ownBytes)) : ip;
}
