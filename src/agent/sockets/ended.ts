import { formatEndpoint } from '../../base/ip.ts';
import type { ReportedConnection } from '../../wire/connection.ts';
import { type Clock, describeConnection, isCounted } from './describe.ts';
import type { FoldKind } from './fold.ts';
import { slotFlags } from './slot-table.ts';
import type { TrackedConnection } from './tracked.ts';

/** A connection that ended, or that failed and goes on. */
export interface Ended {
  readonly connection: TrackedConnection;
  /** How many failures this tells of; 0 for an end without one. */
  readonly failures: number;
  /** Whether it is over, so that its totals count now. */
  readonly over: boolean;
  /** Whether it stays on show in TIME_WAIT. */
  readonly lingers: boolean;
}

/** What is said of rows that stand for more than one process. */
const severalProcesses = 'several processes of this program';

/** Makes rows of what ended, and adds like ones up. `nowMs` is Unix time. */
export function makeEndedKind(clock: Clock, nowMs: () => number): FoldKind<Ended> {
  return {
    isFailure: ({ failures }) => failures > 0,
    nameProcess: ({ connection }) => connection.identity.key,
    nameProgram: ({ connection: { identity } }) =>
      `${identity.process_path ?? identity.process_name} ${identity.user_id}`,
    nameOutcome,
    describe: (ended, coarse) => describeEnded(ended, coarse, clock, nowMs()),
    add: addTo,
    endOf: ({ connection }) => connection.closedNs,
    end: (row, closedNs) => {
      if (closedNs === 0) return;
      const closedAt = new Date(clock.toUnixMs(closedNs)).toISOString();
      if (row.closed_at !== null) row.closed_at = closedAt;
      if (closedAt > row.timestamp) row.timestamp = closedAt;
    },
    keyOf: ({ connection, over, lingers }) =>
      over && (connection.announced || lingers) ? connection.key : null,
  };
}

/** The service's port alone: the other end's changes with each connection. */
function nameOutcome({ connection, failures }: Ended, coarse: boolean): string {
  const { protocol, direction, localPort, localIp, remoteIp, remotePort, netns, flags } = connection;
  const result = `${protocol} ${direction} ${failures > 0 ? connection.errno : 0}`;
  if (coarse) return result;
  if (flags & slotFlags.passive) return `${result} ${netns} ${remoteIp} to ${localIp} ${localPort}`;
  return `${result} ${netns} ${remoteIp} ${remotePort}`;
}

function describeEnded(
  { connection, failures, over }: Ended,
  coarse: boolean,
  clock: Clock,
  nowMs: number,
): ReportedConnection {
  const row = describeConnection(connection, clock, nowMs);
  if (failures > 0) row.count = failures;
  else {
    row.error = null;
    row.phase = null;
  }
  if (coarse) row.remote_addr = formatEndpoint(connection.remoteIp.includes(':') ? '::' : '0.0.0.0', 0);
  if (!over) {
    row.bytes_sent = 0;
    row.bytes_received = 0;
    row.packets_sent = 0;
    row.packets_received = 0;
  }
  return row;
}

function addTo(row: ReportedConnection, { connection, failures, over }: Ended): void {
  row.count += Math.max(1, failures);
  row.duration_ms = null;
  if (row.process_id !== connection.identity.process_id) {
    row.process_id = null;
    row.owner_unknown_reason = severalProcesses;
  }
  if (!over || !isCounted(connection)) return;
  row.bytes_sent = (row.bytes_sent ?? 0) + connection.bytesSent;
  row.bytes_received = (row.bytes_received ?? 0) + connection.bytesReceived;
  row.packets_sent = (row.packets_sent ?? 0) + connection.packetsSent;
  row.packets_received = (row.packets_received ?? 0) + connection.packetsReceived;
  if (row.retransmits !== null) row.retransmits += connection.retransmits;
}
