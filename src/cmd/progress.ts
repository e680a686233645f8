import { formatBytes, formatCount } from '../cli/format.ts';

/** Until then nothing is drawn, so that a short run leaves no trace; then this often. */
const firstMs = 300;
const everyMs = 100;
const barCells = 30;

/** A progress bar on standard error, where that is a terminal. */
export class Progress {
  readonly #isShown: boolean;
  readonly #startedMs = performance.now();
  #nextMs = this.#startedMs + firstMs;
  #drawn = false;

  constructor(isWanted: boolean) {
    this.#isShown = isWanted && process.stderr.isTTY === true;
  }

  /** That much is done of that much, in bytes; null where nobody knows. */
  show(done: number, all: number | null, packets: number): void {
    const now = performance.now();
    if (!this.#isShown || now < this.#nextMs) return;
    this.#nextMs = now + everyMs;
    this.#drawn = true;
    const rate = `${formatBytes(done)}, ${formatCount(packets)} packets, ${formatBytes(
      (done / (now - this.#startedMs)) * 1000,
    )}/s`;
    if (all === null || all === 0) process.stderr.write(`\r\x1b[K${rate}`);
    else {
      const cells = Math.min(barCells, Math.round((done / all) * barCells));
      const bar = '█'.repeat(cells) + '░'.repeat(barCells - cells);
      process.stderr.write(`\r\x1b[K${bar} ${Math.min(100, (done / all) * 100).toFixed(0)} %  ${rate}`);
    }
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#drawn) process.stderr.write('\r\x1b[K');
    this.#drawn = false;
  }
}
