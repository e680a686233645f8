import { u16 } from '../../packet/bytes.ts';

/** Takes a whole message. The bytes are valid during the call. */
export type TakeMessage = (bytes: Uint8Array, start: number, end: number) => void;

const prefixBytes = 2;

/** One side of a TCP connection in which each message has its length before it (RFC 1035 section 4.2.2). */
export class LengthPrefixedSide {
  /** Of a message that is not complete, with its length before it; grows with what arrives. */
  #kept = new Uint8Array(0);
  #keptBytes = 0;
  /** Bytes to pass over before the next message begins. */
  #skip = 0;
  #lost = false;

  get held(): number {
    return this.#kept.length;
  }

  push(bytes: Uint8Array, start: number, end: number, take: TakeMessage): void {
    let at = start;
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, end - at);
      this.#skip -= skipped;
      at += skipped;
    }
    while (at < end && !this.#lost) {
      if (this.#keptBytes > 0) at = this.#fill(bytes, at, end, take);
      else at = this.#whole(bytes, at, end, take);
    }
  }

  /** Passes over bytes that were not captured; where they hide the beginning of a message the rest of the side is lost. */
  gap(length: number): void {
    const left = this.#skip > 0 ? this.#skip : this.#missing();
    this.#keptBytes = 0;
    this.#skip = Math.max(0, left - length);
    if (length > left) this.#lost = true;
  }

  /** Takes a message that lies in these bytes as a whole, or keeps what there is of it. */
  #whole(bytes: Uint8Array, at: number, end: number, take: TakeMessage): number {
    const from = at + prefixBytes;
    if (from <= end) {
      const to = from + u16(bytes, at);
      if (to <= end) {
        take(bytes, from, to);
        return to;
      }
    }
    this.#keep(bytes, at, end);
    return end;
  }

  #fill(bytes: Uint8Array, at: number, end: number, take: TakeMessage): number {
    const next = Math.min(end, at + this.#missing());
    this.#keep(bytes, at, next);
    if (this.#missing() > 0) return next;
    const length = this.#keptBytes;
    this.#keptBytes = 0;
    take(this.#kept, prefixBytes, length);
    return next;
  }

  /** Bytes up to the end of the message, or of its length while that is not known. */
  #missing(): number {
    if (this.#keptBytes < prefixBytes) return this.#keptBytes === 0 ? 0 : prefixBytes - this.#keptBytes;
    return prefixBytes + u16(this.#kept, 0) - this.#keptBytes;
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#keptBytes + end - start;
    if (length > this.#kept.length) {
      const grown = new Uint8Array(Math.max(512, 2 * length));
      grown.set(this.#kept.subarray(0, this.#keptBytes));
      this.#kept = grown;
    }
    this.#kept.set(bytes.subarray(start, end), this.#keptBytes);
    this.#keptBytes = length;
  }
}
