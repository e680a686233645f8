/**
 * Names and addresses of other machines, as getaddrinfo(3) has them but without its threads: a resolver that is silent holds
 * up its own names and nothing else.
 *
 * 1. hosts(5), and `localhost` whatever it says
 * 2. the name servers of resolv.conf(5), with its search list, over c-ares
 * 3. what else nsswitch.conf(5) has for hosts (mDNS and the like), for what those do not know, by the C library
 */
import { Resolver } from 'node:dns/promises';
import { hostname } from 'node:os';
import { AgingMap } from '../../../base/aging-map.ts';
import { parseIp } from '../../../base/ip.ts';
import { reverseName } from '../../../decode/apps/dns/query.ts';
import { DatagramSocket } from '../../../sys/datagram-socket.ts';
import { orderAddresses } from './address-order.ts';
import { canonicalIp, parseHosts } from './hosts-file.ts';
import { listCandidates, parseResolvConf, type ResolverSettings } from './resolv-conf.ts';
import { SystemLookup } from './system-lookup.ts';
import { WatchedFile } from './watched-file.ts';

const files = {
  hosts: '/etc/hosts',
  resolvConf: '/etc/resolv.conf',
  nsswitch: '/etc/nsswitch.conf',
} as const;
/** Once there are addresses of one family, those of the other have this long. */
const otherFamilyMs = 500;
/** The longest first wait for a server, so that the next one is asked within the time of a probe. */
const maxServerMs = 2000;
/** What of the answers of the reverse zones is kept, and for how long. */
const maxReverse = 4096;
const reverseMs = { found: 600_000, failed: 60_000 } as const;
/** Failures after which another name, or another source, may know. */
const unknown: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EBADNAME']);
/** Sources that know names without a dot, or of `.local`, and beside these no more than the DNS. */
const ofLocalNames = /^(?:mdns\w*|myhostname|mymachines|resolve|wins|libvirt\w*)$/;
/** Where the datagram that is not sent would go, when a route is asked for. */
const routePort = 53;
const udp = 17;

interface ReverseEntry {
  readonly until: number;
  readonly name: Promise<string | null>;
}

/** Looks names up, each once however many ask for it at the same time. Nothing is open between lookups. */
export class Names {
  readonly #hosts;
  readonly #settings;
  readonly #otherSources;
  readonly #system = new SystemLookup();
  readonly #underWay = new Map<string, Promise<readonly string[]>>();
  readonly #reverse = new AgingMap<string, ReverseEntry>();
  #resolver: { readonly settings: ResolverSettings; readonly client: Resolver } | undefined;

  constructor(paths: Readonly<Record<keyof typeof files, string>> = files) {
    this.#hosts = new WatchedFile(paths.hosts, parseHosts);
    this.#settings = new WatchedFile(paths.resolvConf, (text) => parseResolvConf(text, hostname()));
    this.#otherSources = new WatchedFile(paths.nsswitch, listOtherSources);
  }

  /** The machine's own name servers, the first one first. */
  get servers(): readonly string[] {
    return this.#settings.read().servers;
  }

  /**
   * The addresses of a name, in canonical text and in the order in which to try them, at least one. Rejects with an error
   * that has a code: ENOTFOUND, ENODATA (it has no address), ESERVFAIL, EREFUSED, EAI_AGAIN (no answer), ...
   */
  async find(host: string, family: 4 | 6 | null): Promise<readonly string[]> {
    const name = host.toLowerCase();
    const here = this.#findHere(name.replace(/\.$/, ''), family);
    if (here.length > 0) return orderAddresses(here, hasRoute);
    const key = `${family} ${name}`;
    const known = this.#underWay.get(key);
    if (known) return await known;
    const found = this.#findElsewhere(name, family).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, found);
    return await found;
  }

  /** The name of an address; null where it has none, or what it has is no host name. Never rejects. */
  async findName(ip: string): Promise<string | null> {
    const now = performance.now();
    const known = this.#reverse.get(ip);
    if (known && known.until > now) return await known.name;
    const name = this.#askName(ip);
    this.#keepName(ip, { until: now + reverseMs.failed, name });
    if ((await name) !== null) this.#keepName(ip, { until: now + reverseMs.found, name });
    return await name;
  }

  #keepName(ip: string, entry: ReverseEntry): void {
    this.#reverse.delete(ip);
    this.#reverse.set(ip, entry);
    if (this.#reverse.size > maxReverse) this.#reverse.removeOldest();
  }

  async #askName(ip: string): Promise<string | null> {
    const bytes = parseIp(ip.split('%')[0]);
    const here = this.#hosts.read().names.get(ip);
    if (here !== undefined || !bytes) return here ?? null;
    try {
      const [name] = await this.#client().resolvePtr(reverseName(bytes));
      return /^[\w-]+(?:\.[\w-]+)*$/.test(name) && name.length <= 253 ? name : null;
    } catch {
      return null;
    }
  }

  #findHere(name: string, family: 4 | 6 | null): readonly string[] {
    const fits = (ip: string): boolean => family === null || (family === 6) === ip.includes(':');
    const named = this.#hosts.read().addresses.get(name)?.filter(fits) ?? [];
    if (named.length > 0 || (name !== 'localhost' && !name.endsWith('.localhost'))) return named;
    // RFC 6761 section 6.3.
    return ['::1', '127.0.0.1'].filter(fits);
  }

  async #findElsewhere(name: string, family: 4 | 6 | null): Promise<readonly string[]> {
    let failure: unknown;
    for (const candidate of listCandidates(name, this.#settings.read())) {
      try {
        return orderAddresses(await this.#ask(candidate, family), hasRoute);
      } catch (thrown) {
        // What the name itself, tried first or last, has met says more than a name that nobody meant.
        if (failure === undefined || candidate === name) failure = thrown;
        if (!unknown.has(codeOf(thrown))) break;
      }
    }
    return await this.#askSystem(name, family, failure);
  }

  /** What nsswitch.conf has beside files and the DNS; where it knows no more, it is `failure` all the same. */
  async #askSystem(name: string, family: 4 | 6 | null, failure: unknown): Promise<readonly string[]> {
    const isAnswered = unknown.has(codeOf(failure)) || codeOf(failure) === 'ECONNREFUSED';
    const isLocal = !name.includes('.') || name.endsWith('.local');
    const sources = this.#otherSources.read().filter((source) => isLocal || !ofLocalNames.test(source));
    if (!isAnswered || sources.length === 0) throw failure;
    const found = await this.#system.find(name, family).catch(() => {
      throw failure;
    });
    return orderAddresses(canonical(found), hasRoute);
  }

  async #ask(name: string, family: 4 | 6 | null): Promise<readonly string[]> {
    const client = this.#client();
    if (family === 4) return await client.resolve4(name);
    if (family === 6) return canonical(await client.resolve6(name));
    return await gather([client.resolve6(name).then(canonical), client.resolve4(name)]);
  }

  /** Made anew when resolv.conf has changed; what is under way at the old one comes to its end there. */
  #client(): Resolver {
    const settings = this.#settings.read();
    if (this.#resolver?.settings === settings) return this.#resolver.client;
    const timeout = Math.min(maxServerMs, settings.timeoutMs);
    const client = new Resolver({ timeout, tries: settings.attempts });
    // With a zone it would lose that; by itself, c-ares reads the same file.
    if (!settings.servers.some((server) => server.includes('%'))) client.setServers(settings.servers);
    this.#resolver = { settings, client };
    return client;
  }
}

/** Addresses of both families, or of one when the other's do not come; the failure that says least, when there are none. */
async function gather(asked: readonly Promise<readonly string[]>[]): Promise<readonly string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
  const found: (readonly string[])[] = asked.map(() => []);
  const failures: unknown[] = [];
  let left = asked.length;
  let timer: NodeJS.Timeout | undefined;
  const finish = (): void => {
    clearTimeout(timer);
    const all = found.flat();
    if (all.length > 0) resolve(all);
    else reject(failures.find((failure) => !unknown.has(codeOf(failure))) ?? failures[0]);
  };
  const settle = (i: number, addresses: readonly string[]): void => {
    found[i] = addresses;
    left--;
    if (left === 0) finish();
    else if (addresses.length > 0) timer = setTimeout(finish, otherFamilyMs);
  };
  asked.forEach((each, i) => {
    each.then(
      (addresses) => settle(i, addresses),
      (failure: unknown) => {
        failures.push(failure);
        settle(i, []);
      },
    );
  });
  return await promise;
}

function canonical(addresses: readonly string[]): readonly string[] {
  return addresses.flatMap((address) => canonicalIp(address) ?? []);
}

function codeOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException).code ?? 'EAI_FAIL';
}

/** Whether the kernel knows a way to an address and has one of its own for it: connecting a datagram socket sends nothing. */
function hasRoute(ip: string): boolean {
  try {
    const family = ip.includes(':') ? 6 : 4;
    using socket = new DatagramSocket({ family, type: 'datagram', protocol: udp, stamps: false });
    return socket.connect(ip, routePort) === null;
  } catch {
    return false;
  }
}

/** What nsswitch.conf(5) has for hosts beside files and the DNS. */
function listOtherSources(text: string): readonly string[] {
  const line = /^hosts:(.*)$/m.exec(text)?.[1] ?? '';
  const sources = line
    .replace(/\[[^\]]*\]|#.*/g, ' ')
    .trim()
    .split(/\s+/);
  return sources.filter((source) => source !== '' && source !== 'files' && source !== 'dns');
}
