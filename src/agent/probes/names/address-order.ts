import { type Cidr, cidrContains, parseCidr, parseIp } from '../../../base/ip.ts';

/** RFC 6724 section 2.1, the most specific first; what no line holds is IPv6 of the usual kind. */
const precedences: readonly (readonly [Cidr, number])[] = (
  [
    ['::1/128', 50],
    ['::ffff:0:0/96', 35],
    ['2002::/16', 30],
    ['2001::/32', 5],
    ['fc00::/7', 3],
    ['::/96', 1],
    ['fec0::/10', 1],
    ['3ffe::/16', 1],
  ] as const
).flatMap(([text, precedence]) => {
  const cidr = parseCidr(text);
  return cidr ? [[cidr, precedence] as const] : [];
});
const usualPrecedence = 40;

/**
 * Addresses in the order in which to try them (RFC 6724, rules 1 and 6): those that this machine has a way to before the
 * others, then by precedence; otherwise as they came. `hasRoute` is asked only where it matters.
 */
export function orderAddresses(
  addresses: readonly string[],
  hasRoute: (ip: string) => boolean,
): readonly string[] {
  if (addresses.every((ip) => ip.includes(':') === addresses[0].includes(':'))) return addresses;
  const weighed = addresses.map((ip) => ({ ip, weight: (hasRoute(ip) ? 1000 : 0) + precedenceOf(ip) }));
  return weighed.sort((a, b) => b.weight - a.weight).map(({ ip }) => ip);
}

function precedenceOf(ip: string): number {
  const bytes = parseIp(ip.split('%')[0]);
  const found = bytes && precedences.find(([cidr]) => cidrContains(cidr, bytes));
  return found ? found[1] : usualPrecedence;
}
