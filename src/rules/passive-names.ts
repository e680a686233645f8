import { AgingMap } from '../base/aging-map.ts';
import { isLoopback, parseEndpoint } from '../base/ip.ts';
import type { DnsRecord } from '../wire/traffic.ts';

export interface PassiveNamesOptions {
  /** Addresses with names; past it the one longest not answered is forgotten and counted. */
  readonly maxAddresses: number;
}

const defaultOptions: PassiveNamesOptions = { maxAddresses: 20_000 };

/** Names of one address, of different clients or at one client: hosts that share a server, within reason. */
const maxNamesOfAddress = 8;
/** Longest name in text, RFC 1035 section 2.3.4 without the lengths at both ends. */
const maxNameCharacters = 253;
/** Programs go on with an address for a while after the answer is no longer valid. */
const keptAfterTtlMs = 60 * 60_000;
/** Longest time to live that counts, RFC 8767 section 4: a week. */
const maxTtlMs = 7 * 24 * 60 * 60_000;

/** The name that an answer gave to an address. */
export interface PassiveName {
  /** As it was asked for, not what it is an alias of. */
  readonly name: string;
  /** Time of the answer; its age is what has passed since. */
  readonly answeredMs: number;
  /** Whether the answer's time to live is over. */
  readonly expired: boolean;
}

interface Named {
  readonly name: string;
  /** Address of who asked; null for an announcement to everybody. */
  readonly client: string | null;
  readonly answeredMs: number;
  readonly expiresMs: number;
}

/** Names of addresses as DNS answers gave them to the programs that asked: what a connection's peer was called by. */
export class PassiveNames {
  /** Addresses forgotten for want of room. */
  evicted = 0;
  readonly #options: PassiveNamesOptions;
  /** Newest name last; the address longest not answered first. */
  readonly #byAddress = new AgingMap<string, Named[]>();

  constructor(options: Partial<PassiveNamesOptions> = {}) {
    this.#options = { ...defaultOptions, ...options };
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** Takes the addresses of an answer. `nowMs` is when it passed. */
  add(record: DnsRecord, nowMs: number): void {
    if (record.rcode !== 'NOERROR') return;
    const isAnnounced = record.transport === 'mdns';
    const client = isAnnounced ? null : (parseEndpoint(record.src)?.ip ?? null);
    for (const answer of record.answers) {
      if ((answer.type !== 'A' && answer.type !== 'AAAA') || isNobody(answer.data)) continue;
      const name = isAnnounced ? answer.name : record.query;
      if (!isHostName(name)) continue;
      const expiresMs = nowMs + Math.min(answer.ttl * 1000, maxTtlMs);
      this.#put(answer.data, { name, client, answeredMs: nowMs, expiresMs });
    }
  }

  /**
   * The name of an address for a connection from `client`: the newest that this client was given, else that a program of
   * this machine was given by its own resolver, else any. Null when there is none, or none of late.
   */
  find(address: string, client: string, nowMs: number): PassiveName | null {
    let best: Named | null = null;
    let bestRank = -1;
    for (const named of this.#byAddress.get(address) ?? []) {
      if (nowMs > named.expiresMs + keptAfterTtlMs) continue;
      const rank = rankOf(named, client);
      if (rank < bestRank) continue;
      best = named;
      bestRank = rank;
    }
    return best && { name: best.name, answeredMs: best.answeredMs, expired: nowMs > best.expiresMs };
  }

  #put(address: string, named: Named): void {
    const others = this.#byAddress.get(address) ?? [];
    const kept = others.filter(({ name, client }) => name !== named.name || client !== named.client);
    kept.push(named);
    if (kept.length > maxNamesOfAddress) kept.shift();
    this.#byAddress.delete(address);
    this.#byAddress.set(address, kept);
    if (this.#byAddress.size <= this.#options.maxAddresses) return;
    this.#byAddress.removeOldest();
    this.evicted++;
  }
}

function rankOf({ client }: Named, asker: string): number {
  if (client === asker) return 2;
  return client !== null && isLoopback(client) ? 1 : 0;
}

/** What a filter answers for a name that it blocks, and addresses that are not another machine's. */
function isNobody(address: string): boolean {
  return address === '0.0.0.0' || address === '::' || isLoopback(address);
}

function isHostName(name: string): boolean {
  return name !== '.' && name.length <= maxNameCharacters && !name.startsWith('<');
}
