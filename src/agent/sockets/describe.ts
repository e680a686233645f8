import { errnoName } from '../../base/errno.ts';
import { formatEndpoint } from '../../base/ip.ts';
import type { ConnectionState, LimitedBy, ReportedConnection } from '../../wire/connection.ts';
import { describeFacts } from '../capture/facts.ts';
import { slotFlags } from './slot-table.ts';
import type { TrackedConnection } from './tracked.ts';

/** include/net/tcp_states.h, by number. */
const tcpStates: readonly ConnectionState[] = [
  'NONE',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSED',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'SYN_RECV',
];

const synSent = 2;
const closed = 7;

/** Turns CLOCK_BOOTTIME nanoseconds into wall-clock time. */
export interface Clock {
  toUnixMs(bootNs: number): number;
}

/** The state as shown: an open UDP socket without a peer has none. */
export function nameState(connection: TrackedConnection): ConnectionState {
  if (connection.protocol === 'udp' && connection.state === closed) {
    return connection.closedNs > 0 ? 'CLOSED' : 'NONE';
  }
  return tcpStates[connection.state] ?? 'NONE';
}

/** Whether payload and packets of a connection are known. */
export function isCounted(connection: TrackedConnection): boolean {
  return (connection.flags & slotFlags.uncounted) === 0;
}

/** Retransmitted segments as a share of the data segments sent; null when none was sent. */
function lossRatio(connection: TrackedConnection): number | null {
  if (connection.dataSegmentsSent === 0) return null;
  return Math.min(1, connection.retransmits / connection.dataSegmentsSent);
}

const milliseconds = (us: number): number | null => (us < 0 ? null : us / 1000);
const known = (value: number): number | null => (value < 0 ? null : value);

/** The wire record of a connection, live or ended, at `nowMs` (Unix). */
export function describeConnection(
  connection: TrackedConnection,
  clock: Clock,
  nowMs: number,
): ReportedConnection {
  const { identity } = connection;
  const tcp = connection.protocol === 'tcp';
  const openedMs = clock.toUnixMs(connection.openedNs);
  const closedMs = connection.closedNs > 0 ? clock.toUnixMs(connection.closedNs) : null;
  const failed = connection.errors > 0;
  const counted = isCounted(connection);
  return {
    timestamp: new Date(closedMs ?? (failed ? nowMs : openedMs)).toISOString(),
    process_id: identity.process_id,
    process_name: identity.process_name,
    process_path: identity.process_path,
    local_addr: formatEndpoint(connection.localIp, connection.localPort),
    remote_addr: formatEndpoint(connection.remoteIp, connection.remotePort),
    error: failed ? errnoName(connection.errno) : null,
    protocol: connection.protocol,
    state: nameState(connection),
    direction: connection.direction,
    opened_at: connection.found ? null : new Date(openedMs).toISOString(),
    closed_at: closedMs === null ? null : new Date(closedMs).toISOString(),
    duration_ms: connection.found ? null : Math.max(0, Math.round((closedMs ?? nowMs) - openedMs)),
    bytes_sent: counted ? connection.bytesSent : null,
    bytes_received: counted ? connection.bytesReceived : null,
    packets_sent: counted ? connection.packetsSent : null,
    packets_received: counted ? connection.packetsReceived : null,
    upload_speed: counted ? Math.round(connection.uploadSpeed) : null,
    download_speed: counted ? Math.round(connection.downloadSpeed) : null,
    rtt_ms: milliseconds(connection.rttUs),
    min_rtt_ms: milliseconds(connection.minRttUs),
    jitter_ms: milliseconds(connection.jitterUs),
    retransmits: tcp && counted ? connection.retransmits : null,
    loss_ratio: lossRatio(connection),
    send_queue: known(connection.sendQueue),
    receive_queue: known(connection.receiveQueue),
    limited_by: connection.limitedBy,
    phase: failed ? (connection.errorState === synSent ? 'connecting' : 'established') : null,
    reset_by: describeReset(connection),
    syn_retries: failed && connection.errorState === synSent ? connection.synRetries : null,
    user: identity.user,
    user_id: identity.user_id,
    command_line: identity.command_line,
    parents: [...identity.parents],
    container: identity.container,
    unit: identity.unit,
    process_started_at: identity.started_at,
    network_namespace: connection.netns,
    owner_unknown_reason: identity.unknown_reason,
    count: 1,
    ...describeFacts(connection.facts),
  };
}

function describeReset(connection: TrackedConnection): 'local' | 'remote' | null {
  if (connection.flags & slotFlags.rstReceived) return 'remote';
  return connection.flags & slotFlags.rstSent ? 'local' : null;
}

/** Times in jiffies that a sender was busy, and of these held back by the peer's window or its own send buffer. */
export interface BusyTimes {
  readonly busyMs: number;
  readonly receiverMs: number;
  readonly sendBufferMs: number;
  readonly elapsedMs: number;
}

/**
 * What held a sender back: the application when there was nothing to send for more than half of the time, otherwise
 * whichever took more than half of the busy time, and the network when neither did.
 */
export function judgeLimit(times: BusyTimes): LimitedBy {
  if (times.busyMs * 2 < times.elapsedMs) return 'application';
  if (times.receiverMs * 2 > times.busyMs) return 'receiver';
  if (times.sendBufferMs * 2 > times.busyMs) return 'send_buffer';
  return 'network';
}
