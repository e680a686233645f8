import { copyBytes } from '../../packet/bytes.ts';

/** Pieces kept at most while an earlier one is missing; clients that scatter a hello on purpose make about thirty. */
const maxPieces = 256;
/** No piece ends past this: the longest hello that is read. */
const maxOffset = 64 * 1024;

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Puts the pieces of a stream in order by their offsets, from the first byte on; of bytes that came twice the first count. */
export class Pieces {
  readonly #onData: (bytes: Uint8Array, start: number, end: number) => void;
  #next = 0;
  /** Sorted by offset; they may overlap. */
  #waiting: Piece[] = [];

  constructor(onData: (bytes: Uint8Array, start: number, end: number) => void) {
    this.#onData = onData;
  }

  /** Whether all that came could be handed on. */
  get isComplete(): boolean {
    return this.#waiting.length === 0;
  }

  /** Bytes that wait. */
  held = 0;

  add(offset: number, bytes: Uint8Array, start: number, end: number): void {
    if (offset + end - start > maxOffset) return;
    if (offset <= this.#next) {
      this.#handOn(offset, bytes, start, end);
      while (this.#waiting.length > 0 && this.#waiting[0].offset <= this.#next) {
        const { offset: at, bytes: kept } = this.#waiting.shift()!;
        this.held -= kept.length;
        this.#handOn(at, kept, 0, kept.length);
      }
    } else this.#keep(offset, bytes, start, end);
  }

  #handOn(offset: number, bytes: Uint8Array, start: number, end: number): void {
    const from = start + this.#next - offset;
    if (from >= end) return;
    this.#next += end - from;
    this.#onData(bytes, from, end);
  }

  #keep(offset: number, bytes: Uint8Array, start: number, end: number): void {
    const waiting = this.#waiting;
    let at = waiting.length;
    while (at > 0 && waiting[at - 1].offset > offset) at--;
    const before = at > 0 ? waiting[at - 1] : null;
    if (before && before.offset === offset && before.bytes.length >= end - start) return;
    if (waiting.length >= maxPieces) return;
    waiting.splice(at, 0, { offset, bytes: copyBytes(bytes, start, end) });
    this.held += end - start;
  }
}
