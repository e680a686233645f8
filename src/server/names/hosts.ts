import { readFileSync, statSync } from 'node:fs';
import { formatIp, parseIp } from '../../base/ip.ts';
import { cleanHostname } from './hostname.ts';

/** Longest hosts file that is read; some block lists have megabytes. */
const maxBytes = 4 * 1024 * 1024;
/** The file is looked at again for changes this often. */
const checkMs = 30_000;

/** Names of addresses as /etc/hosts has them: the first of each line (hosts(5)). */
export class HostsFile {
  readonly #path: string;
  readonly #now: () => number;
  #names = new Map<string, string>();
  #checkedAt = Number.NEGATIVE_INFINITY;
  #changedAt = -1;

  constructor(path = '/etc/hosts', now: () => number = Date.now) {
    this.#path = path;
    this.#now = now;
  }

  get(ip: string): string | undefined {
    if (this.#now() - this.#checkedAt >= checkMs) this.#check();
    return this.#names.get(ip);
  }

  /** A file that is missing or cannot be read names nothing. */
  #check(): void {
    this.#checkedAt = this.#now();
    try {
      const { mtimeMs, size } = statSync(this.#path);
      if (mtimeMs === this.#changedAt) return;
      this.#changedAt = mtimeMs;
      this.#names = size > maxBytes ? new Map() : parseHosts(readFileSync(this.#path, 'utf8'));
    } catch {
      this.#names = new Map();
      this.#changedAt = -1;
    }
  }
}

/** The names in the text of a hosts file, by address in canonical text; the first line of an address counts. */
export function parseHosts(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [address, first] = line.replace(/#.*/, '').trim().split(/\s+/);
    const bytes = parseIp(address ?? '');
    const name = bytes && first !== undefined ? cleanHostname(first) : null;
    if (!bytes || name === null) continue;
    const ip = formatIp(bytes);
    if (!names.has(ip)) names.set(ip, name);
  }
  return names;
}
