import { SlidingSum } from './sliding-sum.ts';

/** An alert is over when the value has stayed under this share of its threshold for so many seconds in a row. */
const calmShare = 0.9;
const calmSeconds = 3;

/** What a watch tells of: a value that reached the threshold, or its having calmed down. */
export type Turn = (state: 'raised' | 'recovered', atMs: number, value: number) => void;

/**
 * A sliding sum held against a threshold. It is raised at the moment the sum reaches the threshold and recovers at the
 * end of the third second in a row below 90 % of it, so that a value about the threshold raises one alert, not many.
 */
export class Watch {
  raisedMs: number | null = null;
  readonly #sum: SlidingSum;
  readonly #threshold: number;
  readonly #seconds: number;
  readonly #turn: Turn;
  #calm = 0;

  constructor(seconds: number, threshold: number, nowMs: number, turn: Turn) {
    this.#seconds = seconds;
    this.#threshold = threshold;
    this.#turn = turn;
    this.#sum = new SlidingSum(seconds, Math.floor(nowMs / 1000));
  }

  get value(): number {
    return this.#sum.sum;
  }

  add(amount: number, nowMs: number): void {
    this.pass(nowMs);
    this.#sum.add(amount);
    if (this.raisedMs !== null || this.value < this.#threshold) return;
    this.raisedMs = nowMs;
    this.#calm = 0;
    this.#turn('raised', nowMs, this.value);
  }

  /** Lets time pass. While raised it looks at each second, so that a recovery has its own time however late it is asked. */
  pass(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (this.raisedMs !== null) {
      const last = Math.min(second, this.#sum.second + this.#seconds + calmSeconds + 1);
      while (this.raisedMs !== null && this.#sum.second < last) this.#passSecond();
    }
    this.#sum.advance(second);
  }

  #passSecond(): void {
    this.#calm = this.value < calmShare * this.#threshold ? this.#calm + 1 : 0;
    const { value } = this;
    this.#sum.advance(this.#sum.second + 1);
    if (this.#calm < calmSeconds) return;
    const atMs = this.#sum.second * 1000;
    this.#turn('recovered', atMs, value);
    this.raisedMs = null;
  }
}
