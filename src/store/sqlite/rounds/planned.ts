/**
 * Rounds in windows of maintenance that were changed after the rounds had been added up. How exactly that can be told
 * depends on what is still kept: single rounds, otherwise the shortest steps that have all rounds of the hour, of which
 * each counts as its middle does.
 */
import type { SummedMonitor, UptimeRow } from '../../monitors.ts';
import type { Session } from '../session.ts';
import { hourMs, sumLevels } from './tables.ts';
import { saveUptime, workOut } from './uptime.ts';

/** Rounds of an agent in an hour: all, and of those that say something of the target what began in a window. */
interface Counts {
  total: number;
  rounds: number;
  down: number;
}

type Planned = (atMs: number) => boolean;

const keptHoursMs = sumLevels.find(({ lengthMs }) => lengthMs === hourMs)!.keptMs;
const never: Planned = () => false;

/** Works out again what changed windows cover or covered. `summed` is the last round that is in a monitor's sums. */
export async function refreshUptimes(
  session: Session,
  describe: (id: string) => SummedMonitor | undefined,
  summed: (monitor: number) => number,
  now: number,
  pause: () => Promise<unknown>,
): Promise<UptimeRow[]> {
  const changed: UptimeRow[] = [];
  for (;;) {
    const row = session.get(
      `SELECT stale_uptimes.id, key, monitors.id, since, until FROM stale_uptimes
       JOIN monitors ON key = stale_uptimes.monitor ORDER BY stale_uptimes.id LIMIT 1`,
    );
    if (!row) return changed;
    const [stale, monitor, since, until] = [row[0], row[1], row[3], row[4]].map(Number);
    const id = String(row[2]);
    const described = describe(id);
    const first = Math.floor(Math.max(since, now - keptHoursMs) / hourMs) * hourMs;
    for (let at = first; described && at < Math.min(until, now); at += hourMs) {
      session.transaction(() => {
        changed.push(...refreshHour(session, { id, monitor, at, last: summed(monitor) }, described, now));
      });
      await pause();
    }
    session.run('DELETE FROM stale_uptimes WHERE id = ?', stale);
  }
}

interface Hour {
  readonly id: string;
  readonly monitor: number;
  readonly at: number;
  readonly last: number;
}

function refreshHour(session: Session, hour: Hour, described: SummedMonitor, now: number): UptimeRow[] {
  const { id, monitor, at, last } = hour;
  const isPlanned = described.isPlanned ?? never;
  const totals = new Map(
    Array.from(readSteps(session, hourMs, monitor, at, never), ([agent, { total }]) => [agent, total]),
  );
  if (totals.size === 0) return [];
  const before = workOut(session, monitor, at, described);
  const counts = [
    readRounds(session, monitor, at, last, isPlanned),
    ...sumLevels
      .filter(({ lengthMs }) => lengthMs <= hourMs)
      .map(({ lengthMs }) => readSteps(session, lengthMs, monitor, at, isPlanned)),
  ];
  for (const [agent, total] of totals) {
    const exact = counts.find((ofAgents) => ofAgents.get(agent)?.total === total)?.get(agent);
    if (exact) savePlanned(session, monitor, at, agent, exact);
  }
  return saveUptime(session, { id, monitor, at, now, before }, described);
}

/** Sets how many of the rounds of an hour at an agent began in a window. */
function savePlanned(
  session: Session,
  monitor: number,
  at: number,
  agent: number,
  { rounds, down }: Pick<Counts, 'rounds' | 'down'>,
): void {
  const place = [monitor, at, agent];
  if (rounds === 0) {
    session.run('DELETE FROM planned_rounds WHERE monitor = ? AND at = ? AND agent = ?', ...place);
    return;
  }
  session.run(
    'INSERT OR REPLACE INTO planned_rounds (monitor, at, agent, rounds, down) VALUES (?, ?, ?, ?, ?)',
    ...place,
    rounds,
    down,
  );
}

/** Adds to how many of the rounds of an hour at an agent began in a window. */
export function addPlanned(
  session: Session,
  monitor: number,
  at: number,
  agent: number,
  { rounds, down }: Pick<Counts, 'rounds' | 'down'>,
): void {
  if (rounds === 0) return;
  session.run(
    `INSERT INTO planned_rounds (monitor, at, agent, rounds, down) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET rounds = rounds + excluded.rounds, down = down + excluded.down`,
    monitor,
    at,
    agent,
    rounds,
    down,
  );
}

function readRounds(
  session: Session,
  monitor: number,
  at: number,
  last: number,
  isPlanned: Planned,
): Map<number, Counts> {
  const rows = session.all(
    "SELECT agent, at, result ->> '$.outcome' FROM rounds WHERE monitor = ? AND at >= ? AND at < ? AND id <= ?",
    monitor,
    at,
    at + hourMs,
    last,
  );
  const counts = new Map<number, Counts>();
  for (const [agent, time, outcome] of rows) {
    const judged = outcome === 'unknown' ? 0 : 1;
    const down = outcome === 'down' ? 1 : 0;
    addCounts(counts, Number(agent), 1, isPlanned(Number(time)) ? [judged, down] : [0, 0]);
  }
  return counts;
}

function readSteps(
  session: Session,
  lengthMs: number,
  monitor: number,
  at: number,
  isPlanned: Planned,
): Map<number, Counts> {
  const rows = session.all(
    `SELECT agent, at, up + degraded + down + unknown, up + degraded + down, down FROM round_sums
     WHERE length = ? AND monitor = ? AND at >= ? AND at < ?`,
    lengthMs,
    monitor,
    at,
    at + hourMs,
  );
  const counts = new Map<number, Counts>();
  for (const row of rows) {
    const [agent, time, total, judged, down] = row.map(Number);
    addCounts(counts, agent, total, isPlanned(time + lengthMs / 2) ? [judged, down] : [0, 0]);
  }
  return counts;
}

function addCounts(
  counts: Map<number, Counts>,
  agent: number,
  total: number,
  [rounds, down]: readonly [number, number],
): void {
  const known = counts.get(agent) ?? { total: 0, rounds: 0, down: 0 };
  known.total += total;
  known.rounds += rounds;
  known.down += down;
  counts.set(agent, known);
}
