import { LatencyHistogram } from '../../base/histogram.ts';
import type { DnsRecord, HttpRecord } from '../../wire/traffic.ts';
import type {
  DnsTally,
  EncryptedTally,
  HttpTally,
  StatusCounts,
  TimeSummary,
} from '../../wire/traffic-statistics.ts';

/** Something added up: two of the same kind make one. `weight` says which of two is the larger. */
export interface Sums<Self, Tally> {
  readonly weight: number;
  merge(other: Self): void;
  /** With rates over that stretch. */
  describe(coveredMs: number): Tally;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The name under which a status is counted. */
export function statusClass(status: number | null): keyof StatusCounts {
  if (status === null) return 'none';
  if (status < 200) return '1xx';
  if (status < 300) return '2xx';
  if (status < 400) return '3xx';
  return status < 500 ? '4xx' : '5xx';
}

export class HttpSums implements Sums<HttpSums, HttpTally> {
  hits = 0;
  requestBytes = 0;
  responseBytes = 0;
  readonly statuses: Writable<StatusCounts> = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 };
  readonly times = new LatencyHistogram();

  get weight(): number {
    return this.hits;
  }

  add({ status, request_bytes, response_bytes, duration_ms }: HttpRecord): void {
    this.hits++;
    this.requestBytes += request_bytes;
    this.responseBytes += response_bytes;
    this.statuses[statusClass(status)]++;
    if (duration_ms !== null) this.times.add(duration_ms);
  }

  merge(other: HttpSums): void {
    this.#add(other.hits, other.requestBytes, other.responseBytes, other.statuses);
    this.times.merge(other.times.toPairs());
  }

  describe(coveredMs: number): HttpTally {
    return {
      hits: this.hits,
      hits_per_second: rate(this.hits, coveredMs),
      request_bytes: this.requestBytes,
      response_bytes: this.responseBytes,
      bytes_per_second: rate(this.requestBytes + this.responseBytes, coveredMs),
      statuses: { ...this.statuses },
      response_time: summarize(this.times),
    };
  }

  #add(hits: number, requestBytes: number, responseBytes: number, statuses: StatusCounts): void {
    this.hits += hits;
    this.requestBytes += requestBytes;
    this.responseBytes += responseBytes;
    for (const name of Object.keys(this.statuses) as (keyof StatusCounts)[])
      this.statuses[name] += statuses[name];
  }
}

export class EncryptedSums implements Sums<EncryptedSums, EncryptedTally> {
  connections = 0;
  sent = 0;
  received = 0;

  get weight(): number {
    return this.sent + this.received + this.connections;
  }

  merge({ connections, sent, received }: EncryptedSums): void {
    this.add(connections, sent, received);
  }

  add(connections: number, sent: number, received: number): void {
    this.connections += connections;
    this.sent += sent;
    this.received += received;
  }

  describe(coveredMs: number): EncryptedTally {
    const { connections, sent, received } = this;
    const bytes_per_second = rate(sent + received, coveredMs);
    return { connections, bytes_sent: sent, bytes_received: received, bytes_per_second };
  }
}

export class DnsSums implements Sums<DnsSums, DnsTally> {
  queries = 0;
  failures = 0;
  unanswered = 0;
  readonly times = new LatencyHistogram();

  get weight(): number {
    return this.queries;
  }

  add({ rcode, duration_ms }: DnsRecord): void {
    this.queries++;
    if (rcode === null) this.unanswered++;
    else if (rcode !== 'NOERROR') this.failures++;
    if (duration_ms !== null) this.times.add(duration_ms);
  }

  merge(other: DnsSums): void {
    this.#add(other);
    this.times.merge(other.times.toPairs());
  }

  describe(coveredMs: number): DnsTally {
    const { queries, failures, unanswered } = this;
    const response_time = summarize(this.times);
    return { queries, queries_per_second: rate(queries, coveredMs), failures, unanswered, response_time };
  }

  #add(other: { readonly queries: number; readonly failures: number; readonly unanswered: number }): void {
    this.queries += other.queries;
    this.failures += other.failures;
    this.unanswered += other.unanswered;
  }
}

/** Per second; over at least one, so that a beginning is no burst. */
function rate(amount: number, coveredMs: number): number {
  return Math.round((amount * 1_000_000) / Math.max(1000, coveredMs)) / 1000;
}

function summarize(times: LatencyHistogram): TimeSummary {
  const [p50_ms, p95_ms, p99_ms] = [0.5, 0.95, 0.99].map((share) => {
    const ms = times.quantile(share);
    return ms === null ? null : Math.round(ms * 1000) / 1000;
  });
  return { count: times.total, p50_ms, p95_ms, p99_ms };
}
