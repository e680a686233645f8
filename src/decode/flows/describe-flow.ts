import { formatTime } from '../../base/time.ts';
import type { FlowQuality, FlowRecord } from '../../wire/traffic.ts';
import type { AppRegistry } from '../apps/registry.ts';
import { arpProtocol } from '../packet/packet.ts';
import type { Flow } from './flow.ts';
import { describeState } from './tcp-connection.ts';
import { TcpSide } from './tcp-side.ts';

const protocolNames: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'icmpv6',
  89: 'ospf',
  103: 'pim',
  112: 'vrrp',
  132: 'sctp',
  136: 'udplite',
  [arpProtocol]: 'arp',
};

/** The record of a flow as it stands. */
export function describeFlow(flow: Flow, registry: AppRegistry): FlowRecord {
  const proved = flow.dialogue?.application ?? flow.application;
  const byPort = flow.transport === null ? null : registry.nameOfPort(flow.transport, flow.serverPort);
  return {
    type: 'flow',
    ts: formatTime(flow.firstMs),
    src: flow.src,
    dst: flow.dst,
    protocol: protocolNames[flow.protocol] ?? String(flow.protocol),
    application: proved ?? byPort,
    by: proved !== null ? 'payload' : byPort !== null ? 'port' : null,
    packets_sent: flow.sent.packets,
    packets_received: flow.received.packets,
    bytes_sent: flow.sent.bytes,
    bytes_received: flow.received.bytes,
    duration_ms: round(Math.max(0, flow.lastMs - flow.firstMs)),
    state: describeState(flow),
    error: flow.error,
    quality: describeQuality(flow),
  };
}

/** What there is to tell of a side without packets. */
const unseen = new TcpSide();

/** How well the packets of a TCP connection passed so far; null for other flows. */
export function describeQuality(flow: Flow): FlowQuality | null {
  if (flow.transport !== 'tcp') return null;
  const { synMs, synAckMs, openedMs } = flow;
  const client = flow.client ?? unseen;
  const server = flow.server ?? unseen;
  const segments = client.dataSegments + server.dataSegments;
  const retransmissions = client.retransmissions + server.retransmissions;
  return {
    handshake_ms: between(synMs, openedMs),
    server_rtt_ms: between(synMs, synAckMs),
    client_rtt_ms: between(synAckMs, openedMs),
    rtt_ms: addRoundTrips(client.smoothedMs, server.smoothedMs),
    jitter_ms:
      client.rttMs < 0 && server.rttMs < 0 ? null : round(Math.max(client.jitterMs, server.jitterMs)),
    first_byte_ms: flow.firstByteMs < 0 ? null : round(flow.firstByteMs),
    retransmissions,
    out_of_order: client.outOfOrder + server.outOfOrder,
    duplicate_acks: client.duplicateAcks + server.duplicateAcks,
    zero_windows: client.zeroWindows + server.zeroWindows,
    missing_bytes: client.missing + server.missing,
    loss: segments === 0 ? null : round(Math.min(1, retransmissions / segments)),
  };
}

/** A packet goes from the capture to one end and back, then to the other: together the way between both ends. */
function addRoundTrips(client: number, server: number): number | null {
  if (client < 0 && server < 0) return null;
  return round(Math.max(0, client) + Math.max(0, server));
}

const between = (fromMs: number, toMs: number): number | null =>
  fromMs < 0 || toMs < fromMs ? null : round(toMs - fromMs);

const round = (value: number): number => Math.round(value * 1000) / 1000;
