import { type Packet, tcpFlags } from '../packet/packet.ts';
import type { Flow } from './flow.ts';
import type { TcpSide } from './tcp-side.ts';

const { syn, fin, rst } = tcpFlags;
/** The same packet seen on a second interface comes within this time. */
const duplicateMs = 1;
/** A segment this soon after later ones was overtaken by them; where the round trip is known, that is the measure. */
const reorderMs = 3;

/**
 * Whether a packet is the one before once more, captured on a second interface: it then has the same identification. IPv6
 * has none, and systems that never fragment send zero, so there only payload is compared.
 */
export function isSeenTwice(side: TcpSide, packet: Packet, length: number): boolean {
  const same =
    packet.timeMs - side.lastMs <= duplicateMs &&
    side.lastSequence === packet.sequence &&
    side.lastLength === length &&
    side.lastIpId === packet.ipId &&
    side.acknowledgment === packet.acknowledgment &&
    (packet.ipId > 0 || length > 0);
  side.lastMs = packet.timeMs;
  side.lastSequence = packet.sequence;
  side.lastLength = length;
  side.lastIpId = packet.ipId;
  return same;
}

/**
 * Counts what a segment from `side` says about how packets pass, in the terms of RFC 5681 and RFC 9293. To be called
 * before its bytes are put in order and before its acknowledgment is noted.
 */
export function judgeSegment(side: TcpSide, other: TcpSide, packet: Packet, flow: Flow): void {
  const { flags, sequence, payloadBytes, window, timeMs } = packet;
  const plain = (flags & (syn | fin | rst)) === 0;
  if (flags & tcpFlags.ack) judgeAcknowledgment(side, other, packet, plain);
  if (plain && window === 0) side.zeroWindows++;
  side.window = window;
  const length = payloadBytes + (flags & syn ? 1 : 0) + (flags & fin ? 1 : 0);
  const ahead = (sequence - side.highest) | 0;
  // It repeats the last byte, or sends none there (RFC 9293 section 3.8.4).
  side.keepsAlive = ahead === -1 && plain && payloadBytes <= 1 && side.hasHighest;
  if (length === 0 || side.keepsAlive) return;
  if (payloadBytes > 0) side.dataSegments++;
  if (!side.hasHighest) {
    side.hasHighest = true;
    side.highest = (sequence + length) | 0;
    side.highestMs = timeMs;
    startSample(side, timeMs);
    return;
  }
  // A probe of a closed window: its byte is sent again when there is room.
  if (ahead === 0 && payloadBytes === 1 && other.window === 0) return;
  if (ahead < 0) judgeRepeat(side, packet, length, flow);
  const grown = (sequence + length - side.highest) | 0;
  if (grown <= 0) return;
  side.highest = (sequence + length) | 0;
  side.highestMs = timeMs;
  if (ahead >= 0 && side.sampleMs < 0) startSample(side, timeMs);
}

/** What was sent before is a retransmission, what was not, was overtaken, or was lost before it came past here. */
function judgeRepeat(side: TcpSide, packet: Packet, length: number, flow: Flow): void {
  const handshakeMs = flow.openedMs < 0 ? 0 : flow.openedMs - flow.synMs;
  const { sequence, payloadBytes, timeMs } = packet;
  const isOvertaken =
    timeMs - side.highestMs < (handshakeMs > 0 ? handshakeMs : reorderMs) &&
    payloadBytes > 0 &&
    ((sequence + length - side.highest) | 0) !== 0 &&
    !side.has(sequence, payloadBytes);
  if (isOvertaken) {
    side.outOfOrder++;
    return;
  }
  side.retransmissions++;
  // Which of the two was acknowledged cannot be told (RFC 6298 section 3).
  side.sampleMs = -1;
}

function judgeAcknowledgment(side: TcpSide, other: TcpSide, packet: Packet, plain: boolean): void {
  const { acknowledgment, payloadBytes, window, sequence, timeMs } = packet;
  const isRepeated = side.acknowledged && side.acknowledgment === acknowledgment;
  const expected = side.hasHighest ? side.highest : side.next;
  if (
    isRepeated &&
    plain &&
    payloadBytes === 0 &&
    window !== 0 &&
    window === side.window &&
    sequence === expected
  ) {
    if (!other.keepsAlive) side.duplicateAcks++;
    return;
  }
  if (isRepeated) return;
  if (other.sampleMs < 0 || ((acknowledgment - other.sampleEnd) | 0) < 0) return;
  addSample(other, timeMs - other.sampleMs);
  other.sampleMs = -1;
}

function startSample(side: TcpSide, timeMs: number): void {
  side.sampleEnd = side.highest;
  side.sampleMs = timeMs;
}

/** Smoothed by an eighth (RFC 6298 section 2), the jitter by a sixteenth (RFC 3550 section 6.4.1). */
function addSample(side: TcpSide, rttMs: number): void {
  if (rttMs < 0) return;
  if (side.rttMs >= 0) side.jitterMs += (Math.abs(rttMs - side.rttMs) - side.jitterMs) / 16;
  side.smoothedMs = side.smoothedMs < 0 ? rttMs : side.smoothedMs + (rttMs - side.smoothedMs) / 8;
  side.rttMs = rttMs;
}
