import type {
  DnsTally,
  EncryptedTally,
  Group,
  Grouped,
  HttpTally,
  NamedTally,
  StatusCounts,
  TimeSummary,
  TrafficStatistics,
} from '../../wire/traffic-statistics.ts';
import { defaultLimit } from './traffic-statistics.ts';

type Merge<Tally> = (parts: readonly Tally[]) => Tally;

/**
 * The sums of several machines over the same window as those of one; there must be one at least. Counts, bytes and rates
 * add up. Percentiles cannot: they are estimated from each machine's own, and lie between the least and the greatest.
 */
export function mergeStatistics(parts: readonly TrafficStatistics[]): TrafficStatistics {
  const [first] = parts;
  if (parts.length === 1) return first;
  return {
    window: first.window,
    ts: parts.map(({ ts }) => ts).reduce((a, b) => (a > b ? a : b)),
    covered_ms: Math.max(...parts.map(({ covered_ms }) => covered_ms)),
    http: mergeGrouped(
      parts.map(({ http }) => http),
      mergeHttp,
      ({ hits }) => hits,
    ),
    encrypted: mergeGrouped(
      parts.map(({ encrypted }) => encrypted),
      mergeEncrypted,
      ({ bytes_sent, bytes_received, connections }) => bytes_sent + bytes_received + connections,
    ),
    dns: mergeGrouped(
      parts.map(({ dns }) => dns),
      mergeDns,
      ({ queries }) => queries,
    ),
    notices: [...new Set(parts.flatMap(({ notices }) => notices))],
  };
}

function mergeGrouped<Name extends string, Tally>(
  parts: readonly Grouped<Name, Tally>[],
  merge: Merge<Tally>,
  weigh: (tally: Tally) => number,
): Grouped<Name, Tally> {
  const names = Object.keys(parts[0].by) as Name[];
  const groups = names.map((name) => {
    const mine = parts.map(({ by }) => by[name]);
    return [name, mergeGroup(mine, merge, weigh)] as const;
  });
  return {
    total: merge(parts.map(({ total }) => total)),
    by: Object.fromEntries(groups) as Record<Name, Group<Tally>>,
  };
}

/** As many of the largest as one machine tells of; all that has no row is in `other`. */
function mergeGroup<Tally>(
  parts: readonly Group<Tally>[],
  merge: Merge<Tally>,
  weigh: (tally: Tally) => number,
): Group<Tally> {
  const byName = new Map<string, NamedTally<Tally>[]>();
  for (const row of parts.flatMap(({ rows }) => rows)) {
    const same = byName.get(row.name);
    if (same) same.push(row);
    else byName.set(row.name, [row]);
  }
  const rows = [...byName]
    .map(([name, same]) => ({ ...merge(same), name }))
    .sort((a, b) => weigh(b) - weigh(a));
  const rest: Tally[] = rows.slice(defaultLimit).map(({ name, ...tally }) => tally as Tally);
  for (const { other } of parts) if (other !== null) rest.push(other);
  return { rows: rows.slice(0, defaultLimit), other: rest.length === 0 ? null : merge(rest) };
}

/** To a thousandth, as rates are. */
function sum<Part>(parts: readonly Part[], read: (part: Part) => number): number {
  const total = parts.reduce((before, part) => before + read(part), 0);
  return Math.round(total * 1000) / 1000;
}

function mergeHttp(parts: readonly HttpTally[]): HttpTally {
  const count = (status: keyof StatusCounts): number => sum(parts, ({ statuses }) => statuses[status]);
  return {
    hits: sum(parts, ({ hits }) => hits),
    hits_per_second: sum(parts, ({ hits_per_second }) => hits_per_second),
    request_bytes: sum(parts, ({ request_bytes }) => request_bytes),
    response_bytes: sum(parts, ({ response_bytes }) => response_bytes),
    bytes_per_second: sum(parts, ({ bytes_per_second }) => bytes_per_second),
    statuses: {
      '1xx': count('1xx'),
      '2xx': count('2xx'),
      '3xx': count('3xx'),
      '4xx': count('4xx'),
      '5xx': count('5xx'),
      none: count('none'),
    },
    response_time: mergeTimes(parts.map(({ response_time }) => response_time)),
  };
}

function mergeEncrypted(parts: readonly EncryptedTally[]): EncryptedTally {
  return {
    connections: sum(parts, ({ connections }) => connections),
    bytes_sent: sum(parts, ({ bytes_sent }) => bytes_sent),
    bytes_received: sum(parts, ({ bytes_received }) => bytes_received),
    bytes_per_second: sum(parts, ({ bytes_per_second }) => bytes_per_second),
  };
}

function mergeDns(parts: readonly DnsTally[]): DnsTally {
  return {
    queries: sum(parts, ({ queries }) => queries),
    queries_per_second: sum(parts, ({ queries_per_second }) => queries_per_second),
    failures: sum(parts, ({ failures }) => failures),
    unanswered: sum(parts, ({ unanswered }) => unanswered),
    response_time: mergeTimes(parts.map(({ response_time }) => response_time)),
  };
}

/** Shares of which a summary tells the time, with the names of their fields. */
const told = [
  [0.5, 'p50_ms'],
  [0.95, 'p95_ms'],
  [0.99, 'p99_ms'],
] as const;
/** Halvings of the stretch in which an estimate lies: to a thousandth of it. */
const halvings = 10;

function mergeTimes(parts: readonly TimeSummary[]): TimeSummary {
  const timed = parts.filter(({ count }) => count > 0);
  const [p50_ms, p95_ms, p99_ms] = told.map(([share, field]) => estimate(timed, share, field));
  return { count: sum(timed, ({ count }) => count), p50_ms, p95_ms, p99_ms };
}

/** The time below which that share of all lies, which is between the least and the greatest of the parts' own. */
function estimate(
  parts: readonly TimeSummary[],
  share: number,
  field: (typeof told)[number][1],
): number | null {
  const own = parts.map((part) => part[field]).filter((ms) => ms !== null);
  if (own.length === 0) return null;
  let [low, high] = [Math.min(...own), Math.max(...own)];
  const wanted = share * sum(parts, ({ count }) => count);
  for (let i = 0; i < halvings && low < high; i++) {
    const middle = (low + high) / 2;
    const below = sum(parts, (part) => part.count * shareBelow(part, middle));
    if (below < wanted) low = middle;
    else high = middle;
  }
  return Math.round(high * 1000) / 1000;
}

/** About how many of a part's times, as a share, are at most that: straight lines between those it tells. */
function shareBelow(part: TimeSummary, ms: number): number {
  let [fromMs, from] = [0, 0];
  for (const [share, field] of told) {
    const at = part[field] ?? 0;
    if (ms < at) return from + ((share - from) * (ms - fromMs)) / (at - fromMs);
    [fromMs, from] = [at, share];
  }
  return 1;
}
