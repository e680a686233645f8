import type { Session } from '../session.ts';

/** Share of the database that single rounds may take, and bytes that one takes with its place in the index. */
const roundsShare = 0.15;
const roundBytes = 600;
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
}

/** Deletes a monitor's rounds; its key is given to no other. */
export async function deleteRounds(
  session: Session,
  monitor: number,
  pause: () => Promise<unknown>,
): Promise<void> {
  const sql = `DELETE FROM rounds WHERE id IN (SELECT id FROM rounds WHERE monitor = ? LIMIT ${deleteBatch})`;
  while (session.run(sql, monitor).changes === deleteBatch) await pause();
}

/** Of the rows that were stored first, those that the condition holds for. */
function deleteOldest(session: Session, condition: string, value: number): number {
  const sql = `DELETE FROM rounds WHERE ${condition} AND id IN (SELECT id FROM rounds ORDER BY id LIMIT ${deleteBatch})`;
  return session.run(sql, value).changes;
}
