import { type Packet, tcpFlags } from '../packet/packet.ts';
import type { Flow } from './flow.ts';

const { syn, ack } = tcpFlags;
/** A SYN with the number of one that is over is a new connection after this time, a late copy before. */
const lateCopyMs = 5_000;
/** A SYN that nobody answers is sent again after a second, and then after two (RFC 6298 section 2). */
const answerMs = 3_000;
/** How far the number of a RST may be from the one expected: further off it is another connection's, or forged. */
const resetReach = 1 << 24;

/** Whether both sides have ended, or one has reset the connection. */
export function isOver({ client, server, reset }: Flow): boolean {
  return reset || (client?.finished === true && server?.finished === true);
}

/** A SYN with another number belongs to a new connection that has the same ports. */
export function isReused(flow: Flow, packet: Packet, fromClient: boolean): boolean {
  if ((packet.flags & syn) === 0) return false;
  if (!flow.client)
    return flow.synMs >= 0 && fromClient && !(packet.flags & ack) && flow.synSequence !== packet.sequence;
  const side = fromClient ? flow.client : flow.server;
  if (!side) return false;
  if (isOver(flow)) {
    // An answer to what is over cannot begin anything, unless the question was not captured.
    if (packet.flags & ack) return side.fromStart && side.initial !== packet.sequence;
    return side.initial !== packet.sequence || packet.timeMs - flow.lastMs > lateCopyMs;
  }
  // Both sides may send a SYN at once (RFC 9293 section 3.5), which is no new connection.
  return (packet.flags & ack) === 0 && side.fromStart && side.initial !== packet.sequence;
}

/** Whether a packet is a connection's first, and no more than a SYN: all that is noted of it fits into the flow. */
export function isLoneSyn(flow: Flow, packet: Packet): boolean {
  return flow.client === null && flow.synMs < 0 && packet.payloadBytes === 0 && (packet.flags & 0x3f) === syn;
}

/** Notes the SYN of a side, or what the first acknowledgment says of one that was not captured. */
export function noteOpening(flow: Flow, packet: Packet, fromClient: boolean): void {
  const { client, server } = flow;
  if (!client || !server) return;
  const { flags, timeMs, acknowledgment } = packet;
  if (flags & syn) {
    (fromClient ? client : server).synchronize(packet.sequence);
    if (fromClient && flow.synMs < 0) flow.synMs = timeMs;
    if (!fromClient && flow.synAckMs < 0) flow.synAckMs = timeMs;
    if (!fromClient && flags & ack && !client.started) client.synchronize((acknowledgment - 1) | 0);
  } else if (fromClient && flags & ack && client.fromStart) {
    if (flow.openedMs < 0) flow.openedMs = timeMs;
    if (!server.started) server.synchronize((acknowledgment - 1) | 0);
  }
}

/** What a RST means for the client's program, as Linux would tell it (net/ipv4/tcp_input.c, tcp_reset). */
export function noteReset(flow: Flow, packet: Packet, fromClient: boolean): void {
  const { client, server } = flow;
  if (!client || !server || isOver(flow)) return;
  if (fromClient) {
    flow.reset = true;
    return;
  }
  const answersSyn = client.fromStart && !server.started;
  const distance = (packet.sequence - server.next) | 0;
  if (server.started && packet.sequence !== 0 && Math.abs(distance) > resetReach) return;
  flow.reset = true;
  if (flow.error !== null && !answersSyn) return;
  if (answersSyn) flow.error = 'ECONNREFUSED';
  else flow.error = server.finished && !client.finished ? 'EPIPE' : 'ECONNRESET';
}

/** Whether the client's SYNs went unanswered long enough for its program to hear of it, or would be in the end. */
export function isTimedOut(flow: Flow, nowMs: number): boolean {
  const { client, server, synMs, reset } = flow;
  if (reset || synMs < 0 || server?.started || flow.received.packets > 0) return false;
  return (client?.delivered ?? 0) === 0 && nowMs - synMs >= answerMs;
}

/** The state by what was seen, with the names of RFC 9293; that of the client where both have one. */
export function describeState(flow: Flow): string | null {
  const { client, server } = flow;
  if (!client || !server) return flow.synMs < 0 ? null : 'SYN_SENT';
  if (isOver(flow)) return 'CLOSED';
  if (client.finished) return 'FIN_WAIT1';
  if (server.finished) return 'CLOSE_WAIT';
  if (client.fromStart && !server.started) return 'SYN_SENT';
  if (server.fromStart && flow.synAckMs >= 0 && !client.acknowledged) return 'SYN_RECV';
  return 'ESTABLISHED';
}
