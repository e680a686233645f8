/** Kept at most, whatever the time. */
const maxKeptBytes = 512 << 20;

interface Piece {
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

/** The pieces that came in the last while, and at most so many bytes of them. Times are of any clock that goes on. */
export class RecentPieces {
  readonly #lastMs: number;
  readonly #maxBytes: number;
  #pieces: Piece[] = [];
  #bytes = 0;

  constructor(lastMs: number, maxBytes = maxKeptBytes) {
    this.#lastMs = lastMs;
    this.#maxBytes = maxBytes;
  }

  /** Keeps a copy. */
  add(bytes: Uint8Array, nowMs: number): void {
    this.#pieces.push({ bytes: bytes.slice(), atMs: nowMs });
    this.#bytes += bytes.length;
    let old = 0;
    while (old < this.#pieces.length - 1 && this.#isOver(this.#pieces[old].atMs, nowMs))
      this.#bytes -= this.#pieces[old++].bytes.length;
    if (old > 0) this.#pieces.splice(0, old);
  }

  /** Those that came from that time on, oldest first. */
  since(fromMs: number): Uint8Array[] {
    return this.#pieces.filter(({ atMs }) => atMs >= fromMs).map(({ bytes }) => bytes);
  }

  #isOver(atMs: number, nowMs: number): boolean {
    return nowMs - atMs > this.#lastMs || this.#bytes > this.#maxBytes;
  }
}
