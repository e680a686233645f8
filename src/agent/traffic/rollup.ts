import { LatencyHistogram } from '../../base/histogram.ts';
import { sectionOf, shorten, siteOf } from '../../rules/statistics/names.ts';
import { maxRollupRows, otherName, type Rollup, type StatusClass, statusClasses } from '../../wire/rollup.ts';
import type { DnsRecord, HttpRecord } from '../../wire/traffic.ts';

interface HttpSums {
  hits: number;
  request_bytes: number;
  response_bytes: number;
  readonly latency: LatencyHistogram;
}

interface DnsSums {
  queries: number;
  readonly latency: LatencyHistogram;
}

/** Names that are told apart, and the sums under them. */
interface Row<Names, Sums> {
  readonly names: Names;
  readonly sums: Sums;
}

type HttpNames = Pick<Rollup['http'][number], 'site' | 'section' | 'method' | 'status' | 'process'>;
type DnsNames = Pick<Rollup['dns'][number], 'process' | 'resolver' | 'rcode' | 'name'>;

/** Longest of each kind of name; longer ones are cut. */
const longest = { section: 500, method: 32, process: 64, resolver: 64, rcode: 32 } as const;

/** Requests and questions of ten seconds, added up; bounded by `maxRollupRows` of each kind. */
export class TrafficRollup {
  readonly #http = new Map<string, Row<HttpNames, HttpSums>>();
  readonly #dns = new Map<string, Row<DnsNames, DnsSums>>();

  addHttp(record: HttpRecord, process: string): void {
    const site = siteOf(record);
    const names: HttpNames = {
      site,
      section: shorten(sectionOf(site, record.path), longest.section),
      method: shorten(record.method ?? '', longest.method),
      status: classOf(record.status),
      process: shorten(process, longest.process),
    };
    const other = { ...names, site: otherName, section: otherName, method: otherName, process: otherName };
    const sums = rowOf(this.#http, names, other, makeHttpSums);
    sums.hits++;
    sums.request_bytes += record.request_bytes;
    sums.response_bytes += record.response_bytes;
    if (record.duration_ms !== null) sums.latency.add(record.duration_ms);
  }

  /** Leaves out what is asked of everybody (mDNS, LLMNR): it is answered elsewhere, if at all. */
  addDns(record: DnsRecord, process: string): void {
    if (record.transport !== 'udp' && record.transport !== 'tcp') return;
    const names: DnsNames = {
      process: shorten(process, longest.process),
      resolver: shorten(record.dst, longest.resolver),
      rcode: shorten(record.rcode ?? 'none', longest.rcode),
      name: shorten(record.query.toLowerCase()),
    };
    const other = { process: otherName, resolver: otherName, rcode: otherName, name: otherName };
    const sums = rowOf(this.#dns, names, other, makeDnsSums);
    sums.queries++;
    if (record.duration_ms !== null) sums.latency.add(record.duration_ms);
  }

  /** What was added up since the last call, under the time at which the stretch began; null for nothing. */
  take(atMs: number): Rollup | null {
    if (this.#http.size === 0 && this.#dns.size === 0) return null;
    const http = Array.from(this.#http.values(), ({ names, sums }) => ({
      ...names,
      ...sums,
      latency: sums.latency.toPairs(),
    }));
    const dns = Array.from(this.#dns.values(), ({ names, sums }) => ({
      ...names,
      ...sums,
      latency: sums.latency.toPairs(),
    }));
    this.#http.clear();
    this.#dns.clear();
    return { at: new Date(atMs).toISOString(), http, dns };
  }
}

const makeHttpSums = (): HttpSums => ({
  hits: 0,
  request_bytes: 0,
  response_bytes: 0,
  latency: new LatencyHistogram(),
});
const makeDnsSums = (): DnsSums => ({ queries: 0, latency: new LatencyHistogram() });

/** The sums of these names, or of all that has no row when there are too many. */
function rowOf<Names extends object, Sums>(
  rows: Map<string, Row<Names, Sums>>,
  names: Names,
  other: Names,
  make: () => Sums,
): Sums {
  const key = Object.values(names).join('\n');
  const known = rows.get(key);
  if (known) return known.sums;
  if (rows.size >= maxRollupRows) {
    const otherKey = Object.values(other).join('\n');
    const others = rows.get(otherKey) ?? { names: other, sums: make() };
    rows.set(otherKey, others);
    return others.sums;
  }
  const row = { names, sums: make() };
  rows.set(key, row);
  return row.sums;
}

function classOf(status: number | null): StatusClass {
  const name = status === null ? 'none' : (`${Math.floor(status / 100)}xx` as StatusClass);
  return statusClasses.includes(name) ? name : 'none';
}
