/**
 * The closed sets of the wire's words. They stand apart from the schemas so that a browser can have them without zod.
 */

/** TCP states by the kernel's names (include/net/tcp_states.h); NONE is an unconnected UDP socket. */
export const connectionStates = [
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
  'NONE',
] as const;
export type ConnectionState = (typeof connectionStates)[number];

export const protocols = ['tcp', 'udp'] as const;
export type Protocol = (typeof protocols)[number];

/** Who opened it: this machine, a peer, or both ends are on this machine; `listening` for a socket without a peer. */
export const directions = ['outbound', 'inbound', 'local', 'listening'] as const;
export type Direction = (typeof directions)[number];

/** What held a sender back for most of its busy time, from the kernel's chronographs (tcp_info(7), RFC 4898). */
export const limits = ['application', 'receiver', 'network', 'send_buffer'] as const;
export type LimitedBy = (typeof limits)[number];

/** Where a connection was when it failed. */
export const phases = ['connecting', 'established'] as const;
/** Which end sent the RST that ended a connection. */
export const resetters = ['local', 'remote'] as const;

/** Sort keys; a leading `-` means descending. `speed` is upload plus download, `bytes` both totals. */
export const connectionSorts = [
  'timestamp',
  'speed',
  'upload_speed',
  'download_speed',
  'bytes',
  'process',
  'pid',
  'protocol',
  'state',
  'duration',
  'rtt',
  'retransmits',
  'remote',
  'local',
  'direction',
  'user',
  'container',
  'unit',
  'error',
  'agent',
] as const;

/** Whether a counter among the losses tells of something lost, and not just of what was over and is not shown on. */
export const isLoss = (name: string): boolean => name !== 'time_wait_not_shown';

/** Stands for all sites, programs or names that have no row of their own in sums of traffic. */
export const otherName = '(other)';

/** Most rows in one answer. */
export const maxLimit = 1000;
/** Points of the bandwidth history, 100 ms each. */
export const bandwidthPoints = 300;

/** Types of orders to an agent (orders.ts), by themselves for what must not load the schemas. */
export const orderTypeNames = [
  'monitors.set',
  'monitor.put',
  'monitor.remove',
  'monitor.start',
  'monitor.stop',
  'monitors.list',
  'probe.run',
  'results.list',
  'results.watch',
  'agent.describe',
] as const;

/** Kinds by which a gap counts what was lost: those of durable records, connections that failed by themselves. */
export const lostKinds = [
  'connection',
  'failure',
  'traffic',
  'request',
  'probe',
  'alert',
  'alert_packets',
  'open_alerts',
] as const;
export type LostKind = (typeof lostKinds)[number];
