/**
 * The sum over the last `seconds` whole seconds, the one under way included: one cell a second, whatever the number of
 * amounts. Seconds only ever go on.
 */
export class SlidingSum {
  sum = 0;
  second: number;
  readonly #cells: Float64Array;

  constructor(seconds: number, second: number) {
    this.#cells = new Float64Array(seconds);
    this.second = second;
  }

  /** Lets seconds pass; costs at most the number of cells. */
  advance(second: number): void {
    const cells = this.#cells;
    if (second - this.second >= cells.length) {
      cells.fill(0);
      this.sum = 0;
    } else {
      for (let i = this.second + 1; i <= second; i++) {
        this.sum -= cells[i % cells.length];
        cells[i % cells.length] = 0;
      }
    }
    this.second = Math.max(this.second, second);
  }

  /** Adds to the second under way. */
  add(amount: number): void {
    this.#cells[this.second % this.#cells.length] += amount;
    this.sum += amount;
  }
}
