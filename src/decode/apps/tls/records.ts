/** Content types of the record layer, RFC 8446 section 5.1 and RFC 6520. */
export const contentTypes = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  heartbeat: 24,
} as const;

/** Longest record: 2^14 bytes and what ciphers may add, RFC 5246 section 6.2.3. */
export const maxRecordBytes = 16384 + 2048;
/** Longest hello in the format of SSL 2.0: no list of it is longer than a few hundred bytes. */
const maxSsl2Bytes = 4096;

/** Whether a record could have this content type, version and length. */
export function isRecordHead(type: number, major: number, minor: number, length: number): boolean {
  return type >= 20 && type <= 24 && major === 3 && minor <= 4 && length <= maxRecordBytes;
}

export interface RecordSink {
  /** A record begins. */
  record(type: number, length: number): void;
  /** Part of a handshake record. */
  handshake(bytes: Uint8Array, start: number, end: number): void;
  /** A hello in the format of SSL 2.0, without its two bytes of length. */
  ssl2Hello(bytes: Uint8Array, start: number, end: number): void;
  broken(): void;
}

/** Takes one side's stream apart into records, without keeping any of their content. */
export class RecordReader {
  readonly #sink: RecordSink;
  /** The bytes of a head so far, as a number. */
  #head = 0;
  #headBytes = 0;
  #type = 0;
  #left = 0;
  #isFirst = true;
  #ssl2: Uint8Array | null = null;
  #ssl2Length = 0;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#ssl2) at = this.#gatherSsl2(this.#ssl2, bytes, at, end);
      else if (this.#left > 0) at = this.#body(bytes, at, end);
      else {
        this.#head = this.#head * 256 + bytes[at++];
        this.#headBytes++;
        if (!this.#begin()) return;
      }
    }
  }

  /** Passes over bytes that were not captured; false when they were more than what is left of a record nobody reads. */
  skip(length: number): boolean {
    if (this.#left < length || this.#type === contentTypes.handshake) return false;
    this.#left -= length;
    return true;
  }

  #body(bytes: Uint8Array, at: number, end: number): number {
    const to = Math.min(end, at + this.#left);
    this.#left -= to - at;
    if (this.#type === contentTypes.handshake) this.#sink.handshake(bytes, at, to);
    return to;
  }

  /** Looks at what there is of a head; false when it can be none. */
  #begin(): boolean {
    if (this.#isFirst && this.#headBytes === 3 && this.#beginSsl2()) return true;
    if (this.#headBytes < 5) return true;
    const type = Math.floor(this.#head / 2 ** 32);
    const major = (this.#head >>> 24) & 0xff;
    const minor = (this.#head >>> 16) & 0xff;
    this.#left = this.#head & 0xffff;
    this.#type = type;
    this.#head = 0;
    this.#headBytes = 0;
    this.#isFirst = false;
    if (!isRecordHead(type, major, minor, this.#left)) {
      this.#sink.broken();
      return false;
    }
    this.#sink.record(type, this.#left);
    return true;
  }

  /** Whether the first three bytes are those of a hello with two bytes of length, the first bit of which is set. */
  #beginSsl2(): boolean {
    const length = (this.#head >> 8) & 0x7fff;
    if (this.#head < 0x800000 || length > maxSsl2Bytes || length <= 9) return false;
    this.#ssl2 = Uint8Array.of(this.#head & 0xff);
    this.#ssl2Length = length;
    this.#head = 0;
    this.#headBytes = 0;
    return true;
  }

  #gatherSsl2(hello: Uint8Array, bytes: Uint8Array, at: number, end: number): number {
    const to = Math.min(end, at + this.#ssl2Length - hello.length);
    const longer = new Uint8Array(hello.length + to - at);
    longer.set(hello);
    longer.set(bytes.subarray(at, to), hello.length);
    this.#ssl2 = longer;
    if (longer.length < this.#ssl2Length) return to;
    this.#ssl2 = null;
    this.#isFirst = false;
    this.#sink.ssl2Hello(longer, 0, longer.length);
    return to;
  }
}
