import { Resolver } from 'node:dns/promises';
import { AgingMap } from '../../base/aging-map.ts';
import { isLoopback } from '../../base/ip.ts';
import type { NameSource } from '../live/agent-mirror.ts';
import { cleanHostname } from './hostname.ts';
import { HostsFile } from './hosts.ts';

export type RemoteNameSource = 'ptr' | 'hosts';
type Found = (name: string, source: RemoteNameSource) => void;

export interface NamesOptions {
  /** Whether the DNS is asked; the hosts file always is. */
  readonly dns: boolean;
  /** DNS servers as `ip` or `ip:port`; those of resolv.conf(5) unless given. */
  readonly servers?: readonly string[];
  readonly hostsPath?: string;
  readonly now?: () => number;
}

/** Addresses whose answer, or lack of one, is kept. */
const maxCached = 20_000;
/** How long an answer holds, one without a name, and a failure to get any. node:dns does not tell the TTL of a PTR. */
const foundMs = 3_600_000;
const absentMs = 600_000;
const failedMs = 60_000;
/** Questions under way, and a second; addresses that wait for their turn, and connections that wait for one of them. */
const maxUnderway = 8;
const maxPerSecond = 50;
const maxWaiting = 5_000;
const maxListeners = 1_000;
const timeoutMs = 2_000;

interface Answer {
  readonly name: string | null;
  readonly until: number;
}

/**
 * Names of remote addresses, from the hosts file and by reverse DNS (PTR). Nothing waits for it: a name that is not at
 * hand arrives by callback when it is found. What floods of new addresses ask beyond the caps goes without a name.
 */
export class Names implements NameSource, Disposable {
  readonly #options: NamesOptions;
  readonly #now: () => number;
  readonly #hosts: HostsFile;
  readonly #resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  readonly #cache = new AgingMap<string, Answer>();
  readonly #waiting = new Map<string, Found[]>();
  readonly #queue: string[] = [];
  #underway = 0;
  #tokens = maxPerSecond;
  #filledAt: number;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: NamesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#hosts = new HostsFile(options.hostsPath, this.#now);
    this.#filledAt = this.#now();
    if (options.servers) this.#resolver.setServers(options.servers);
  }

  lookUp(ip: string, found: Found): void {
    const known = this.#hosts.get(ip);
    if (known !== undefined) {
      found(known, 'hosts');
      return;
    }
    if (!this.#options.dns || this.#closed || isLoopback(ip) || isUnnamed(ip)) return;
    const answer = this.#cached(ip);
    if (answer) {
      if (answer.name !== null) found(answer.name, 'ptr');
      return;
    }
    this.#ask(ip, found);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#waiting.clear();
    this.#queue.length = 0;
    this.#resolver.cancel();
  }

  #cached(ip: string): Answer | null {
    const answer = this.#cache.get(ip);
    if (!answer) return null;
    this.#cache.delete(ip);
    if (answer.until <= this.#now()) return null;
    this.#cache.set(ip, answer);
    return answer;
  }

  #ask(ip: string, found: Found): void {
    const listeners = this.#waiting.get(ip);
    if (listeners) {
      if (listeners.length < maxListeners) listeners.push(found);
      return;
    }
    if (this.#queue.length >= maxWaiting) return;
    this.#waiting.set(ip, [found]);
    this.#queue.push(ip);
    this.#next();
  }

  #next(): void {
    this.#refill();
    while (this.#underway < maxUnderway && this.#tokens >= 1 && this.#queue.length > 0) {
      this.#tokens--;
      this.#underway++;
      void this.#resolve(this.#queue.shift()!).finally(() => {
        this.#underway--;
        this.#next();
      });
    }
    if (this.#queue.length === 0 || this.#underway >= maxUnderway || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#next();
    }, 1000 / maxPerSecond);
    this.#timer.unref();
  }

  #refill(): void {
    const now = this.#now();
    const passedMs = Math.max(0, now - this.#filledAt);
    this.#tokens = Math.min(maxPerSecond, this.#tokens + (passedMs / 1000) * maxPerSecond);
    this.#filledAt = now;
  }

  async #resolve(ip: string): Promise<void> {
    let name: string | null = null;
    let keepMs = failedMs;
    try {
      const answers = await this.#resolver.reverse(ip);
      name = answers.map(cleanHostname).find((clean) => clean !== null) ?? null;
      keepMs = name === null ? absentMs : foundMs;
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (code === 'ENOTFOUND' || code === 'ENODATA') keepMs = absentMs;
    }
    const listeners = this.#waiting.get(ip) ?? [];
    this.#waiting.delete(ip);
    if (this.#closed) return;
    this.#cache.set(ip, { name, until: this.#now() + keepMs });
    if (this.#cache.size > maxCached) this.#cache.removeOldest();
    if (name !== null) for (const found of listeners) found(name, 'ptr');
  }
}

/** Addresses for which no name can be: unspecified, multicast, broadcast (RFC 6890, RFC 4291 section 2.7). */
function isUnnamed(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::' || ip.startsWith('ff') || /^(22[4-9]|23\d|255)\./.test(ip);
}
