/** Bytes of what was sent that are kept of all conversations together, at most. */
const maxHeldBytes = 32 * 1024 * 1024;

/** Who keeps some. */
export interface Holder {
  /** Has it keep nothing any more; what it has open is told of as it is. */
  giveUp(timeMs: number): void;
}

/**
 * What all conversations keep of what was sent: requests without an answer, messages that are not whole. Each has bounds of
 * its own, which say nothing of a hundred thousand of them. Past the sum, whoever has kept something for longest gives up.
 */
export class HeldBytes {
  /** Conversations that had to give up. */
  givenUp = 0;
  readonly #max: number;
  /** In the order in which they began to keep something. */
  readonly #holders = new Map<Holder, number>();
  #total = 0;

  constructor(max = maxHeldBytes) {
    this.#max = max;
  }

  get total(): number {
    return this.#total;
  }

  /** `holder` keeps so many bytes now. */
  set(holder: Holder, bytes: number): void {
    this.#total += bytes - (this.#holders.get(holder) ?? 0);
    if (bytes > 0) this.#holders.set(holder, bytes);
    else this.#holders.delete(holder);
  }

  /** Has the oldest give up until there is room. */
  relieve(timeMs: number): void {
    if (this.#total <= this.#max) return;
    for (const holder of this.#holders.keys()) {
      this.set(holder, 0);
      this.givenUp++;
      holder.giveUp(timeMs);
      if (this.#total <= this.#max) return;
    }
  }
}
