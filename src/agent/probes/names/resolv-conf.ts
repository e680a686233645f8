import { parseIp } from '../../../base/ip.ts';

/** What resolv.conf(5) says of how names are looked up. */
export interface ResolverSettings {
  /** Addresses of name servers, with a zone where they have one. */
  readonly servers: readonly string[];
  /** Domains that are tried behind a name, without dots at their ends. */
  readonly search: readonly string[];
  /** A name of as many dots is tried as it is before the domains are. */
  readonly ndots: number;
  /** How long one server is waited for, and how often all are asked. */
  readonly timeoutMs: number;
  readonly attempts: number;
}

/** As many as the C library looks at (MAXNS of resolv.h). */
const maxServers = 3;
const maxDomains = 32;
/** Greatest values and defaults of resolv.conf(5). */
const most = { ndots: 15, timeout: 30, attempts: 5 } as const;
const usual = { ndots: 1, timeout: 5, attempts: 2 } as const;

/** `hostname` is the machine's own, whose domain is searched where the file names none. Pure; takes any text. */
export function parseResolvConf(text: string, hostname: string): ResolverSettings {
  const servers: string[] = [];
  const options: Record<keyof typeof usual, number> = { ...usual };
  let search = [hostname.replace(/^[^.]*\.?/, '')];
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trimEnd().split(/[ \t]+/);
    // The last of these lines counts.
    if (keyword === 'search') search = words;
    else if (keyword === 'domain') search = words.slice(0, 1);
    else if (keyword === 'nameserver') servers.push(...words.slice(0, 1));
    else if (keyword === 'options') for (const word of words) readOption(word, options);
  }
  const known = servers.filter((address) => parseIp(address.split('%')[0]) !== null).slice(0, maxServers);
  return {
    servers: known.length > 0 ? known : ['127.0.0.1'],
    search: search
      .map((domain) => domain.replace(/\.$/, ''))
      .filter((domain) => domain !== '')
      .slice(0, maxDomains),
    ndots: options.ndots,
    timeoutMs: options.timeout * 1000,
    attempts: options.attempts,
  };
}

function readOption(word: string, options: Record<keyof typeof usual, number>): void {
  const [, name, digits] = /^(ndots|timeout|attempts):(\d{1,6})$/.exec(word) ?? [];
  if (name === undefined || digits === undefined) return;
  const option = name as keyof typeof usual;
  options[option] = Math.min(most[option], Math.max(option === 'ndots' ? 0 : 1, Number(digits)));
}

/**
 * The names to ask for, in the order in which the C library does (res_search): as it is first when it has dots enough, then
 * with each domain behind it, then as it is. A dot at the end says that the name is whole.
 */
export function listCandidates(name: string, { search, ndots }: ResolverSettings): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const dots = name.split('.').length - 1;
  const longer = search.map((domain) => `${name}.${domain}`).filter((each) => each.length <= maxName);
  return dots >= ndots ? [name, ...longer] : [...longer, name];
}

/** In text, RFC 1035 section 2.3.4. */
const maxName = 253;
