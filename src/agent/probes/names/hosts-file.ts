import { formatIp, parseIp } from '../../../base/ip.ts';

/** The names of hosts(5), in lower case. */
export interface HostNames {
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** The first name of each address. */
  readonly names: ReadonlyMap<string, string>;
}

/** Names that are kept; lists of sites to block have more than a hundred thousand. */
const maxNames = 500_000;

/** Lines `ADDRESS NAME...`; what is none is passed over. Pure; takes any text. */
export function parseHosts(text: string): HostNames {
  const addresses = new Map<string, string[]>();
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [address, ...words] = line.replace(/#.*/, '').trim().split(/\s+/);
    const ip = canonicalIp(address);
    if (ip === null) continue;
    for (const word of words) {
      const name = word.toLowerCase().replace(/\.$/, '');
      const known = addresses.get(name);
      if (known) known.push(ip);
      else if (addresses.size < maxNames) addresses.set(name, [ip]);
      if (!names.has(ip)) names.set(ip, word.replace(/\.$/, ''));
    }
  }
  return { addresses, names };
}

/** The canonical text of an address, its zone kept; null when it is none. */
export function canonicalIp(text: string): string | null {
  const [address, zone] = text.split('%');
  const bytes = parseIp(address);
  if (!bytes) return null;
  const ip = formatIp(bytes);
  return zone !== undefined && ip.includes(':') ? `${ip}%${zone}` : ip;
}
