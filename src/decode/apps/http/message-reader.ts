import { startsWith } from '../text.ts';
import { HeadFields } from './head-fields.ts';
import { judgeStart, maxStartLine, parseStartLine, type StartLine, skipEmptyLines } from './start-line.ts';

/** Longest line kept while it is not whole: a first line, a field, the size of a chunk. */
const maxLine = maxStartLine;
/** Lines and bytes of a head that are read; what is beyond is passed over. Servers refuse a tenth of it. */
const maxHeadLines = 1000;
const maxHeadBytes = 256 * 1024;
/** Longest size of a chunk, in hexadecimal digits: what a number holds exactly. */
const maxSizeDigits = 13;
/** As nearly all senders write it, RFC 9112 section 7.1. */
const lastChunk = '\r\n0\r\n\r\n';

const noBytes = new Uint8Array(0);

/** How a body is delimited: its length, or one of these. */
export const bodies = { chunked: -1, untilClose: -2, none: 0, switched: -3 } as const;

/** What becomes of the messages of a side. */
export interface MessageSink {
  /** A first line, with the time of its first byte. */
  onStart(line: StartLine, timeMs: number): void;
  /** The head is over; the answer says how its body is delimited. */
  onHead(fields: HeadFields, timeMs: number): number;
  onBody(bytes: number): void;
  onEnd(timeMs: number): void;
  /** What follows the head is another protocol. */
  onSwitch(): void;
  /** Where messages begin is not known any more, until the next that can be told. */
  onLost(): void;
  /** Whether another message may begin although the end of the one under way was not seen. */
  expectsMore(): boolean;
  malformed(): void;
}

const states = {
  start: 0,
  head: 1,
  length: 2,
  chunkSize: 3,
  chunkData: 4,
  chunkEnd: 5,
  trailer: 6,
  /** In a body whose end cannot be told, until the connection's. */
  open: 7,
  /** Between messages, with no idea where the next begins. */
  lost: 8,
  /** What follows is another protocol. */
  switched: 9,
} as const;

/**
 * One side of an HTTP/1 connection cut into messages (RFC 9112). Lines are read where they lie, and copied only when they
 * come in pieces; bodies are counted, not looked at.
 */
export class MessageReader {
  readonly #sink: MessageSink;
  #state: number = states.start;
  #left = 0;
  #startMs = 0;
  /** Of an open body: whether it is meant to be so, and whether it is one of chunks that were lost. */
  #untilClose = false;
  #chunksLost = false;
  /** Of the head under way. */
  #fields: HeadFields | null = null;
  #lines = 0;
  #headBytes = 0;
  /** The beginning of a line that is not whole yet. */
  #carry: Uint8Array | null = null;
  #carried = 0;
  /** The line just taken. */
  #line: Uint8Array = noBytes;
  #lineStart = 0;
  #lineEnd = 0;
  #tooLong = false;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** Reads on; where it stopped: `end`, or before what follows a change of protocol. */
  read(bytes: Uint8Array, start: number, end: number, timeMs: number): number {
    if (this.#state >= states.open) this.#findStart(bytes, start, end, timeMs);
    let at = start;
    while (at < end && this.#state !== states.switched) at = this.#step(bytes, at, end, timeMs);
    return at;
  }

  /** Bytes kept of a line or head that is not whole. */
  get held(): number {
    return (this.#carry?.length ?? 0) + (this.#fields?.held ?? 0);
  }

  /** What the chunk under way has left, by its size. */
  get announced(): number {
    return this.#state === states.chunkData ? this.#left : 0;
  }

  /** Bytes that were not captured. */
  gap(length: number, timeMs: number): void {
    const state = this.#state;
    if (state === states.switched || state === states.lost) return;
    if (state === states.open) this.#sink.onBody(length);
    else if ((state === states.length || state === states.chunkData) && length <= this.#left)
      this.#skipBody(length, timeMs);
    else if (state === states.start) this.#lose();
    else this.#loseWithin(state, length, timeMs);
  }

  /** The side has ended: so has the message under way. */
  end(timeMs: number): void {
    const state = this.#state;
    if (state === states.head) this.#endHead(timeMs);
    if (state !== states.start && state < states.lost) this.#sink.onEnd(timeMs);
    this.#become(states.lost);
  }

  /** What the other side says shows that the message whose end is not known is over. */
  settle(timeMs: number): void {
    if (this.#state !== states.open || this.#untilClose) return;
    this.#become(states.lost);
    this.#sink.onEnd(timeMs);
  }

  #step(bytes: Uint8Array, at: number, end: number, timeMs: number): number {
    switch (this.#state) {
      case states.start:
        return this.#readStart(bytes, at, end, timeMs);
      case states.length:
      case states.chunkData: {
        const length = Math.min(this.#left, end - at);
        this.#skipBody(length, timeMs);
        return at + length;
      }
      case states.open:
        this.#readOpen(bytes, at, end, timeMs);
        return end;
      case states.lost:
        return end;
      default:
        return this.#readLine(bytes, at, end, timeMs);
    }
  }

  #skipBody(length: number, timeMs: number): void {
    this.#sink.onBody(length);
    this.#left -= length;
    if (this.#left > 0) return;
    if (this.#state === states.length) this.#finish(timeMs);
    else this.#become(states.chunkEnd);
  }

  #readStart(bytes: Uint8Array, start: number, end: number, timeMs: number): number {
    if (
      this.#carried > 0 &&
      startsWith(bytes, start, end, 'HTTP/') &&
      judgeStart(bytes, start, end) === 'yes'
    )
      this.#become(states.start);
    const at = this.#carried === 0 ? skipEmptyLines(bytes, start, end) : start;
    if (at === end) return end;
    if (this.#carried === 0) this.#startMs = timeMs;
    const next = this.#takeLine(bytes, at, end);
    if (next < 0) {
      const carry = this.#carry as Uint8Array;
      if (!this.#tooLong && judgeStart(carry, 0, this.#carried) !== 'no') return end;
      this.#lose();
      return end;
    }
    const line = this.#tooLong ? null : parseStartLine(this.#line, this.#lineStart, this.#lineEnd);
    if (line === null) {
      this.#lose();
      return end;
    }
    this.#fields = new HeadFields();
    this.#lines = 0;
    this.#headBytes = 0;
    this.#sink.onStart(line, this.#startMs);
    this.#become(states.head);
    return next;
  }

  #readLine(bytes: Uint8Array, at: number, end: number, timeMs: number): number {
    const next = this.#takeLine(bytes, at, end);
    if (next < 0) return end;
    if (this.#lineEnd > this.#lineStart && this.#line[this.#lineEnd - 1] === 13) this.#lineEnd--;
    const empty = this.#lineEnd === this.#lineStart && !this.#tooLong;
    if (this.#state === states.head) this.#readField(empty, timeMs);
    else if (this.#state === states.chunkSize) this.#readChunkSize();
    else if (this.#state === states.chunkEnd) {
      if (empty) this.#become(states.chunkSize);
      else this.#breakBody();
    } else if (empty) this.#finish(timeMs);
    return next;
  }

  #readField(empty: boolean, timeMs: number): void {
    if (empty) {
      this.#beginBody(this.#endHead(timeMs), timeMs);
      return;
    }
    this.#headBytes += this.#lineEnd - this.#lineStart;
    const beyond = ++this.#lines > maxHeadLines || this.#headBytes > maxHeadBytes;
    if (this.#lines === maxHeadLines + 1) this.#sink.malformed();
    if (beyond) return;
    const wrong = this.#tooLong || !this.#fields?.add(this.#line, this.#lineStart, this.#lineEnd);
    if (wrong) this.#sink.malformed();
  }

  /** The answer says how the body is delimited. The fields are no longer needed then, and a line is no longer kept. */
  #endHead(timeMs: number): number {
    const fields = this.#fields ?? new HeadFields();
    this.#fields = null;
    return this.#sink.onHead(fields, timeMs);
  }

  #beginBody(body: number, timeMs: number): void {
    this.#carry = null;
    this.#left = Math.max(0, body);
    if (body === bodies.switched) this.#switch();
    else if (body === bodies.chunked) this.#become(states.chunkSize);
    else if (body === bodies.untilClose) this.#open(false, true);
    else if (body === bodies.none) this.#finish(timeMs);
    else this.#become(states.length);
  }

  #readChunkSize(): void {
    let size = 0;
    let at = this.#lineStart;
    for (; at < this.#lineEnd; at++) {
      const digit = hexDigit(this.#line[at]);
      if (digit < 0) break;
      size = size * 16 + digit;
    }
    const digits = at - this.#lineStart;
    const after = at < this.#lineEnd ? this.#line[at] : 0x3b;
    const valid = digits > 0 && digits <= maxSizeDigits && (after === 0x3b || after === 32 || after === 9);
    if (!valid || this.#tooLong) {
      this.#breakBody();
      return;
    }
    this.#left = size;
    this.#become(size === 0 ? states.trailer : states.chunkData);
  }

  /** The chunks cannot be followed any more. */
  #breakBody(): void {
    this.#sink.malformed();
    this.#open(true);
  }

  #open(chunksLost: boolean, untilClose = false): void {
    this.#chunksLost = chunksLost;
    this.#untilClose = untilClose;
    this.#become(states.open);
  }

  #switch(): void {
    this.#become(states.switched);
    this.#sink.onSwitch();
  }

  #finish(timeMs: number): void {
    this.#become(states.start);
    this.#sink.onEnd(timeMs);
  }

  #lose(): void {
    this.#become(states.lost);
    this.#sink.onLost();
  }

  /** A gap over the end of a head, of a body, or of what frames its chunks. */
  #loseWithin(state: number, length: number, timeMs: number): void {
    if (state === states.head) {
      const body = this.#endHead(timeMs);
      if (body === bodies.switched) this.#switch();
      else if (body === bodies.none) this.#finishLost(timeMs);
      else this.#open(body === bodies.chunked);
    } else if (state === states.length) {
      this.#sink.onBody(this.#left);
      this.#finishLost(timeMs);
    } else {
      this.#sink.onBody(length);
      this.#open(true);
    }
  }

  #finishLost(timeMs: number): void {
    this.#become(states.lost);
    this.#sink.onEnd(timeMs);
    this.#sink.onLost();
  }

  /** Bytes that begin like a message are one where no end is known of what was before. */
  #findStart(bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#state === states.switched) return;
    if (judgeStart(bytes, start, end) !== 'yes') return;
    if (this.#state === states.open) {
      if (!this.#sink.expectsMore()) return;
      this.#become(states.start);
      this.#sink.onEnd(timeMs);
    }
    this.#become(states.start);
  }

  /** The last of chunks that cannot be followed: with it messages begin where they should again. */
  #readOpen(bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    this.#sink.onBody(end - start);
    if (
      this.#chunksLost &&
      end - start >= lastChunk.length &&
      startsWith(bytes, end - lastChunk.length, end, lastChunk)
    )
      this.#finish(timeMs);
  }

  #become(state: number): void {
    this.#state = state;
    this.#carried = 0;
    this.#tooLong = false;
  }

  /** Where the next line begins; the line is told of by the fields. -1 when its end is not there, and it is carried on. */
  #takeLine(bytes: Uint8Array, start: number, end: number): number {
    if (this.#carried === 0) this.#tooLong = false;
    let at = start;
    while (at < end && bytes[at] !== 10) at++;
    if (at < end && this.#carried === 0) {
      this.#line = bytes;
      this.#lineStart = start;
      this.#lineEnd = at;
      return at + 1;
    }
    this.#keep(bytes, start, at);
    if (at === end) return -1;
    this.#line = this.#carry as Uint8Array;
    this.#lineStart = 0;
    this.#lineEnd = this.#carried;
    this.#carried = 0;
    return at + 1;
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const length = Math.min(end - start, maxLine - this.#carried);
    if (length < end - start) this.#tooLong = true;
    const needed = this.#carried + length;
    if (this.#carry === null || this.#carry.length < needed) {
      const grown = new Uint8Array(Math.min(maxLine, Math.max(256, 2 * needed)));
      if (this.#carry) grown.set(this.#carry.subarray(0, this.#carried));
      this.#carry = grown;
    }
    this.#carry.set(bytes.subarray(start, start + length), this.#carried);
    this.#carried = needed;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const small = byte | 0x20;
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : -1;
}
