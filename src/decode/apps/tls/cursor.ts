/**
 * Reads numbers and vectors of TLS (RFC 8446 section 3.4) one after the other. What is not there reads as zero or as a
 * shorter vector, and sets `short`.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  short = false;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** A big-endian number of that many bytes. */
  number(length: number): number {
    if (this.left < length) {
      this.short = true;
      this.at = this.end;
      return 0;
    }
    let value = 0;
    for (let i = 0; i < length; i++) value = value * 256 + this.bytes[this.at++];
    return value;
  }

  skip(length: number): void {
    if (this.left < length) this.short = true;
    this.at = Math.min(this.end, this.at + length);
  }

  /** What a vector holds whose length is written in that many bytes. */
  vector(lengthBytes: number): Cursor {
    const length = this.number(lengthBytes);
    const start = this.at;
    this.skip(length);
    return new Cursor(this.bytes, start, this.at);
  }

  /** All further numbers of two bytes. */
  numbers(): number[] {
    const numbers: number[] = [];
    while (this.left >= 2) numbers.push(this.number(2));
    if (this.left > 0) this.short = true;
    return numbers;
  }
}
