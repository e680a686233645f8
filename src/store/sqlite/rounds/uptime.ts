import type { SummedMonitor, UptimeRow } from '../../monitors.ts';
import type { Session } from '../session.ts';
import { dayMs, hourMs, keptUptimeHoursMs } from './tables.ts';

type Times = Pick<UptimeRow, 'knownMs' | 'downMs'>;

/** An hour of a monitor. */
interface UptimeHour {
  readonly id: string;
  readonly monitor: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly now: number;
  /** What was worked out of it before; null where only what is stored of it tells. */
  readonly before: Times | null;
}

/**
 * Works the uptime of an hour out of its sums. The target counts as down for the share of rounds in which the k-th of the
 * agents that found it down most did, k being the quorum: outages that agents see fall together. Rounds of maintenance are
 * left out, so that their time is not known.
 */
export function workOut(
  session: Session,
  monitor: number,
  at: number,
  { quorum, intervalMs }: SummedMonitor,
): Times {
  const rows = session.all(
    `SELECT sums.up + sums.degraded + sums.down - coalesce(planned.rounds, 0), sums.down - coalesce(planned.down, 0)
     FROM round_sums AS sums LEFT JOIN planned_rounds AS planned
       ON planned.monitor = sums.monitor AND planned.at = sums.at AND planned.agent = sums.agent
     WHERE sums.length = ? AND sums.monitor = ? AND sums.at = ?`,
    hourMs,
    monitor,
    at,
  );
  const judged = rows.map(([rounds, down]) => ({ rounds: Number(rounds), down: Number(down) }));
  const shares = judged
    .filter(({ rounds }) => rounds > 0)
    .map(({ rounds, down }) => down / rounds)
    .sort((a, b) => b - a);
  const rounds = Math.max(0, ...judged.map((agent) => agent.rounds));
  const knownMs = Math.min(hourMs, rounds * intervalMs);
  return { knownMs, downMs: knownMs * (shares[Math.min(quorum, shares.length) - 1] ?? 0) };
}

/**
 * Works the uptime of an hour out again, and adds what changed to that of its day. An hour so long ago that it is kept no
 * more by itself changes its day only where it is known what it was before.
 */
export function saveUptime(
  session: Session,
  { id, monitor, at, now, before }: UptimeHour,
  described: SummedMonitor,
): UptimeRow[] {
  const isKept = at >= now - keptUptimeHoursMs;
  const old = isKept ? readUptimeRow(session, hourMs, monitor, at) : before;
  if (!old) return [];
  const { knownMs, downMs } = workOut(session, monitor, at, described);
  const day = Math.floor(at / dayMs) * dayMs;
  const dayBefore = readUptimeRow(session, dayMs, monitor, day);
  const hourRow = { monitor: id, lengthMs: hourMs, at, knownMs, downMs };
  const dayKnownMs = clamp(dayBefore.knownMs + knownMs - old.knownMs, dayMs);
  const dayRow = {
    monitor: id,
    lengthMs: dayMs,
    at: day,
    knownMs: dayKnownMs,
    downMs: clamp(dayBefore.downMs + downMs - old.downMs, dayKnownMs),
  };
  const rows = isKept ? [hourRow, dayRow] : [dayRow];
  for (const row of rows) {
    session.run(
      'INSERT OR REPLACE INTO uptime (length, monitor, at, known, down) VALUES (?, ?, ?, ?, ?)',
      row.lengthMs,
      monitor,
      row.at,
      row.knownMs,
      row.downMs,
    );
  }
  return rows;
}

function clamp(ms: number, most: number): number {
  return Math.min(most, Math.max(0, ms));
}

function readUptimeRow(session: Session, lengthMs: number, monitor: number, at: number): Times {
  const row = session.get(
    'SELECT known, down FROM uptime WHERE length = ? AND monitor = ? AND at = ?',
    lengthMs,
    monitor,
    at,
  );
  return { knownMs: Number(row?.[0] ?? 0), downMs: Number(row?.[1] ?? 0) };
}

/** See `MonitorStore.readUptime`. */
export function readUptime(session: Session, hoursSince: number, daysSince: number): UptimeRow[] {
  const rows = session.all(
    `SELECT id, length, at, known, down FROM uptime JOIN monitors ON monitors.key = uptime.monitor
     WHERE (length = ? AND at >= ?) OR (length = ? AND at >= ?)`,
    hourMs,
    hoursSince,
    dayMs,
    daysSince,
  );
  return rows.map((row) => ({
    monitor: String(row[0]),
    lengthMs: Number(row[1]),
    at: Number(row[2]),
    knownMs: Number(row[3]),
    downMs: Number(row[4]),
  }));
}
