import type { Histogram } from '../../base/histogram.ts';
import type { DnsRecord, HttpRecord } from '../../wire/traffic.ts';
import type {
  DnsGroup,
  DnsTally,
  EncryptedGroup,
  EncryptedTally,
  HttpGroup,
  HttpTally,
  TrafficStatistics,
} from '../../wire/traffic-statistics.ts';
import { GroupedSums } from './group.ts';
import { isWebRequest, sectionOf, shorten, siteOf } from './names.ts';
import { DnsSums, EncryptedSums, HttpSums, statusClass } from './sums.ts';

/** Names kept apart in each group; twice as many for a while. A busy machine has some dozens. */
const httpNames: Readonly<Record<HttpGroup, number>> = {
  site: 256,
  section: 512,
  method: 16,
  status: 6,
  process: 256,
};
const encryptedNames: Readonly<Record<EncryptedGroup, number>> = { site: 512, transport: 3, process: 256 };
const dnsNames: Readonly<Record<DnsGroup, number>> = { process: 256, rcode: 32, resolver: 64, name: 512 };

/** What an encrypted connection is counted under. */
export type EncryptedNames = Readonly<Record<EncryptedGroup, string>>;

/** All that happened in one stretch of time. */
export class Period {
  readonly startMs: number;
  readonly #http = new GroupedSums<HttpGroup, HttpSums, HttpTally>(httpNames, () => new HttpSums());
  readonly #encrypted = new GroupedSums<EncryptedGroup, EncryptedSums, EncryptedTally>(
    encryptedNames,
    () => new EncryptedSums(),
  );
  readonly #dns = new GroupedSums<DnsGroup, DnsSums, DnsTally>(dnsNames, () => new DnsSums());

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  /** Leaves out discovery that has the form of HTTP. */
  addHttp(record: HttpRecord, process: string): void {
    if (!isWebRequest(record)) return;
    const site = siteOf(record);
    const names = {
      site,
      section: sectionOf(site, record.path),
      method: shorten(record.method ?? ''),
      status: statusClass(record.status),
      process,
    };
    this.#http.add(names, (sums) => sums.add(record));
  }

  /** Leaves out what is asked of everybody (mDNS, LLMNR): it is answered elsewhere, if at all. */
  addDns(record: DnsRecord, process: string): void {
    if (record.transport !== 'udp' && record.transport !== 'tcp') return;
    const names = {
      process,
      rcode: record.rcode ?? 'none',
      resolver: record.dst,
      name: shorten(record.query.toLowerCase()),
    };
    this.#dns.add(names, (sums) => sums.add(record));
  }

  addEncrypted(names: EncryptedNames, connections: number, sent: number, received: number): void {
    this.#encrypted.add(names, (sums) => sums.add(connections, sent, received));
  }

  merge(other: Period): void {
    this.#http.merge(other.#http);
    this.#encrypted.merge(other.#encrypted);
    this.#dns.merge(other.#dns);
  }

  /** Of all HTTP requests that were answered. */
  get responseTimes(): Histogram {
    return this.#http.total.times.toPairs();
  }

  describe(
    limit: number,
    coveredMs: number,
  ): Pick<TrafficStatistics, 'http' | 'encrypted' | 'dns' | 'notices'> {
    return {
      http: this.#http.describe(limit, coveredMs),
      encrypted: this.#encrypted.describe(limit, coveredMs),
      dns: this.#dns.describe(limit, coveredMs),
      notices: this.#describeFolded(),
    };
  }

  #describeFolded(): string[] {
    const folded = [
      ...Object.entries(httpNames).map(([group, most]) => ({
        what: `HTTP ${group}`,
        most,
        on: this.#http.hasFolded(group as HttpGroup),
      })),
      ...Object.entries(encryptedNames).map(([group, most]) => ({
        what: `encrypted ${group}`,
        most,
        on: this.#encrypted.hasFolded(group as EncryptedGroup),
      })),
      ...Object.entries(dnsNames).map(([group, most]) => ({
        what: `DNS ${group}`,
        most,
        on: this.#dns.hasFolded(group as DnsGroup),
      })),
    ];
    return folded
      .filter(({ on }) => on)
      .map(({ what, most }) => `more than ${most} names by ${what}: smaller ones are counted together`);
  }
}
