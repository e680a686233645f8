import { FieldBlock } from './field-block.ts';

/** What a client begins with, RFC 9113 section 3.4. */
export const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const headBytes = 9;
/** Largest frame unless the other side allows more, section 4.2; what claims more after a gap is none. */
const commonFrameBytes = 16_384;

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
const flagEndStream = 0x1;
const flagPadded = 0x8;

/** What becomes of the frames of one side. */
export interface FrameSink {
  /** A whole block of fields. */
  onFields(block: FieldBlock, timeMs: number): void;
  onData(stream: number, bytes: number): void;
  /** This side says no more on the stream. */
  onEnd(stream: number): void;
  onReset(stream: number): void;
  /** Frames were missed, blocks of fields perhaps among them. */
  onLost(): void;
  malformed(): void;
}

/**
 * One side of an HTTP/2 connection cut into frames (RFC 9113 section 4). Data is counted and passed over; of other frames
 * only the blocks of fields are kept.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #head = new Uint8Array(headBytes);
  #headRead = 0;
  /** How much of the preface is still to come. */
  #prefaceLeft: number;
  #lost: boolean;
  /** Payload of the frame under way that is still to come, of which the last bytes are padding; -1 when not known yet. */
  #left = 0;
  #padding = 0;
  #type = 0;
  #flags = 0;
  #stream = 0;
  #block: FieldBlock | null = null;

  /** `begins` says what the first bytes are: `anywhere` in the middle of a connection, where a frame has to be found first. */
  constructor(sink: FrameSink, begins: 'preface' | 'frame' | 'anywhere') {
    this.#sink = sink;
    this.#prefaceLeft = begins === 'preface' ? preface.length : 0;
    this.#lost = begins === 'anywhere';
  }

  /** Bytes kept of a block that is not whole. */
  get held(): number {
    return this.#block?.bytes.length ?? 0;
  }

  read(bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#lost && !looksLikeFrames(bytes, start, end)) return;
    this.#lost = false;
    const skipped = Math.min(this.#prefaceLeft, end - start);
    this.#prefaceLeft -= skipped;
    let at = start + skipped;
    while (at < end)
      at =
        this.#left > 0 ? this.#readPayload(bytes, at, end, timeMs) : this.#readHead(bytes, at, end, timeMs);
  }

  /** Bytes that were not captured: within a frame of data they are known by their number. */
  gap(length: number): void {
    if (this.#lost) return;
    if (this.#type === frameTypes.data && this.#left >= length && this.#padding >= 0) {
      this.#passData(length);
      return;
    }
    this.#lost = true;
    this.#headRead = 0;
    this.#left = 0;
    this.#prefaceLeft = 0;
    this.#block = null;
    this.#sink.onLost();
  }

  #readHead(bytes: Uint8Array, start: number, end: number, timeMs: number): number {
    const length = Math.min(headBytes - this.#headRead, end - start);
    const head = this.#head;
    for (let i = 0; i < length; i++) head[this.#headRead++] = bytes[start + i];
    if (this.#headRead < headBytes) return end;
    this.#headRead = 0;
    this.#left = (head[0] << 16) | (head[1] << 8) | head[2];
    this.#type = head[3];
    this.#flags = head[4];
    this.#stream = streamAt(head, 5);
    this.#padding = this.#type === frameTypes.data && this.#flags & flagPadded ? -1 : 0;
    this.#followBlock();
    if (this.#left === 0) this.#finish(timeMs);
    return start + length;
  }

  /** Only a CONTINUATION may come within a block, and nowhere else. */
  #followBlock(): void {
    const begins = this.#type === frameTypes.headers || this.#type === frameTypes.pushPromise;
    const goesOn = this.#type === frameTypes.continuation;
    const right = goesOn ? this.#block?.stream === this.#stream : this.#block === null;
    if (!right) {
      this.#block = null;
      this.#sink.malformed();
      this.#sink.onLost();
    }
    if (begins)
      this.#block = new FieldBlock(
        this.#stream,
        this.#type === frameTypes.pushPromise,
        (this.#flags & flagEndStream) !== 0,
      );
  }

  #readPayload(bytes: Uint8Array, start: number, end: number, timeMs: number): number {
    const length = Math.min(this.#left, end - start);
    if (this.#type === frameTypes.data) {
      if (this.#padding >= 0) {
        this.#passData(length);
        return start + length;
      }
      this.#left--;
      this.#padding = Math.min(bytes[start], this.#left);
      if (this.#left === 0) this.#finish(timeMs);
      return start + 1;
    }
    this.#block?.append(bytes, start, start + length);
    this.#left -= length;
    if (this.#left === 0) this.#finish(timeMs);
    return start + length;
  }

  #passData(length: number): void {
    const before = Math.max(0, this.#left - this.#padding);
    this.#left -= length;
    this.#sink.onData(this.#stream, before - Math.max(0, this.#left - this.#padding));
    if (this.#left === 0 && this.#flags & flagEndStream) this.#sink.onEnd(this.#stream);
  }

  /** The frame is whole. */
  #finish(timeMs: number): void {
    if (this.#type === frameTypes.reset) this.#sink.onReset(this.#stream);
    else if (this.#type === frameTypes.data && this.#flags & flagEndStream) this.#sink.onEnd(this.#stream);
    const block = this.#block;
    if (!block?.finishFrame(this.#flags, this.#type === frameTypes.headers)) return;
    this.#block = null;
    this.#sink.onFields(block, timeMs);
  }
}

/** A stream's number, whose first bit is reserved. */
export function streamAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] & 0x7f) << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

/** Lengths of the frames that have one only. */
const fixedLengths: Readonly<Record<number, number>> = {
  [frameTypes.priority]: 5,
  [frameTypes.reset]: 4,
  [frameTypes.ping]: 8,
  [frameTypes.windowUpdate]: 4,
};

/** Whether frames begin here, by the heads of all that are there. */
export function looksLikeFrames(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < headBytes) return false;
  for (let at = start; at + headBytes <= end; ) {
    const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    const type = bytes[at + 3];
    const stream = streamAt(bytes, at + 5);
    if (length > commonFrameBytes || type > frameTypes.continuation || bytes[at + 5] & 0x80) return false;
    if (type === frameTypes.continuation && at === start) return false;
    if ((fixedLengths[type] ?? length) !== length) return false;
    const ofConnection =
      type === frameTypes.settings || type === frameTypes.ping || type === frameTypes.goAway;
    if (type !== frameTypes.windowUpdate && (stream === 0) !== ofConnection) return false;
    if (type === frameTypes.settings && length % 6 !== 0) return false;
    at += headBytes + length;
  }
  return true;
}

/** Flags that a frame of that type may have, section 6. */
const knownFlags: readonly number[] = [0x09, 0x2d, 0, 0, 0x01, 0x0c, 0x01, 0, 0, 0x04];
const flagEndFields = 0x4;

/**
 * Whether these bytes can hardly be anything but frames: several heads in a row that fit, or a single block of fields that
 * ends where the bytes do. For the middle of a connection, whose preface was not seen.
 */
export function areSurelyFrames(bytes: Uint8Array, start: number, end: number): boolean {
  if (!looksLikeFrames(bytes, start, end)) return false;
  let at = start;
  let heads = 0;
  for (; at + headBytes <= end; heads++) {
    const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    const type = bytes[at + 3];
    const flags = bytes[at + 4];
    if ((flags & ~knownFlags[type]) !== 0) return false;
    const mayBeEmpty = type === frameTypes.settings || (type === frameTypes.data && flags & flagEndStream);
    if (length === 0 && !mayBeEmpty) return false;
    at += headBytes + length;
  }
  if (heads > 1) return true;
  return at === end && bytes[start + 3] === frameTypes.headers && (bytes[start + 4] & flagEndFields) !== 0;
}
