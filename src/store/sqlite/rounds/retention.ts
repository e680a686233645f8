import type { Session } from '../session.ts';
import { dayMs, hourMs, keptUptimeDaysMs, keptUptimeHoursMs, sumLevels } from './tables.ts';

/** Share of the database that single rounds may take, and bytes that one takes with its place in the index. */
const roundsShare = 0.12;
const roundBytes = 600;
/** The same for the sums of rounds. */
const sumsShare = 0.18;
const sumBytes = 110;
/** Incidents that are kept: the newest. */
const keptIncidents = 50_000;
/** Names of agents beyond which those of which no round is left are forgotten. */
const freeNames = 1_000;
/** Rows looked at, and deleted, at a time; some 10 ms of work. */
const deleteBatch = 2000;

/**
 * Deletes single rounds that are older, or more, than are kept. `now` is in Unix milliseconds; `pause` lets others work
 * between the batches.
 */
export async function retainRounds(
  session: Session,
  limits: { readonly maxAgeMs: number; readonly maxBytes: number },
  now: number,
  pause: () => Promise<unknown>,
): Promise<void> {
  const newest = Number(session.get('SELECT coalesce(max(id), 0) FROM rounds')?.[0]);
  const last = newest - Math.floor((limits.maxBytes * roundsShare) / roundBytes);
  while (deleteOldest(session, 'id <= ?', last) === deleteBatch) await pause();
  while (deleteOldest(session, 'at < ?', now - limits.maxAgeMs) === deleteBatch) await pause();
  await retainSums(session, limits.maxBytes, now, pause);
  await retainNames(session, pause);
  session.run('DELETE FROM incidents WHERE id <= (SELECT max(id) FROM incidents) - ?', keptIncidents);
}

/** Forgets names of agents that nothing is kept of, once there are many: whoever may report may do so under any name. */
async function retainNames(session: Session, pause: () => Promise<unknown>): Promise<void> {
  const names = session.all('SELECT key FROM round_agents').map(([key]) => Number(key));
  if (names.length <= freeNames) return;
  const used = new Set<number>();
  for (const [i, [monitor]] of session.all('SELECT key FROM monitors').entries()) {
    const sql = 'SELECT DISTINCT agent FROM round_sums WHERE length = ? AND monitor = ?';
    for (const [agent] of session.all(sql, dayMs, Number(monitor))) used.add(Number(agent));
    if (i % 100 === 99) await pause();
  }
  for (let after = 0; ; ) {
    const sql = 'SELECT id, agent FROM rounds WHERE id > ? ORDER BY id LIMIT ?';
    const rows = session.all(sql, after, deleteBatch);
    for (const [, agent] of rows) used.add(Number(agent));
    if (rows.length < deleteBatch) break;
    after = Number(rows.at(-1)?.[0]);
    await pause();
  }
  session.transaction(() => {
    for (const key of names) {
      if (!used.has(key)) session.run('DELETE FROM round_agents WHERE key = ?', key);
    }
  });
}

/** Deletes steps past their time, which is shorter where so many monitors have no room for all of it. */
async function retainSums(
  session: Session,
  maxBytes: number,
  now: number,
  pause: () => Promise<unknown>,
): Promise<void> {
  const today = Math.floor(now / dayMs) * dayMs;
  const monitors = session.all('SELECT key FROM monitors').map(([key]) => Number(key));
  let series = 0;
  for (const monitor of monitors) {
    const sql = 'SELECT count(*) FROM round_sums WHERE length = ? AND monitor = ? AND at >= ?';
    series += Number(session.get(sql, dayMs, monitor, today)?.[0]);
  }
  const steps = sumLevels.reduce((sum, { lengthMs, keptMs }) => sum + keptMs / lengthMs, 0);
  const room = (maxBytes * sumsShare) / sumBytes / Math.max(1, series);
  const share = Math.min(1, room / steps);
  for (const [i, monitor] of monitors.entries()) {
    for (const { lengthMs, keptMs } of sumLevels) {
      deleteSteps(session, 'round_sums', lengthMs, monitor, now - keptMs * share);
      if (lengthMs !== hourMs) continue;
      session.run('DELETE FROM planned_rounds WHERE monitor = ? AND at < ?', monitor, now - keptMs * share);
    }
    deleteSteps(session, 'uptime', hourMs, monitor, now - keptUptimeHoursMs);
    deleteSteps(session, 'uptime', dayMs, monitor, now - keptUptimeDaysMs);
    if (i % 100 === 99) await pause();
  }
}

function deleteSteps(
  session: Session,
  table: 'round_sums' | 'uptime',
  lengthMs: number,
  monitor: number,
  before: number,
): void {
  session.run(`DELETE FROM ${table} WHERE length = ? AND monitor = ? AND at < ?`, lengthMs, monitor, before);
}

/**
 * Deletes the single rounds of a monitor that is gone, whose key is given to no other. Ends early when `pause` says so;
 * what is left then goes by its age.
 */
export async function deleteRounds(
  session: Session,
  monitor: number,
  pause: () => Promise<boolean>,
): Promise<void> {
  const sql = `DELETE FROM rounds WHERE id IN (SELECT id FROM rounds WHERE monitor = ? LIMIT ${deleteBatch})`;
  while (session.run(sql, monitor).changes === deleteBatch) if (!(await pause())) return;
}

/** Deletes a monitor's sums, of which there are some thousands. */
export function deleteSums(session: Session, monitor: number): void {
  for (const { lengthMs } of sumLevels) {
    deleteSteps(session, 'round_sums', lengthMs, monitor, Number.MAX_SAFE_INTEGER);
    deleteSteps(session, 'uptime', lengthMs, monitor, Number.MAX_SAFE_INTEGER);
  }
}

/** Deletes that many of the rounds that were stored first. */
export function deleteOldestRounds(session: Session, count: number): void {
  session.run('DELETE FROM rounds WHERE id IN (SELECT id FROM rounds ORDER BY id LIMIT ?)', count);
}

/** Of the rows that were stored first, those that the condition holds for. */
function deleteOldest(session: Session, condition: string, value: number): number {
  const sql = `DELETE FROM rounds WHERE ${condition} AND id IN (SELECT id FROM rounds ORDER BY id LIMIT ${deleteBatch})`;
  return session.run(sql, value).changes;
}
