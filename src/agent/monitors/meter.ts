import { LatencyHistogram } from '../../base/histogram.ts';

/** What a minute is counted in, so that the oldest part can go. */
const partMs = 10_000;
const parts = 6;

interface Part {
  readonly since: number;
  rounds: number;
  readonly late: LatencyHistogram;
}

/** How many rounds began in the last minute, and how late. Times are of a clock that nobody sets, in milliseconds. */
export class RoundMeter {
  readonly #began: number;
  #parts: Part[] = [];

  constructor(now: number) {
    this.#began = now;
  }

  add(now: number, lateMs: number): void {
    const since = Math.floor(now / partMs) * partMs;
    let part = this.#parts.at(-1);
    if (part?.since !== since) {
      part = { since, rounds: 0, late: new LatencyHistogram() };
      this.#parts.push(part);
      this.#forget(now);
    }
    part.rounds++;
    part.late.add(lateMs);
  }

  /** Scaled to a minute while there was less of it; the 99th percentile is null without rounds. */
  read(now: number): { readonly perMinute: number; readonly lateP99Ms: number | null } {
    this.#forget(now);
    const all = new LatencyHistogram();
    let rounds = 0;
    for (const part of this.#parts) {
      rounds += part.rounds;
      all.merge(part.late.toPairs());
    }
    const since = Math.max(this.#began, now - (now % partMs) - (parts - 1) * partMs);
    const perMinute = now > since ? (rounds * 60_000) / Math.max(1000, now - since) : 0;
    return { perMinute, lateP99Ms: all.quantile(0.99) };
  }

  #forget(now: number): void {
    const oldest = Math.floor(now / partMs) * partMs - (parts - 1) * partMs;
    while (this.#parts.length > 0 && this.#parts[0].since < oldest) this.#parts.shift();
  }
}
