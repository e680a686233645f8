/** Bytes of one side kept at most while an earlier segment is missing. */
const maxWaitingBytes = 256 * 1024;
const maxWaitingSegments = 256;

/** Who gets a side's bytes in order. `gap` says how many were skipped before the next. */
export interface SideReader {
  data(bytes: Uint8Array, start: number, end: number): void;
  gap(length: number): void;
}

/** A segment that came before its turn, as a copy. */
interface Waiting {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** By the headers; more than `bytes` where the capture cut it. */
  readonly length: number;
}

/**
 * One side of a TCP connection put in order (RFC 9293 section 3.4): retransmitted bytes are left out, segments out of
 * order wait, and what the other side has acknowledged without its being captured is a gap. Of bytes sent twice the
 * first ones count, as for a receiver that has delivered them.
 */
export class TcpSide {
  /** Sequence number of the next byte to hand on; meaningless until `started`. */
  next = 0;
  started = false;
  /** Whether the SYN was seen, so that the first byte is the stream's first. */
  fromStart = false;
  /** Payload handed on, and payload known to be missing. */
  delivered = 0;
  missing = 0;
  retransmissions = 0;
  outOfOrder = 0;
  duplicateAcks = 0;
  zeroWindows = 0;
  /** Of the last segment from this side. */
  acknowledgment = 0;
  acknowledged = false;
  window = -1;
  finished = false;
  #finAt = -1;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;

  /** This side's first byte has the number after `sequence`. */
  synchronize(sequence: number): void {
    if (this.started && this.delivered > 0) return;
    this.next = (sequence + 1) >>> 0;
    this.started = true;
    this.fromStart = true;
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
    const ahead = (sequence - this.next) | 0;
    if (ahead === 0) {
      this.#deliver(bytes, start, end, length, reader);
    } else if (ahead < 0) {
      this.retransmissions++;
      const known = -ahead;
      if (known < length) this.#deliver(bytes, Math.min(start + known, end), end, length - known, reader);
    } else {
      this.outOfOrder++;
      this.#keep(sequence, bytes, start, end, length, reader);
      return;
    }
    if (this.#waiting.length > 0) this.#catchUp(reader);
  }

  /** This side's FIN takes the number `sequence`. */
  finish(sequence: number): void {
    this.#finAt = sequence;
  }

  /** Whether all bytes up to the FIN were handed on; true once. */
  takeEnd(): boolean {
    if (this.finished || this.#finAt < 0 || ((this.#finAt - this.next) | 0) > 0) return false;
    this.finished = true;
    return true;
  }

  /** The other side has received everything before `acknowledgment`: what was not captured of it is a gap. */
  acknowledge(acknowledgment: number, reader: SideReader): void {
    if (!this.started || this.#waiting.length === 0) return;
    const first = this.#waiting[0].sequence;
    if (((acknowledgment - first) | 0) <= 0) return;
    this.#skipTo(first, reader);
    this.#catchUp(reader);
  }

  /** Hands on what waits, with the gaps in between. */
  flush(reader: SideReader): void {
    while (this.#waiting.length > 0) {
      this.#skipTo(this.#waiting[0].sequence, reader);
      this.#catchUp(reader);
    }
  }

  #deliver(bytes: Uint8Array, start: number, end: number, length: number, reader: SideReader): void {
    this.next = (this.next + length) >>> 0;
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
  #keep(
    sequence: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    length: number,
    reader: SideReader,
  ): void {
    const waiting = this.#waiting;
    let at = waiting.length;
    while (at > 0 && ((waiting[at - 1].sequence - sequence) | 0) > 0) at--;
    if (at > 0 && waiting[at - 1].sequence === sequence && waiting[at - 1].length >= length) return;
    waiting.splice(at, 0, { sequence, bytes: bytes.slice(start, end), length });
    this.#waitingBytes += end - start;
    while (this.#waitingBytes > maxWaitingBytes || waiting.length > maxWaitingSegments) {
      this.#skipTo(waiting[0].sequence, reader);
      this.#catchUp(reader);
    }
  }

  #catchUp(reader: SideReader): void {
    const waiting = this.#waiting;
    while (waiting.length > 0) {
      const { sequence, bytes, length } = waiting[0];
      const ahead = (sequence - this.next) | 0;
      if (ahead > 0) return;
      waiting.shift();
      this.#waitingBytes -= bytes.length;
      const known = -ahead;
      if (known < length)
        this.#deliver(bytes, Math.min(known, bytes.length), bytes.length, length - known, reader);
    }
  }
}
