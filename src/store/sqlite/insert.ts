import type { Connection } from '../../wire/connection.ts';
import { normalizeTimestamp } from '../../wire/filter.ts';
import type { Committed, ReportedBatch, StoreRecord } from '../store.ts';
import { connectionColumns, endpointKey, type SqlValue, writeColumns } from './columns.ts';
import { insertRound } from './rounds/rounds.ts';
import type { Session } from './session.ts';
import { closeOtherAlerts, insertAlert, setAlertPackets } from './traffic/alerts.ts';
import { insertRequest } from './traffic/requests.ts';
import { addSums } from './traffic/sums.ts';

const insertSql = `INSERT INTO connections (${connectionColumns.join(', ')}, local_key, remote_key, recorded_at)
  VALUES (${connectionColumns.map(() => '?').join(', ')}, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;

/** Stores the records of a batch that are new. Must run in a transaction. `now` is in Unix milliseconds. */
export function insertBatch(session: Session, batch: ReportedBatch, now: number): Committed {
  const { agent, epoch, first, records } = batch;
  const committed = readCommitted(session, agent, epoch);
  const last = first + records.length - 1;
  if (last <= committed) return { seq: committed, ids: records.map(() => null) };
  if (first > committed + 1 && records[0].kind !== 'gap') {
    const at = new Date(now).toISOString();
    const lost = first - committed - 1;
    insertGap(session, batch, { at, reason: 'sequence numbers are missing', lost });
  }
  const ids = records.map((record, i) =>
    first + i <= committed ? null : insertRecord(session, batch, record, now),
  );
  session.run(
    `INSERT INTO epochs (agent, epoch, committed_seq, updated_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (agent, epoch) DO UPDATE SET committed_seq = excluded.committed_seq, updated_at = excluded.updated_at`,
    agent,
    epoch,
    last,
    now,
  );
  return { seq: last, ids };
}

/** The highest sequence number stored of an agent's epoch, -1 for none. */
export function readCommitted(session: Session, agent: string, epoch: string): number {
  const row = session.get('SELECT committed_seq FROM epochs WHERE agent = ? AND epoch = ?', agent, epoch);
  return row ? Number(row[0]) : -1;
}

/**
 * Stores one connection under the id it asks for, or a new one when it asks for none or another row has it, and gives
 * the id. A time that is no time becomes that of the recording.
 */
export function insertConnection(
  session: Session,
  connection: Partial<Omit<Connection, 'id' | 'agent'>> & {
    readonly local_addr: string;
    readonly remote_addr: string;
  },
  { id, agent, now }: { readonly id: number | null; readonly agent: string | null; readonly now: number },
): number {
  const values = writeColumns(connection, id, agent);
  values[1] = canonicalTime(String(values[1]), now);
  values.push(endpointKey(connection.local_addr), endpointKey(connection.remote_addr), now);
  const inserted = session.run(insertSql, ...values);
  if (inserted.changes > 0) return inserted.id;
  values[0] = null;
  return session.run(insertSql, ...values).id;
}

function insertRecord(
  session: Session,
  batch: ReportedBatch,
  record: StoreRecord,
  now: number,
): number | null {
  const { agent } = batch;
  switch (record.kind) {
    case 'connection':
      return insertConnection(session, record.connection, { id: record.id ?? null, agent, now });
    case 'gap':
      insertGap(session, batch, record);
      return null;
    case 'traffic': {
      const at = Date.parse(record.rollup.at);
      addSums(session, 'http', agent, at, record.rollup.http);
      addSums(session, 'dns', agent, at, record.rollup.dns);
      return null;
    }
    case 'request':
      insertRequest(session, { ...record, agent });
      return null;
    case 'alert':
      insertAlert(session, agent, record.alert);
      return null;
    case 'probe':
      return insertRound(session, agent, record.result);
    case 'alert_packets':
      setAlertPackets(session, agent, record);
      return null;
    case 'open_alerts':
      closeOtherAlerts(session, agent, record);
      return null;
  }
}

type Gap = Omit<Extract<StoreRecord, { kind: 'gap' }>, 'kind'>;

function insertGap(session: Session, { agent, epoch }: ReportedBatch, gap: Gap): void {
  const lostBy = gap.lost_by === undefined ? null : JSON.stringify(gap.lost_by);
  const values: SqlValue[] = [agent, epoch, gap.at, gap.reason, gap.lost, lostBy];
  session.run(
    'INSERT INTO gaps (agent, epoch, at, reason, lost, lost_by) VALUES (?, ?, ?, ?, ?, ?)',
    ...values,
  );
}

function canonicalTime(text: string, now: number): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return text;
  return normalizeTimestamp(text) ?? new Date(now).toISOString();
}
