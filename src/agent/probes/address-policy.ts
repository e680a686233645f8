import { type Cidr, cidrContains, formatIp, parseCidr, parseIp } from '../../base/ip.ts';
import { type AddressRule, type NetworkName, networkNames } from '../../platform/probe-networks.ts';
import type { AddressPolicy } from './probe.ts';

/** Reaches everything: for a probe that whoever owns this machine's shell asks for. */
export const allowAll: AddressPolicy = { refuse: () => null };

const cidrs = (...texts: readonly string[]): readonly Cidr[] =>
  texts.map(parseCidr).filter((cidr) => cidr !== null);

/** What a name stands for, special addresses left out; `public` is what none of the other lists holds. */
const named: Readonly<Record<Exclude<NetworkName, 'public'>, readonly Cidr[]>> = {
  // RFC 1918, RFC 6598 and RFC 4193.
  private: cidrs('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'),
  loopback: cidrs('127.0.0.0/8', '::1'),
  'link-local': cidrs('169.254.0.0/16', 'fe80::/10'),
};

/** Where clouds keep what a machine may know of itself, keys among it, outside of the link-local networks. */
const metadata = cidrs('fd00:ec2::254', '100.100.100.200', '168.63.129.16', '192.0.0.192');

/** Not globally reachable, or no single machine's (the IANA registries of special-purpose addresses; RFC 6890). */
const special = [
  ...cidrs('0.0.0.0/8', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24'),
  ...cidrs('203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'),
  ...cidrs('::/96', '64:ff9b:1::/48', '100::/63', '2001::/23', '2001:db8::/32', '3fff::/20', '5f00::/16'),
  ...cidrs('fec0::/10', 'ff00::/8'),
];

/**
 * Addresses that rules allow: what a rule lists, but for what one forbids. An IPv6 address that carries an IPv4 one
 * (mapped, compatible, NAT64, 6to4) is judged as that. Metadata services and special addresses are in no named network;
 * a CIDR has to list them.
 */
export function makeAddressPolicy(rules: readonly AddressRule[]): AddressPolicy {
  const forbidding = rules.filter(({ forbids }) => forbids);
  const allowing = rules.filter(({ forbids }) => !forbids);
  return {
    refuse(ip) {
      const outer = parseIp(ip.split('%', 1)[0]);
      if (!outer) return 'it is not an address';
      const inner = unwrap(outer) ?? outer;
      const rule = forbidding.find(({ network }) => isIn(network, outer) || isIn(network, inner));
      if (rule) return `the rule ${rule.text} of --probe-networks forbids it`;
      if (allowing.some(({ network }) => isIn(network, inner))) return null;
      const carried = inner === outer ? '' : ` (${formatIp(inner)})`;
      const needed = nameOf(inner) ?? formatIp(inner);
      return `it is ${describe(inner)}${carried}, which is not probed without ${needed} in --probe-networks`;
    },
  };
}

function isIn(network: NetworkName | Cidr, address: Uint8Array): boolean {
  if (typeof network !== 'string') return cidrContains(network, address);
  return nameOf(address) === network;
}

/** The network that an address is in by name, null for one that has to be listed by itself. */
function nameOf(address: Uint8Array): NetworkName | null {
  if (contains(metadata, address)) return null;
  const name = networkNames.find((each) => each !== 'public' && contains(named[each], address));
  return name ?? (contains(special, address) ? null : 'public');
}

function describe(address: Uint8Array): string {
  const name = nameOf(address);
  if (name !== null) return `a ${name} address`;
  return contains(metadata, address) ? 'an address of a metadata service' : 'a special address';
}

function contains(list: readonly Cidr[], address: Uint8Array): boolean {
  return list.some((cidr) => cidrContains(cidr, address));
}

/** Where an IPv4 address begins in IPv6 ones of a form; RFC 4291 2.5.5.1, RFC 6052 2.1, RFC 3056. */
const carriers = [
  { prefix: cidrs('::/96'), at: 12 },
  { prefix: cidrs('64:ff9b::/96'), at: 12 },
  { prefix: cidrs('2002::/16'), at: 2 },
];

/** The IPv4 address that an IPv6 one carries, in mapped form; null for none. `parseIp` has mapped ones in that form. */
function unwrap(address: Uint8Array): Uint8Array | null {
  const carrier = carriers.find(({ prefix }) => contains(prefix, address));
  // :: and ::1 are addresses of their own.
  if (!carrier || address.subarray(0, 15).every((byte) => byte === 0)) return null;
  const mapped = new Uint8Array(16);
  mapped.fill(0xff, 10, 12);
  mapped.set(address.subarray(carrier.at, carrier.at + 4), 12);
  return mapped;
}
