import type { Connection, NewConnection, ReportedConnection } from '../wire/connection.ts';
import type { ResolvedFilter } from '../wire/filter.ts';
import type { DurableRecord } from '../wire/link.ts';
import type { connectionSorts } from '../wire/query.ts';
import type { AgentStore } from './agents.ts';
import type { IdentityStore } from './identities.ts';
import type { MonitorStore } from './monitors.ts';
import type { TrafficStore } from './traffic.ts';

/** What a server adds to a reported connection; absent is null. */
type Enrichment = Partial<
  Pick<Connection, 'country' | 'asn' | 'organization' | 'risk_score' | 'risk_level' | 'risk_reasons'>
>;

/**
 * A durable record as it is stored. `id` is the reserved one under which the connection was live; null or absent has
 * the store give it one.
 */
export type StoreRecord =
  | {
      readonly kind: 'connection';
      readonly id?: number | null;
      readonly connection: ReportedConnection & Enrichment;
    }
  | Exclude<DurableRecord, { kind: 'connection' }>;

/** Records of an agent whose sequence numbers follow without a hole from `first`. */
export interface ReportedBatch {
  readonly agent: string;
  readonly epoch: string;
  readonly first: number;
  readonly records: readonly StoreRecord[];
}

export interface Committed {
  /** The highest sequence number now on disk of that agent and epoch. */
  readonly seq: number;
  /**
   * For each record the id of its row; null for what is neither connection nor round, for a round of a monitor that is
   * not there, and for what was stored before.
   */
  readonly ids: readonly (number | null)[];
}

/** A place in a list: what comes after it in the order is on the next page. */
export interface Place {
  readonly key: number | string;
  readonly id: number;
}

export interface StoreQuery {
  readonly filter: ResolvedFilter;
  readonly sort: (typeof connectionSorts)[number];
  readonly descending: boolean;
  readonly limit: number;
  readonly after?: Place;
}

/** A part of a list. `next` is null at its end; a page may be short of its limit, or empty, and yet not be the end. */
export interface StorePage {
  readonly connections: readonly Connection[];
  readonly next: Place | null;
}

export interface FailureQuery {
  /** Its times are not regarded. */
  readonly filter: ResolvedFilter;
  /** From this time to before `until`, in Unix milliseconds. */
  readonly since: number;
  readonly until: number;
  /** Into how many equal steps the range is cut. */
  readonly steps: number;
  /** Most groups. */
  readonly limit: number;
}

/** Failures of one process to one destination with one errno; `trend` counts them in equal steps of the range. */
export interface FailureGroup {
  readonly remote_addr: string;
  readonly remote_name: string | null;
  readonly process_name: string | null;
  readonly process_path: string | null;
  readonly error: string;
  readonly count: number;
  readonly first_at: string;
  readonly last_at: string;
  readonly trend: readonly number[];
}

export interface FailureSummary {
  /** Most frequent first, at most `limit`. */
  readonly groups: readonly FailureGroup[];
  /** Counts in the same steps, per errno, over all failures. */
  readonly timeline: Readonly<Record<string, readonly number[]>>;
}

export interface StoreStats {
  readonly rows: number;
  /** Bytes on disk, with the journal. */
  readonly bytes: number;
  /** Rows that retention has deleted since the store was opened. */
  readonly expired: number;
  /** Why the last transaction could not be written, where that may pass; null when it was. */
  readonly problem: string | null;
}

/**
 * Where connections that ended are kept. What a promise of a writing method resolved for is on disk. Every method
 * rejects with NM_STORE when the store cannot be used.
 */
export interface Store extends TrafficStore, MonitorStore, AgentStore, IdentityStore {
  /**
   * Stores a batch in one transaction. Records up to the committed sequence number of (agent, epoch) are skipped, so
   * that a resend is never stored twice; a hole before `first` is recorded as a gap, unless the first record is one
   * and so tells of it.
   */
  insertReported(batch: ReportedBatch): Promise<Committed>;
  /** Stores a connection that a client posted and gives it back as it is stored. */
  insertPosted(connection: NewConnection): Promise<Connection>;
  /** The highest committed sequence number, -1 for none. */
  committedSeq(agent: string, epoch: string): Promise<number>;
  /** The first of `count` ids that no row has or will be given otherwise. */
  reserveIds(count: number): Promise<number>;
  connectionById(id: number): Promise<Connection | null>;
  /** Which of the ids have a row. */
  storedIds(ids: readonly number[]): Promise<ReadonlySet<number>>;
  /** Rejects with NM_BAD_FILTER when the order asked for would take too long over so many rows. */
  queryConnections(query: StoreQuery): Promise<StorePage>;
  summarizeFailures(query: FailureQuery): Promise<FailureSummary>;
  stats(): StoreStats;
  /** Deletes what is older or larger than the limits allow. `now` is in Unix milliseconds. */
  retain(now: number): Promise<void>;
  close(): Promise<void>;
}
