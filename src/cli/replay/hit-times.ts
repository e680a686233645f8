/** Times kept at once, 8 MB; past it the earlier half is handed on. */
const maxKept = 1_048_576;

/**
 * Puts the times of requests in order. A request is told of when it was answered or given up, which may be long after
 * it was made, and an alert is about when they were made.
 */
export class HitTimes {
  readonly #times = new Float64Array(maxKept);
  readonly #onHit: (timeMs: number) => void;
  #kept = 0;

  constructor(onHit: (timeMs: number) => void) {
    this.#onHit = onHit;
  }

  add(timeMs: number): void {
    if (this.#kept === maxKept) this.#handOn(maxKept / 2);
    this.#times[this.#kept++] = timeMs;
  }

  /** Hands on what is left. */
  finish(): void {
    this.#handOn(this.#kept);
  }

  #handOn(count: number): void {
    this.#times.subarray(0, this.#kept).sort();
    for (let i = 0; i < count; i++) this.#onHit(this.#times[i]);
    this.#times.copyWithin(0, count, this.#kept);
    this.#kept -= count;
  }
}
