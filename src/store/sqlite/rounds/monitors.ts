import type { Monitor } from '../../../wire/monitor.ts';
import type { Session } from '../session.ts';
import { deleteRounds } from './retention.ts';
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
      session.run(
        'INSERT INTO monitors (id, monitor) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET monitor = excluded.monitor',
        monitor.id,
        JSON.stringify(monitor),
      );
    }
  });
}

/** See `MonitorStore.removeMonitor`. */
export async function removeMonitor(
  session: Session,
  id: string,
  pause: () => Promise<unknown>,
): Promise<void> {
  const key = findMonitorKey(session, id);
  if (key === null) return;
  session.run('DELETE FROM monitors WHERE key = ?', key);
  await deleteRounds(session, key, pause);
}
