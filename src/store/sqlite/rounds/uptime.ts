import type { SummedMonitor, UptimeRow } from '../../monitors.ts';
import type { Session } from '../session.ts';
import { dayMs, hourMs } from './tables.ts';

/**
 * Works the uptime of an hour out again from its rounds, and adds what changed to that of its day. The target counts as
 * down for the share of rounds in which the k-th of the agents that found it down most did, k being the quorum: outages
 * that agents see fall together.
 */
export function saveUptime(
  session: Session,
  id: string,
  monitor: number,
  at: number,
  { quorum, intervalMs }: SummedMonitor,
): UptimeRow[] {
  const rows = session.all(
    'SELECT up + degraded + down, down FROM round_sums WHERE length = ? AND monitor = ? AND at = ?',
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
  const downMs = knownMs * (shares[Math.min(quorum, shares.length) - 1] ?? 0);
  const before = readUptimeRow(session, hourMs, monitor, at);
  const day = Math.floor(at / dayMs) * dayMs;
  const dayBefore = readUptimeRow(session, dayMs, monitor, day);
  const hourRow = { monitor: id, lengthMs: hourMs, at, knownMs, downMs };
  const dayRow = {
    monitor: id,
    lengthMs: dayMs,
    at: day,
    knownMs: dayBefore.knownMs + knownMs - before.knownMs,
    downMs: Math.max(0, dayBefore.downMs + downMs - before.downMs),
  };
  for (const row of [hourRow, dayRow]) {
    session.run(
      'INSERT OR REPLACE INTO uptime (length, monitor, at, known, down) VALUES (?, ?, ?, ?, ?)',
      row.lengthMs,
      monitor,
      row.at,
      row.knownMs,
      row.downMs,
    );
  }
  return [hourRow, dayRow];
}

function readUptimeRow(
  session: Session,
  lengthMs: number,
  monitor: number,
  at: number,
): Pick<UptimeRow, 'knownMs' | 'downMs'> {
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
