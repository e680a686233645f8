import type { Incident } from '../../../wire/monitor.ts';
import type { IncidentQuery, Judged } from '../../monitors.ts';
import type { SqlValue } from '../columns.ts';
import type { Session } from '../session.ts';
import { readMark, saveMark } from './marks.ts';
import { findMonitorKey } from './rounds.ts';

const mark = 'rounds_judged';

/** See `MonitorStore.readJudged`. */
export function readJudged(session: Session): Judged {
  const rows = session.all(
    'SELECT id, state FROM monitor_states JOIN monitors ON key = monitor_states.monitor',
  );
  return {
    judged: readMark(session, mark),
    states: new Map(rows.map(([id, state]) => [String(id), String(state)])),
  };
}

/** See `MonitorStore.saveJudged`. */
export function saveJudged(
  session: Session,
  { judged, states }: Judged,
  incidents: readonly Omit<Incident, 'name'>[],
): void {
  session.transaction(() => {
    for (const [id, state] of states) {
      const monitor = findMonitorKey(session, id);
      if (monitor === null) continue;
      session.run('INSERT OR REPLACE INTO monitor_states (monitor, state) VALUES (?, ?)', monitor, state);
    }
    for (const incident of incidents) saveIncident(session, incident);
    saveMark(session, mark, judged);
  });
}

function saveIncident(session: Session, incident: Omit<Incident, 'name'>): void {
  const monitor = findMonitorKey(session, incident.monitor);
  if (monitor === null) return;
  session.run(
    `INSERT OR REPLACE INTO incidents
       (id, monitor, state, started_at, ended_at, duration_ms, reason, agents, silenced)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    incident.id,
    monitor,
    incident.state,
    incident.started_at,
    incident.ended_at,
    incident.duration_ms,
    incident.reason && JSON.stringify(incident.reason),
    JSON.stringify(incident.agents),
    incident.silenced,
  );
}

/** See `MonitorStore.nextIncident`. */
export function readNextIncident(session: Session): number {
  return Number(session.get('SELECT coalesce(max(id), 0) + 1 FROM incidents')?.[0]);
}

/** See `MonitorStore.queryIncidents`. */
export function readIncidents(session: Session, query: IncidentQuery): Incident[] {
  const conditions = ['1'];
  const values: SqlValue[] = [];
  const add = (sql: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(sql);
    values.push(value);
  };
  if (query.monitor !== undefined) add('incidents.monitor = ?', findMonitorKey(session, query.monitor) ?? 0);
  if (query.open !== undefined) conditions.push(query.open ? 'ended_at IS NULL' : 'ended_at IS NOT NULL');
  add('(ended_at IS NULL OR ended_at >= ?)', query.since);
  add('started_at <= ?', query.until);
  add('incidents.id < ?', query.before);
  const rows = session.all(
    `SELECT incidents.id, monitors.id, monitors.monitor ->> '$.name', state, started_at, ended_at, duration_ms, reason,
       agents, silenced
     FROM incidents JOIN monitors ON monitors.key = incidents.monitor
     WHERE ${conditions.join(' AND ')} ORDER BY incidents.id DESC LIMIT ?`,
    ...values,
    query.limit,
  );
  return rows.map((row) => ({
    id: Number(row[0]),
    monitor: String(row[1]),
    name: String(row[2]),
    state: row[3] as Incident['state'],
    started_at: String(row[4]),
    ended_at: row[5] as string | null,
    duration_ms: row[6] as number | null,
    reason: row[7] === null ? null : (JSON.parse(String(row[7])) as Incident['reason']),
    agents: JSON.parse(String(row[8])) as string[],
    silenced: row[9] as string | null,
  }));
}
