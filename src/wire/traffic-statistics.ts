/**
 * Sums over inspected traffic for some last stretch of time, as plain values: what the REST interface, the live
 * channel, the terminal and the report show of HTTP, of encrypted sites and of DNS.
 */

/** Stretches that are kept, in milliseconds, by the names under which they are asked for. */
export const trafficWindows = {
  '10s': 10_000,
  '1m': 60_000,
  '10m': 600_000,
  '1h': 3_600_000,
} as const;
export type TrafficWindow = keyof typeof trafficWindows;

/**
 * Percentiles of a time. Those of one machine come from a histogram: each is within 5 % of the exact one. Those of several
 * are estimated from theirs. Null without any.
 */
export interface TimeSummary {
  readonly count: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly p99_ms: number | null;
}

/** Hits by the first digit of their status; `none` was not answered. */
export interface StatusCounts {
  readonly '1xx': number;
  readonly '2xx': number;
  readonly '3xx': number;
  readonly '4xx': number;
  readonly '5xx': number;
  readonly none: number;
}

/** HTTP requests added up. */
export interface HttpTally {
  readonly hits: number;
  readonly hits_per_second: number;
  /** Of the bodies. */
  readonly request_bytes: number;
  readonly response_bytes: number;
  /** Both directions. */
  readonly bytes_per_second: number;
  readonly statuses: StatusCounts;
  readonly response_time: TimeSummary;
}

/** Connections by TLS or QUIC added up. Their paths are encrypted: only the name of the site is known. */
export interface EncryptedTally {
  readonly connections: number;
  readonly bytes_sent: number;
  readonly bytes_received: number;
  /** Both directions. */
  readonly bytes_per_second: number;
}

/** DNS questions added up. */
export interface DnsTally {
  readonly queries: number;
  readonly queries_per_second: number;
  /** Answered with another code than NOERROR. */
  readonly failures: number;
  readonly unanswered: number;
  readonly response_time: TimeSummary;
}

/** One of a group: a site, a section (`example.org/shop`), a method, a process. `name` is hostile text, empty where it is not known. */
export type NamedTally<Tally> = Tally & { readonly name: string };

/** The largest of a group, largest first. */
export interface Group<Tally> {
  readonly rows: readonly NamedTally<Tally>[];
  /** All that has no row, in one; null when every name has its row. */
  readonly other: Tally | null;
}

/** What HTTP requests are grouped by. A status is one of the names of `StatusCounts`. */
export const httpGroups = ['site', 'section', 'method', 'status', 'process'] as const;
export type HttpGroup = (typeof httpGroups)[number];

/** What DNS questions are grouped by. A resolver is the `ip:port` that was asked; `rcode` is `none` when unanswered. */
export const dnsGroups = ['process', 'rcode', 'resolver', 'name'] as const;
export type DnsGroup = (typeof dnsGroups)[number];

/** What encrypted connections are grouped by. A transport is `tls`, `quic` or `dtls`. */
export const encryptedGroups = ['site', 'transport', 'process'] as const;
export type EncryptedGroup = (typeof encryptedGroups)[number];

/** The total and each group of one kind of traffic. */
export interface Grouped<Name extends string, Tally> {
  readonly total: Tally;
  readonly by: Readonly<Record<Name, Group<Tally>>>;
}

/** Everything of one window. */
export interface TrafficStatistics {
  readonly window: TrafficWindow;
  /** When it ends, RFC 3339. */
  readonly ts: string;
  /** How much of the window there has been, up to its length: rates are over this. */
  readonly covered_ms: number;
  readonly http: Grouped<HttpGroup, HttpTally>;
  readonly encrypted: Grouped<EncryptedGroup, EncryptedTally>;
  readonly dns: Grouped<DnsGroup, DnsTally>;
  /** Sentences for people, such as that there were too many names for a row each. */
  readonly notices: readonly string[];
}
