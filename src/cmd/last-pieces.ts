/** Takes a file piece by piece; a piece is valid during the call alone. */
export interface PieceSink {
  /** `nowMs` is any clock that goes on. */
  add(bytes: Uint8Array, nowMs: number): void;
  end(): void;
}

/** Kept at most, whatever the time. */
const maxKeptBytes = 512 << 20;

/** Holds back all but the first piece, and hands on what came in the last while when it ends. */
export class LastPieces implements PieceSink {
  readonly #lastMs: number;
  readonly #sink: PieceSink;
  readonly #maxBytes: number;
  #pieces: { readonly bytes: Uint8Array; readonly atMs: number }[] = [];
  #bytes = 0;
  #begun = false;

  constructor(lastMs: number, sink: PieceSink, maxBytes = maxKeptBytes) {
    this.#lastMs = lastMs;
    this.#sink = sink;
    this.#maxBytes = maxBytes;
  }

  add(bytes: Uint8Array, nowMs: number): void {
    if (bytes.length === 0) return;
    // The first piece describes the interfaces.
    if (!this.#begun) {
      this.#begun = true;
      this.#sink.add(bytes, nowMs);
      return;
    }
    this.#pieces.push({ bytes: bytes.slice(), atMs: nowMs });
    this.#bytes += bytes.length;
    let old = 0;
    while (old < this.#pieces.length - 1 && this.#isOver(this.#pieces[old].atMs, nowMs))
      this.#bytes -= this.#pieces[old++].bytes.length;
    if (old > 0) this.#pieces.splice(0, old);
  }

  end(): void {
    for (const { bytes, atMs } of this.#pieces) this.#sink.add(bytes, atMs);
    this.#pieces = [];
    this.#sink.end();
  }

  #isOver(atMs: number, nowMs: number): boolean {
    return nowMs - atMs > this.#lastMs || this.#bytes > this.#maxBytes;
  }
}
