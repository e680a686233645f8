import { type TrafficFamily, trafficFamilies } from '../../traffic.ts';
import type { Session } from '../session.ts';
import { levels, tableOf } from './tables.ts';

/** Requests of each type, and alerts, that are kept: the newest. */
const keptRequests = 20_000;
const keptAlerts = 10_000;
/** Bytes that a row of sums takes, with its names and its histogram; a page holds some twenty. */
const rowBytes = 200;
/** Share of the database that sums may take. */
const sumsShare = 0.2;

const families = Object.keys(trafficFamilies) as TrafficFamily[];

/** Deletes what is older, or more, than is kept of inspected traffic. `now` is in Unix milliseconds. */
export function retainTraffic(
  session: Session,
  limits: { readonly maxAgeMs: number; readonly maxBytes: number },
  now: number,
): void {
  for (const family of families) {
    for (const { lengthMs, keptMs } of levels) {
      const before = now - Math.min(keptMs * 2, limits.maxAgeMs);
      session.run(`DELETE FROM ${tableOf(family)} WHERE length = ? AND at < ?`, lengthMs, before);
    }
    keepNewest(session, family, Math.floor((limits.maxBytes * sumsShare) / rowBytes / families.length));
  }
  for (const type of ['http', 'dns', 'tls']) {
    session.run(
      `DELETE FROM requests WHERE type = ? AND id <= (
         SELECT id FROM requests WHERE type = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
      type,
      type,
      keptRequestsFor(limits.maxBytes),
    );
  }
  session.run(
    'DELETE FROM requests WHERE timestamp < ?',
    new Date(Math.max(0, now - limits.maxAgeMs)).toISOString(),
  );
  session.run('DELETE FROM alerts WHERE id <= (SELECT max(id) FROM alerts) - ?', keptAlerts);
}

/** A tenth of a small database, at some 1 KiB each, over the three types. */
function keptRequestsFor(maxBytes: number): number {
  return Math.min(keptRequests, Math.floor(maxBytes / 10 / 1024 / 3));
}

/** Of too many rows the oldest go, those of short stretches first since the long ones hold the same. */
function keepNewest(session: Session, family: TrafficFamily, maxRows: number): void {
  const table = tableOf(family);
  let excess = Number(session.get(`SELECT count(*) FROM ${table}`)?.[0]) - maxRows;
  for (const { lengthMs } of levels) {
    if (excess <= 0) return;
    const edge = session.get(
      `SELECT at FROM ${table} WHERE length = ? ORDER BY at LIMIT 1 OFFSET ?`,
      lengthMs,
      excess,
    );
    const before = edge ? Number(edge[0]) + 1 : Number.MAX_SAFE_INTEGER;
    excess -= session.run(`DELETE FROM ${table} WHERE length = ? AND at < ?`, lengthMs, before).changes;
  }
}
