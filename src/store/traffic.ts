import type { Histogram } from '../base/histogram.ts';
import type { AlertRecord, DnsRecord, HttpRecord, TlsRecord } from '../wire/traffic.ts';
import type { AlertSettings } from '../wire/traffic-schema.ts';

/** What is kept of inspected traffic: sums over stretches of time, single requests, alerts. */

/** The kinds of sums: by what they are told apart, and what is added up. */
export const trafficFamilies = {
  http: {
    names: ['site', 'section', 'method', 'status', 'process'],
    sums: ['hits', 'request_bytes', 'response_bytes'],
    latency: true,
  },
  dns: { names: ['process', 'resolver', 'rcode', 'name'], sums: ['queries'], latency: true },
  encrypted: {
    names: ['site', 'transport', 'process'],
    sums: ['connections', 'bytes_sent', 'bytes_received'],
    latency: false,
  },
  application: {
    names: ['application', 'decided_by'],
    sums: ['connections', 'bytes_sent', 'bytes_received'],
    latency: false,
  },
} as const;
export type TrafficFamily = keyof typeof trafficFamilies;
export type TrafficName<Family extends TrafficFamily> = (typeof trafficFamilies)[Family]['names'][number];
export type TrafficSum<Family extends TrafficFamily> = (typeof trafficFamilies)[Family]['sums'][number];

/** One row of sums. `latency` is only regarded where the family has one. */
export type TrafficRow<Family extends TrafficFamily> = Readonly<Record<TrafficName<Family>, string>> &
  Readonly<Record<TrafficSum<Family>, number>> & { readonly latency?: Histogram };

export interface TrafficQuery<Family extends TrafficFamily> {
  readonly family: Family;
  /** From this time to before `until`, in Unix milliseconds; both are widened to whole stretches. */
  readonly since: number;
  readonly until: number;
  readonly agent?: string;
  /** Names that must be these. */
  readonly filter?: Partial<Record<TrafficName<Family>, string>>;
  /** What to tell apart; all else is added up. */
  readonly by: readonly TrafficName<Family>[];
  /** Whether stretches are told apart as well. */
  readonly timed?: boolean;
}

/** Sums of a group; `at` is the start of its stretch, 0 unless those are told apart. */
export interface TrafficGroup<Family extends TrafficFamily> {
  readonly at: number;
  readonly names: Readonly<Record<TrafficName<Family>, string>>;
  readonly sums: Readonly<Record<TrafficSum<Family>, number>>;
  readonly latency: Histogram;
}

export interface TrafficSummary<Family extends TrafficFamily> {
  readonly groups: readonly TrafficGroup<Family>[];
  /** Length of the stretches that were added up, and the range that they cover. */
  readonly resolutionMs: number;
  readonly since: number;
  readonly until: number;
}

/** A single request as it is kept. */
export interface StoredRequest {
  readonly id: number;
  readonly agent: string;
  readonly process_id: number | null;
  readonly process_name: string | null;
  readonly request: HttpRecord | DnsRecord | TlsRecord;
}

export interface RequestQuery {
  readonly type: 'http' | 'dns' | 'tls';
  /** RFC 3339, both included. */
  readonly since?: string;
  readonly until?: string;
  readonly agent?: string;
  /** Exactly this host, name or server name. */
  readonly site?: string;
  /** Part of the process name, in any case. */
  readonly process?: string;
  /** Exactly this method, or type of question. */
  readonly method?: string;
  /** `2xx`, `404`, `NXDOMAIN` or `none`. */
  readonly result?: string;
  /** Part of host, path or name, in any case. */
  readonly text?: string;
  /** Only what is older than the request of that id. */
  readonly before?: number;
  readonly limit: number;
}

/** An alert from its raising to its recovery. */
export interface StoredAlert {
  readonly id: number;
  readonly agent: string;
  readonly kind: AlertRecord['kind'];
  readonly scope: string;
  readonly state: 'raised' | 'recovered';
  readonly raised_at: string;
  /** Null while it lasts. */
  readonly recovered_at: string | null;
  readonly duration_ms: number | null;
  /** When it was raised, and when it recovered. */
  readonly value: number;
  readonly recovered_value: number | null;
  readonly threshold: number;
  readonly window_ms: number;
  readonly message: string;
  readonly recovered_message: string | null;
  /** Packets of before it that its agent saved, and the bytes of their file; null until the agent has told. */
  readonly packets: number | null;
  readonly packet_bytes: number | null;
  readonly packets_left_out: number | null;
  /** Why none were saved. */
  readonly packets_reason: string | null;
}

export interface AlertQuery {
  readonly id?: number;
  readonly kind?: string;
  readonly scope?: string;
  readonly state?: string;
  readonly agent?: string;
  /** Alerts that lasted into this range, RFC 3339. */
  readonly since?: string;
  readonly until?: string;
  readonly before?: number;
  readonly limit: number;
}

/** The part of a store that keeps inspected traffic. Every method rejects with NM_STORE when it cannot be used. */
export interface TrafficStore {
  /** Adds sums of an agent to the stretch that `at` (Unix milliseconds) lies in. */
  addTraffic<Family extends TrafficFamily>(
    family: Family,
    agent: string,
    at: number,
    rows: readonly TrafficRow<Family>[],
  ): Promise<void>;
  /** Groups in no order, at most 20,000 of those with the largest first sum. */
  summarizeTraffic<Family extends TrafficFamily>(
    query: TrafficQuery<Family>,
  ): Promise<TrafficSummary<Family>>;
  /** Newest first. */
  queryRequests(query: RequestQuery): Promise<readonly StoredRequest[]>;
  /** Newest first. */
  queryAlerts(query: AlertQuery): Promise<readonly StoredAlert[]>;
  /** What was last saved; the defaults before. */
  readAlertSettings(): Promise<AlertSettings>;
  saveAlertSettings(settings: AlertSettings): Promise<void>;
}
