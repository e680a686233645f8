import { copyBytes } from '../packet/bytes.ts';

/** Bytes of one side kept at most while an earlier segment is missing. */
const maxWaitingBytes = 256 * 1024;
const maxWaitingSegments = 256;
/**
 * How long a missing segment is waited for that its receiver has acknowledged. It was on the wire, so it is either not
 * in the capture or comes late: several queues of a card, or interfaces captured side by side.
 */
const ackedHoleMs = 100;
/** The same where nothing tells what was received: a segment that was lost is sent anew within this time or two. */
const openHoleMs = 2_000;

/** Who gets a side's bytes in order. `gap` says how many were skipped before the next. */
export interface SideReader {
  /** When the packet came that is read. */
  readonly timeMs: number;
  /** Bytes that wait in all sides that use it. */
  heldBytes: number;
  /** Whether what is missing never comes: a segment behind it is reason enough for a gap. */
  readonly sparse: boolean;
  data(bytes: Uint8Array, start: number, end: number): void;
  gap(length: number): void;
  /** The side has begun to keep segments, or keeps none any more. */
  waits(side: TcpSide): void;
  rests(side: TcpSide): void;
}

/** A segment that came before its turn, as a copy. */
interface Waiting {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** By the headers; more than `bytes` where the capture cut it. */
  readonly length: number;
}

const nothing: Waiting[] = [];

/**
 * One side of a TCP connection put in order (RFC 9293 section 3.4): retransmitted bytes are left out, segments out of
 * order wait, and what the other side has acknowledged without its being captured is a gap. Of bytes sent twice the
 * first ones count, as for a receiver that has delivered them. Sequence numbers are signed; their differences count.
 */
export class TcpSide {
  /** Sequence number of the next byte to hand on; meaningless until `started`. */
  next = 0;
  started = false;
  /** Whether the SYN was seen, or answered, so that the first byte is the stream's first. */
  fromStart = false;
  /** The SYN's number, where `fromStart`. */
  initial = 0;
  /** Payload handed on, and payload known to be missing. */
  delivered = 0;
  missing = 0;
  finished = false;
  /** See `tcp-quality.ts`. */
  highest = 0;
  hasHighest = false;
  highestMs = 0;
  acknowledgment = 0;
  acknowledged = false;
  window = -1;
  /** Whether its last segment was a keep-alive, whose answer looks like a duplicate ACK. */
  keepsAlive = false;
  dataSegments = 0;
  retransmissions = 0;
  outOfOrder = 0;
  duplicateAcks = 0;
  zeroWindows = 0;
  /** Round trip from here to the receiver and back: of the sample under way, the last, smoothed, and its jitter. */
  sampleEnd = 0;
  sampleMs = -1;
  rttMs = -1;
  smoothedMs = -1;
  jitterMs = 0;
  /** The last packet, to know it again. */
  lastMs = -1;
  lastIpId = -2;
  lastSequence = 0;
  lastLength = 0;
  #finAt = 0;
  #finSeen = false;
  /** Since when the first waiting segment waits, and since when its receiver has what is before it; -1 when it has not. */
  #holeMs = -1;
  #ackedMs = -1;
  #waiting: Waiting[] = nothing;
  #waitingBytes = 0;

  /** Forgets the connection. What waited must have been flushed. */
  clear(): void {
    this.next = 0;
    this.started = false;
    this.fromStart = false;
    this.initial = 0;
    this.delivered = 0;
    this.missing = 0;
    this.finished = false;
    this.highest = 0;
    this.hasHighest = false;
    this.highestMs = 0;
    this.acknowledgment = 0;
    this.acknowledged = false;
    this.window = -1;
    this.keepsAlive = false;
    this.dataSegments = 0;
    this.retransmissions = 0;
    this.outOfOrder = 0;
    this.duplicateAcks = 0;
    this.zeroWindows = 0;
    this.sampleEnd = 0;
    this.sampleMs = -1;
    this.rttMs = -1;
    this.smoothedMs = -1;
    this.jitterMs = 0;
    this.lastMs = -1;
    this.lastIpId = -2;
    this.lastSequence = 0;
    this.lastLength = 0;
    this.#finAt = 0;
    this.#finSeen = false;
    this.#holeMs = -1;
    this.#ackedMs = -1;
    this.#waiting = nothing;
    this.#waitingBytes = 0;
  }

  /** Segments that wait for an earlier one. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** This side's first byte has the number after `sequence`. */
  synchronize(sequence: number): void {
    if (this.started && this.delivered + this.missing > 0) return;
    this.initial = sequence;
    this.next = (sequence + 1) | 0;
    this.started = true;
    this.fromStart = true;
  }

  /** A SYN that came when nothing was known of this side. */
  enterSyn(sequence: number, ipId: number, timeMs: number): void {
    this.synchronize(sequence);
    this.highest = this.next;
    this.hasHighest = true;
    this.highestMs = timeMs;
    this.sampleEnd = this.next;
    this.sampleMs = timeMs;
    this.lastMs = timeMs;
    this.lastSequence = sequence;
    this.lastIpId = ipId;
  }

  /** Whether these bytes, or some at the same place, were here before. */
  has(sequence: number, length: number): boolean {
    if (((sequence + length - this.next) | 0) <= 0) return true;
    return this.#waiting.some(
      (one) =>
        ((sequence - one.sequence) | 0) >= 0 && ((one.sequence + one.length - sequence - length) | 0) >= 0,
    );
  }

  /** A segment with `length` payload bytes of which those from `start` to `end` were captured. */
  segment(
    sequence: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    length: number,
    reader: SideReader,
  ): void {
    if (!this.started) {
      this.started = true;
      this.next = sequence;
    }
    let room = length;
    if (this.#finSeen) room = Math.min(length, (this.#finAt - sequence) | 0);
    if (room <= 0) return;
    const ahead = (sequence - this.next) | 0;
    if (ahead === 0) {
      this.#deliver(bytes, start, end, room, reader);
    } else if (ahead < 0) {
      const known = -ahead;
      if (known < room) this.#deliver(bytes, Math.min(start + known, end), end, room - known, reader);
    } else if (reader.sparse) {
      this.#skipTo(sequence, reader);
      this.#deliver(bytes, start, end, room, reader);
    } else {
      this.#keep(
        { sequence, bytes: copyBytes(bytes, start, Math.min(end, start + room)), length: room },
        reader,
      );
      return;
    }
    if (this.#waiting.length > 0) this.#catchUp(reader);
  }

  /** This side's FIN takes the number `sequence`. */
  finish(sequence: number): void {
    if (this.#finSeen) return;
    if (!this.started) {
      this.started = true;
      this.next = sequence;
    }
    this.#finSeen = true;
    this.#finAt = sequence;
  }

  /** Whether all bytes up to the FIN were handed on; true once. */
  takeEnd(): boolean {
    if (this.finished || !this.#finSeen || ((this.#finAt - this.next) | 0) > 0) return false;
    this.finished = true;
    return true;
  }

  /** Whether an acknowledgment can change anything. */
  get expectsAcknowledgment(): boolean {
    return this.#waiting.length > 0 || (this.#finSeen && !this.finished);
  }

  /** The other side has received everything before `acknowledgment`. */
  acknowledge(acknowledgment: number, reader: SideReader): void {
    if (this.#waiting.length === 0) {
      if (this.#finSeen && !this.finished && ((acknowledgment - this.#finAt) | 0) > 0)
        this.#skipTo(this.#finAt, reader);
      return;
    }
    if (((acknowledgment - this.#waiting[0].sequence) | 0) < 0) return;
    if (this.#ackedMs < 0) this.#ackedMs = reader.timeMs;
    this.look(reader);
  }

  /** Gives up what is missing when it has been waited for long enough. */
  look(reader: SideReader): void {
    if (this.#waiting.length === 0) return;
    const isAcked = this.#ackedMs >= 0 && reader.timeMs - this.#ackedMs > ackedHoleMs;
    if (!isAcked && reader.timeMs - this.#holeMs <= openHoleMs) return;
    this.#skipTo(this.#waiting[0].sequence, reader);
    this.#catchUp(reader);
  }

  /** Waits for nothing any more. */
  giveUp(reader: SideReader): void {
    while (this.#waiting.length > 0) {
      this.#skipTo(this.#waiting[0].sequence, reader);
      this.#catchUp(reader);
    }
  }

  /** Hands on what waits, with the gaps in between. */
  flush(reader: SideReader): void {
    this.giveUp(reader);
    if (this.#finSeen) this.#skipTo(this.#finAt, reader);
  }

  #deliver(bytes: Uint8Array, start: number, end: number, length: number, reader: SideReader): void {
    this.next = (this.next + length) | 0;
    const captured = Math.min(end - start, length);
    this.delivered += captured;
    if (captured > 0) reader.data(bytes, start, start + captured);
    if (captured < length) {
      this.missing += length - captured;
      reader.gap(length - captured);
    }
  }

  #skipTo(sequence: number, reader: SideReader): void {
    const length = (sequence - this.next) | 0;
    if (length <= 0) return;
    this.next = sequence;
    this.missing += length;
    reader.gap(length);
  }

  /** In order of their numbers; the same segment once more is dropped. */
  #keep(segment: Waiting, reader: SideReader): void {
    if (this.#waiting.length === 0) {
      this.#waiting = [];
      this.#holeMs = reader.timeMs;
      this.#ackedMs = -1;
      reader.waits(this);
    }
    const waiting = this.#waiting;
    let at = waiting.length;
    while (at > 0 && ((waiting[at - 1].sequence - segment.sequence) | 0) > 0) at--;
    if (at > 0 && waiting[at - 1].sequence === segment.sequence && waiting[at - 1].length >= segment.length)
      return;
    waiting.splice(at, 0, segment);
    this.#waitingBytes += segment.bytes.length;
    reader.heldBytes += segment.bytes.length;
    while (waiting.length > maxWaitingSegments || this.#waitingBytes > maxWaitingBytes) {
      this.#skipTo(waiting[0].sequence, reader);
      this.#catchUp(reader);
    }
    if (waiting.length > 0) this.look(reader);
  }

  #catchUp(reader: SideReader): void {
    const waiting = this.#waiting;
    while (waiting.length > 0) {
      const { sequence, bytes, length } = waiting[0];
      const ahead = (sequence - this.next) | 0;
      if (ahead > 0) break;
      waiting.shift();
      this.#waitingBytes -= bytes.length;
      reader.heldBytes -= bytes.length;
      const known = -ahead;
      if (known < length)
        this.#deliver(bytes, Math.min(known, bytes.length), bytes.length, length - known, reader);
    }
    this.#ackedMs = -1;
    this.#holeMs = reader.timeMs;
    if (waiting.length === 0) reader.rests(this);
  }
}
