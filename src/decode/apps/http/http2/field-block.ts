/** Largest block kept. Servers refuse a quarter of it. */
const maxBlockBytes = 128 * 1024;
const flagEndOfFields = 0x4;
const flagPadded = 0x8;
const flagPriority = 0x20;
const priorityBytes = 5;
const promisedBytes = 4;

/** A block of fields, put together from the frames it came in (RFC 9113 section 6.2, 6.6 and 6.10). */
export class FieldBlock {
  readonly stream: number;
  /** Whether the sender says no more on the stream. */
  readonly endsStream: boolean;
  /** The stream that a PUSH_PROMISE promises; 0 for other blocks. */
  promised = 0;
  bytes: Uint8Array = new Uint8Array(256);
  length = 0;
  /** Whether there was too much of it, or its frames contradict themselves; `bytes` mean nothing then. */
  broken = false;
  readonly #isPromise: boolean;
  #frameStart = 0;
  #frames = 0;

  constructor(stream: number, isPromise: boolean, endsStream: boolean) {
    this.stream = stream;
    this.#isPromise = isPromise;
    this.endsStream = endsStream && !isPromise;
  }

  /** Payload of the frame under way. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.length + end - start;
    this.broken ||= needed > maxBlockBytes;
    if (this.broken) return;
    if (this.bytes.length < needed) {
      const grown = new Uint8Array(Math.min(maxBlockBytes, 2 * needed));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length = needed;
  }

  /** Takes what is not of the block from the frame that is now whole; whether the block is whole, too. */
  finishFrame(flags: number, isHeaders: boolean): boolean {
    const whole = (flags & flagEndOfFields) !== 0;
    if (this.broken) return whole;
    let from = this.#frameStart;
    let to = this.length;
    if (this.#frames++ === 0) {
      if (flags & flagPadded && from < to) to -= this.bytes[from++];
      if (isHeaders && flags & flagPriority) from += priorityBytes;
      if (this.#isPromise) {
        const { bytes } = this;
        this.promised =
          ((bytes[from] & 0x7f) << 24) | (bytes[from + 1] << 16) | (bytes[from + 2] << 8) | bytes[from + 3];
        from += promisedBytes;
      }
    }
    this.broken = from > to;
    if (this.broken) return whole;
    this.bytes.copyWithin(this.#frameStart, from, to);
    this.length = this.#frameStart + to - from;
    this.#frameStart = this.length;
    return whole;
  }
}
