import type { DnsRecord, HttpRecord } from '../../wire/traffic.ts';
import type {
  DnsGroup,
  DnsSumsData,
  DnsTally,
  EncryptedGroup,
  EncryptedSumsData,
  EncryptedTally,
  HttpGroup,
  HttpSumsData,
  HttpTally,
  TrafficRollup,
  TrafficStatistics,
} from '../../wire/traffic-statistics.ts';
import { GroupedSums } from './group.ts';
import { sectionOf, shorten, siteOf } from './names.ts';
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

/** Of the Simple Service Discovery Protocol. */
const ssdpMethods: ReadonlySet<string> = new Set(['M-SEARCH', 'NOTIFY']);

/** What an encrypted connection is counted under. */
export type EncryptedNames = Readonly<Record<EncryptedGroup, string>>;

/** All that happened in one stretch of time. */
export class Period {
  readonly startMs: number;
  readonly #http = new GroupedSums<HttpGroup, HttpSums, HttpSumsData, HttpTally>(
    httpNames,
    () => new HttpSums(),
  );
  readonly #encrypted = new GroupedSums<EncryptedGroup, EncryptedSums, EncryptedSumsData, EncryptedTally>(
    encryptedNames,
    () => new EncryptedSums(),
  );
  readonly #dns = new GroupedSums<DnsGroup, DnsSums, DnsSumsData, DnsTally>(dnsNames, () => new DnsSums());

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  /** Leaves out SSDP, which has the form of HTTP and is no web traffic. */
  addHttp(record: HttpRecord, process: string): void {
    if (record.path === '*' && ssdpMethods.has(record.method ?? '')) return;
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

  addDns(record: DnsRecord, process: string): void {
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

  mergeData({ http, encrypted, dns }: TrafficRollup): void {
    this.#http.mergeData(http);
    this.#encrypted.mergeData(encrypted);
    this.#dns.mergeData(dns);
  }

  /** With that many names of each group. */
  toData(limit: number): TrafficRollup {
    return {
      http: this.#http.toData(limit),
      encrypted: this.#encrypted.toData(limit),
      dns: this.#dns.toData(limit),
    };
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
