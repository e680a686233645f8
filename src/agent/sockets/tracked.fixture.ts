import type { Owner } from './owner.ts';
import { TrackedConnection } from './tracked.ts';

/** A process for tests. */
export const testOwner: Owner = {
  key: '7-1',
  process_id: 7,
  process_name: 'client',
  process_path: '/usr/bin/client',
  command_line: 'client --once',
  user: 'root',
  user_id: 0,
  parents: ['sh (6)'],
  container: null,
  unit: null,
  started_at: null,
  unknown_reason: null,
};

/** A followed connection for tests, with what matters to each changed. */
export function makeTracked(key: number, changes: Partial<TrackedConnection> = {}): TrackedConnection {
  const connection = new TrackedConnection({
    key,
    slot: key,
    cookie: key,
    protocol: changes.protocol ?? 'tcp',
    openedNs: changes.openedNs ?? 1e9,
    found: changes.found ?? false,
    peer: false,
    identity: testOwner,
  });
  connection.localIp = '10.0.0.1';
  connection.localPort = 40_000 + key;
  connection.remoteIp = '10.0.0.2';
  connection.remotePort = 80;
  connection.state = 1;
  return Object.assign(connection, changes);
}
