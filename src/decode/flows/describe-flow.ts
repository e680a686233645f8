import type { FlowQuality, FlowRecord } from '../../wire/traffic.ts';
import type { AppRegistry } from '../apps/registry.ts';
import { arpProtocol } from '../packet/packet.ts';
import type { Flow } from './flow.ts';

const protocolNames: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'icmpv6',
  89: 'ospf',
  103: 'pim',
  112: 'vrrp',
  33: 'dccp',
  132: 'sctp',
  136: 'udplite',
  [arpProtocol]: 'arp',
};

/** The record of a flow as it stands. */
export function describeFlow(flow: Flow, registry: AppRegistry): FlowRecord {
  const proved = flow.dialogue?.application ?? null;
  const byPort = flow.transport === null ? null : registry.nameOfPort(flow.transport, flow.serverPort);
  return {
    type: 'flow',
    ts: new Date(flow.firstMs).toISOString(),
    src: flow.src,
    dst: flow.dst,
    protocol: protocolNames[flow.protocol] ?? String(flow.protocol),
    application: proved ?? byPort,
    by: proved !== null ? 'payload' : byPort !== null ? 'port' : null,
    packets_sent: flow.sent.packets,
    packets_received: flow.received.packets,
    bytes_sent: flow.sent.bytes,
    bytes_received: flow.received.bytes,
    duration_ms: Math.max(0, flow.lastMs - flow.firstMs),
    state: describeState(flow),
    error: flow.error,
    quality: describeQuality(flow),
  };
}

function describeState({ client, server, reset }: Flow): string | null {
  if (!client || !server) return null;
  if (reset) return 'CLOSED';
  if (client.finished && server.finished) return 'CLOSED';
  if (client.finished) return 'FIN_WAIT1';
  if (server.finished) return 'CLOSE_WAIT';
  if (client.fromStart && !server.started) return 'SYN_SENT';
  if (server.fromStart && !client.acknowledged) return 'SYN_RECV';
  return 'ESTABLISHED';
}

function describeQuality({ client, server, handshakeMs, firstByteMs }: Flow): FlowQuality | null {
  if (!client || !server) return null;
  return {
    handshake_ms: handshakeMs < 0 ? null : round(handshakeMs),
    first_byte_ms: firstByteMs < 0 ? null : round(firstByteMs),
    retransmissions: client.retransmissions + server.retransmissions,
    out_of_order: client.outOfOrder + server.outOfOrder,
    duplicate_acks: client.duplicateAcks + server.duplicateAcks,
    zero_windows: client.zeroWindows + server.zeroWindows,
    missing_bytes: client.missing + server.missing,
    jitter_ms: null,
  };
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000;
