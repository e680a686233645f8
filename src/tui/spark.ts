const blocks = ' ▁▂▃▄▅▆▇█';
const letters = ' .:-=+*#@';

/**
 * A row of small bars, newest at the right, scaled to the largest of those shown; what is not zero has a bar. Plain
 * letters where the terminal knows no others.
 */
export function drawSpark(values: readonly number[], width: number, ascii: boolean): string {
  const bars = ascii ? letters : blocks;
  const shown = width > 0 ? values.slice(-width) : [];
  const most = Math.max(1, ...shown);
  const text = shown.map((value) => bars[value <= 0 ? 0 : Math.max(1, Math.ceil((value / most) * 8))]);
  return text.join('').padStart(width);
}

/** The last so many values of something, oldest first. */
export class History {
  readonly #values: number[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > this.#most) this.#values.shift();
  }

  values(): readonly number[] {
    return this.#values;
  }
}
