import { RecentPieces } from './recent-pieces.ts';

/** Takes a file piece by piece; a piece is valid during the call alone. */
export interface PieceSink {
  /** `nowMs` is any clock that goes on. */
  add(bytes: Uint8Array, nowMs: number): void;
  /** Resolves when all is written. Throws NM_SYSTEM. */
  end(): void | Promise<void>;
}

/** Holds back all but the first piece, and hands on what came in the last while when it ends. */
export class LastPieces implements PieceSink {
  readonly #sink: PieceSink;
  readonly #recent: RecentPieces;
  #nowMs = 0;
  #begun = false;

  constructor(lastMs: number, sink: PieceSink, maxBytes?: number) {
    this.#sink = sink;
    this.#recent = new RecentPieces(lastMs, maxBytes);
  }

  add(bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    if (bytes.length === 0) return;
    // The first piece describes the interfaces.
    if (this.#begun) this.#recent.add(bytes, nowMs);
    else this.#sink.add(bytes, nowMs);
    this.#begun = true;
  }

  end(): void | Promise<void> {
    for (const bytes of this.#recent.since(Number.NEGATIVE_INFINITY)) this.#sink.add(bytes, this.#nowMs);
    return this.#sink.end();
  }
}
