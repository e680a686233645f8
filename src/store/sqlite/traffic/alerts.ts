import type { DurableRecord } from '../../../wire/link.ts';
import type { AlertRecord } from '../../../wire/traffic.ts';
import {
  type AlertSettings,
  alertSettingsSchema,
  defaultAlertSettings,
} from '../../../wire/traffic-schema.ts';
import type { AlertQuery, StoredAlert } from '../../traffic.ts';
import type { SqlValue } from '../columns.ts';
import type { Session } from '../session.ts';

/** Stores that an alert was raised, or that the one that lasts has recovered. */
export function insertAlert(session: Session, agent: string, alert: AlertRecord): void {
  if (alert.state === 'recovered' && closeAlert(session, agent, alert)) return;
  const over = alert.state === 'recovered';
  // An agent that died could not tell of the end of the one before.
  if (!over) closeAlert(session, agent, { ...alert, duration_ms: null });
  const raisedAt = over ? new Date(Date.parse(alert.ts) - (alert.duration_ms ?? 0)).toISOString() : alert.ts;
  session.run(
    `INSERT INTO alerts (agent, kind, scope, raised_at, recovered_at, duration_ms, value, recovered_value, threshold,
       window_ms, message, recovered_message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    agent,
    alert.kind,
    alert.scope,
    raisedAt,
    over ? alert.ts : null,
    alert.duration_ms,
    alert.value,
    over ? alert.value : null,
    alert.threshold,
    alert.window_ms,
    alert.message,
    over ? alert.message : null,
  );
}

/** Stores what became of the packets of an alert, if it is still kept. */
export function setAlertPackets(
  session: Session,
  agent: string,
  { alert, packets, bytes, left_out, reason }: Extract<DurableRecord, { kind: 'alert_packets' }>,
): void {
  session.run(
    `UPDATE alerts SET packets = ?, packet_bytes = ?, packets_left_out = ?, packets_reason = ?
     WHERE agent = ? AND raised_at = ? AND kind = ? AND scope = ?`,
    packets,
    bytes,
    left_out,
    reason,
    agent,
    alert.raised_at,
    alert.kind,
    alert.scope,
  );
}

/** Ends the alerts of an agent that it no longer knows of; how long they lasted is not known. */
export function closeOtherAlerts(
  session: Session,
  agent: string,
  { at, open }: Extract<DurableRecord, { kind: 'open_alerts' }>,
): void {
  const known = new Set(open.map(({ raised_at, kind, scope }) => `${raised_at} ${kind} ${scope}`));
  const rows = session.all(
    'SELECT id, raised_at, kind, scope FROM alerts WHERE agent = ? AND recovered_at IS NULL',
    agent,
  );
  for (const [id, ...key] of rows) {
    if (known.has(key.join(' '))) continue;
    const message = `Not watched on: the agent was restarted, or its word of the end was lost; found at ${at}`;
    session.run(
      'UPDATE alerts SET recovered_at = ?, recovered_message = ? WHERE id = ?',
      at,
      message,
      Number(id),
    );
  }
}

/** Whether there was an alert to end. */
function closeAlert(session: Session, agent: string, alert: AlertRecord): boolean {
  return (
    session.run(
      `UPDATE alerts SET recovered_at = ?, recovered_value = ?, recovered_message = ?,
         duration_ms = coalesce(?, (julianday(?) - julianday(raised_at)) * 86400000)
       WHERE id = (SELECT max(id) FROM alerts
         WHERE agent = ? AND kind = ? AND scope = ? AND recovered_at IS NULL)`,
      alert.ts,
      alert.value,
      alert.message,
      alert.duration_ms,
      alert.ts,
      agent,
      alert.kind,
      alert.scope,
    ).changes > 0
  );
}

/** See `TrafficStore.queryAlerts`. */
export function readAlerts(session: Session, query: AlertQuery): StoredAlert[] {
  const conditions = ['1'];
  const values: SqlValue[] = [];
  const add = (sql: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(sql);
    values.push(value);
  };
  add('id = ?', query.id);
  add('kind = ?', query.kind);
  add('scope = ?', query.scope);
  add('agent = ?', query.agent);
  add('(recovered_at IS NULL OR recovered_at >= ?)', query.since);
  add('raised_at <= ?', query.until);
  add('id < ?', query.before);
  if (query.state !== undefined)
    conditions.push(query.state === 'raised' ? 'recovered_at IS NULL' : 'recovered_at IS NOT NULL');
  const rows = session.all(
    `SELECT id, agent, kind, scope, raised_at, recovered_at, duration_ms, value, recovered_value, threshold,
       window_ms, message, recovered_message, packets, packet_bytes, packets_left_out, packets_reason
     FROM alerts WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ?`,
    ...values,
    query.limit,
  );
  return rows.map(readAlert);
}

function readAlert(row: readonly unknown[]): StoredAlert {
  return {
    id: Number(row[0]),
    agent: String(row[1]),
    kind: row[2] as StoredAlert['kind'],
    scope: String(row[3]),
    state: row[5] === null ? 'raised' : 'recovered',
    raised_at: String(row[4]),
    recovered_at: row[5] as string | null,
    duration_ms: row[6] as number | null,
    value: Number(row[7]),
    recovered_value: row[8] as number | null,
    threshold: Number(row[9]),
    window_ms: Number(row[10]),
    message: String(row[11]),
    recovered_message: row[12] as string | null,
    packets: row[13] as number | null,
    packet_bytes: row[14] as number | null,
    packets_left_out: row[15] as number | null,
    packets_reason: row[16] as string | null,
  };
}

const settingsName = 'alerts';

/** The settings that were saved; the defaults where there are none that can be read. */
export function readSettings(session: Session): AlertSettings {
  const row = session.get('SELECT value FROM settings WHERE name = ?', settingsName);
  const saved = row && alertSettingsSchema.safeParse(JSON.parse(String(row[0])));
  return saved?.success ? saved.data : defaultAlertSettings;
}

export function saveSettings(session: Session, settings: AlertSettings): void {
  session.run(
    'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    settingsName,
    JSON.stringify(settings),
  );
}
