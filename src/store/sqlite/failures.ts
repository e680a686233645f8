import type { FailureGroup, FailureQuery, FailureSummary } from '../store.ts';
import { type Condition, writeConditions } from './filter-sql.ts';
import type { Session } from './session.ts';
import { joinConditions, walkTime } from './walk.ts';

/** Most groups held while counting; failures of further ones are in the timeline only. */
const maxGroups = 50_000;
/** Most errno names in a timeline; a kernel has about 130, a client may post any. */
const maxErrors = 64;

type Group = { -readonly [field in keyof FailureGroup]: FailureGroup[field] } & { trend: number[] };

/** Who a failed connection was with: of one from outside only the address, since its port says nothing. */
const destination = `CASE direction WHEN 'inbound' THEN rtrim(rtrim(remote_addr, '0123456789'), ':')
  ELSE remote_addr END`;

/** See `Store.summarizeFailures`. */
export async function summarize(session: Session, query: FailureQuery): Promise<FailureSummary> {
  const { since, until, steps, limit } = query;
  const conditions = writeConditions({ ...query.filter, since: undefined, until: undefined });
  const groups = new Map<string, Group>();
  const timeline: Record<string, number[]> = Object.create(null);
  for (let step = 0; step < steps; step++) {
    const edge = (i: number): string =>
      new Date(since + Math.round(((until - since) * i) / steps)).toISOString();
    const within = [
      { sql: 'error IS NOT NULL', values: [] },
      { sql: 'timestamp >= ? AND timestamp < ?', values: [edge(step), edge(step + 1)] },
    ];
    for await (const { condition } of walkTime(session, false, within, null)) {
      for (const found of countFailures(session, joinConditions([condition, ...conditions]))) {
        addToTimeline(timeline, found, step, steps);
        addToGroups(groups, found, step, steps);
      }
    }
  }
  const sorted = [...groups.values()].sort((a, b) => b.count - a.count || (a.last_at < b.last_at ? 1 : -1));
  return { groups: sorted.slice(0, limit), timeline };
}

type Counted = Omit<FailureGroup, 'trend'>;

function countFailures(session: Session, { sql, values }: Condition): Counted[] {
  const rows = session.all(
    `SELECT ${destination}, max(remote_name), process_name, process_path, error, sum(count), min(timestamp),
       max(timestamp)
     FROM connections WHERE ${sql} GROUP BY 1, 3, 4, 5`,
    ...values,
  );
  return rows.map((row) => ({
    remote_addr: String(row[0]),
    remote_name: row[1] as string | null,
    process_name: row[2] as string | null,
    process_path: row[3] as string | null,
    error: String(row[4]),
    count: Number(row[5]),
    first_at: String(row[6]),
    last_at: String(row[7]),
  }));
}

function addToTimeline(
  timeline: Record<string, number[]>,
  found: Counted,
  step: number,
  steps: number,
): void {
  if (!(found.error in timeline)) {
    if (Object.keys(timeline).length >= maxErrors) return;
    timeline[found.error] = new Array<number>(steps).fill(0);
  }
  timeline[found.error][step] += found.count;
}

function addToGroups(groups: Map<string, Group>, found: Counted, step: number, steps: number): void {
  const key = JSON.stringify([found.remote_addr, found.process_name, found.process_path, found.error]);
  const known = groups.get(key);
  if (!known) {
    if (groups.size >= maxGroups) return;
    const trend = new Array<number>(steps).fill(0);
    trend[step] = found.count;
    groups.set(key, { ...found, trend });
    return;
  }
  known.count += found.count;
  known.trend[step] += found.count;
  known.last_at = found.last_at;
  known.remote_name = found.remote_name ?? known.remote_name;
}
