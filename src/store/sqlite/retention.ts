import { setImmediate } from 'node:timers/promises';
import { deleteOldestRounds, retainRounds } from './rounds/retention.ts';
import type { Session } from './session.ts';
import { retainTraffic } from './traffic/retention.ts';

export interface Limits {
  /** Rows whose time and recording are both longer ago than this are deleted. */
  readonly maxAgeMs: number;
  /** Bytes on disk with the journal. */
  readonly maxBytes: number;
}

/** Rows deleted at a time; some 10 ms of work. */
const deleteBatch = 1000;
/** Free pages given back to the file system at a time. */
const vacuumPages = 1000;
/** Shares of the limit: what the rows may fill, what is left after making room, what the file may take. */
const fullShare = 0.8;
const roomShare = 0.76;
const fileShare = 0.86;
/** Gaps, and agents' epochs, that are kept. */
const keptGaps = 10_000;
const keptEpochs = 10_000;
/** Of one agent, so that one that begins anew all the time has none of the others forgotten. */
const keptEpochsOfAgent = 100;

/** Deletes what is too old or too much, gives the space back, and resolves to the number of rows deleted. */
export async function applyLimits(session: Session, limits: Limits, now: number): Promise<number> {
  retainTraffic(session, limits, now);
  await retainRounds(session, limits, now, setImmediate);
  let deleted = 0;
  const cutoff = now - limits.maxAgeMs;
  for (;;) {
    const changes = deleteAged(session, cutoff);
    deleted += changes;
    if (changes < deleteBatch) break;
    await setImmediate();
  }
  while (usedBytes(session) > limits.maxBytes * fullShare) {
    const changes = deleteOldest(session, deleteBatch);
    deleted += changes;
    if (changes === 0) break;
    await setImmediate();
  }
  session.transaction(() => deleteForgotten(session));
  await shrinkFile(session, limits.maxBytes * fileShare);
  return deleted;
}

/**
 * Makes room before or after an insert, in its transaction: once the rows fill their share, more of the oldest go than
 * came in, of rounds as well. The file then no longer grows, since freed pages are used again. Returns the number of
 * connections deleted.
 */
export function makeRoom(session: Session, inserted: number, rounds: number, maxBytes: number): number {
  if (usedBytes(session) <= maxBytes * roomShare) return 0;
  if (rounds > 0) deleteOldestRounds(session, rounds * 2);
  return deleteOldest(session, Math.max(inserted * 2, 64));
}

/** Bytes of pages that hold something. */
function usedBytes(session: Session): number {
  const pages = Number(session.get('PRAGMA page_count')?.[0]);
  const free = Number(session.get('PRAGMA freelist_count')?.[0]);
  return (pages - free) * Number(session.get('PRAGMA page_size')?.[0]);
}

function deleteAged(session: Session, cutoff: number): number {
  return session.run(
    `DELETE FROM connections WHERE id IN (
       SELECT id FROM connections WHERE timestamp < ? AND recorded_at < ? ORDER BY timestamp LIMIT ?)`,
    new Date(cutoff).toISOString(),
    cutoff,
    deleteBatch,
  ).changes;
}

function deleteOldest(session: Session, count: number): number {
  return session.run(
    'DELETE FROM connections WHERE id IN (SELECT id FROM connections ORDER BY timestamp, id LIMIT ?)',
    count,
  ).changes;
}

/** Bounds the tables that grow slowly. */
function deleteForgotten(session: Session): void {
  session.run('DELETE FROM gaps WHERE id <= (SELECT max(id) FROM gaps) - ?', keptGaps);
  session.run(
    `DELETE FROM epochs WHERE (agent, epoch) IN (
       SELECT agent, epoch FROM (
         SELECT agent, epoch, row_number() OVER (PARTITION BY agent ORDER BY updated_at DESC) AS place FROM epochs)
       WHERE place > ?)`,
    keptEpochsOfAgent,
  );
  session.run(
    `DELETE FROM epochs WHERE (agent, epoch) IN (
       SELECT agent, epoch FROM epochs ORDER BY updated_at DESC LIMIT -1 OFFSET ?)`,
    keptEpochs,
  );
}

async function shrinkFile(session: Session, maxFileBytes: number): Promise<void> {
  const pageSize = Number(session.get('PRAGMA page_size')?.[0]);
  for (;;) {
    const pages = Number(session.get('PRAGMA page_count')?.[0]);
    const free = Number(session.get('PRAGMA freelist_count')?.[0]);
    if (free === 0 || (pages * pageSize <= maxFileBytes && free < pages / 4)) break;
    session.attempt(() => session.db.exec(`PRAGMA incremental_vacuum(${vacuumPages})`));
    if (Number(session.get('PRAGMA freelist_count')?.[0]) >= free) break;
    await setImmediate();
  }
  session.attempt(() => session.db.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
}
