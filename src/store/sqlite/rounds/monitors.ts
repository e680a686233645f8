import type { Monitor } from '../../../wire/monitor.ts';
import type { Session } from '../session.ts';
import { forgetPlans, savePlans } from './plans.ts';
import { deleteSums } from './retention.ts';
import { findMonitorKey } from './rounds.ts';

/** See `MonitorStore.readMonitors`. */
export function readMonitors(session: Session): Monitor[] {
  const rows = session.all('SELECT monitor FROM monitors ORDER BY key');
  return rows.map(([monitor]) => JSON.parse(String(monitor)) as Monitor);
}

/** See `MonitorStore.saveMonitors`. */
export function saveMonitors(session: Session, monitors: readonly Monitor[]): void {
  session.transaction(() => {
    for (const monitor of monitors) {
      const before = readMonitor(session, monitor.id);
      session.run(
        'INSERT INTO monitors (id, monitor) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET monitor = excluded.monitor',
        monitor.id,
        JSON.stringify(monitor),
      );
      savePlans(session, findMonitorKey(session, monitor.id)!, before, monitor);
    }
  });
}

function readMonitor(session: Session, id: string): Monitor | null {
  const row = session.get('SELECT monitor FROM monitors WHERE id = ?', id);
  return row ? (JSON.parse(String(row[0])) as Monitor) : null;
}

/** Removes a monitor and what was made of its rounds; the key of the rounds that are left, null when there was none. */
export function removeMonitor(session: Session, id: string): number | null {
  const key = findMonitorKey(session, id);
  if (key === null) return null;
  session.transaction(() => {
    for (const table of ['monitor_states', 'incidents']) {
      session.run(`DELETE FROM ${table} WHERE monitor = ?`, key);
    }
    deleteSums(session, key);
    forgetPlans(session, key);
    session.run('DELETE FROM monitors WHERE key = ?', key);
  });
  return key;
}
