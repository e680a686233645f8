import type { TimeCounts, TimeSummary } from '../../wire/traffic-statistics.ts';

/** Largest relative error of a percentile. */
const relativeError = 0.05;
const gamma = (1 + relativeError) / (1 - relativeError);
const logGamma = Math.log(gamma);
/** Shorter times count as this one, longer ones as the other: three hours. */
const shortestMs = 0.01;
const longestMs = 10_800_000;
const lastClass = classOf(longestMs);

/** The class of a time: each reaches 10.5 % farther than the one before (logarithmic classes as in DDSketch). */
function classOf(ms: number): number {
  return ms <= shortestMs ? 0 : Math.ceil(Math.log(ms / shortestMs) / logGamma);
}

/** The time that is nowhere in its class farther off than the error allows. */
function timeOf(index: number): number {
  return index === 0 ? shortestMs : (2 * shortestMs * gamma ** index) / (gamma + 1);
}

/** How often each time occurred: 208 classes at most, of which those between the least and the greatest are held. */
export class TimeHistogram {
  count = 0;
  maxMs = 0;
  #from = 0;
  #counts: number[] = [];

  add(ms: number): void {
    if (!(ms >= 0)) return;
    this.maxMs = Math.max(this.maxMs, ms);
    this.#add(Math.min(classOf(ms), lastClass), 1);
  }

  merge(other: TimeHistogram): void {
    this.maxMs = Math.max(this.maxMs, other.maxMs);
    for (const [i, count] of other.#counts.entries()) if (count > 0) this.#add(other.#from + i, count);
  }

  /** Adds what another process told; classes that do not exist are left out. */
  mergeData({ from, counts, max_ms }: TimeCounts): void {
    this.maxMs = Math.max(this.maxMs, max_ms);
    for (const [i, count] of counts.entries())
      if (count > 0 && from + i >= 0 && from + i <= lastClass) this.#add(from + i, count);
  }

  /** The time that the given share (0 to 1) did not exceed; null without any. */
  percentile(share: number): number | null {
    let left = Math.max(1, Math.ceil(share * this.count));
    for (const [i, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(timeOf(this.#from + i), this.maxMs);
    }
    return null;
  }

  summarize(): TimeSummary {
    const { count } = this;
    const at = (share: number): number | null => roundTime(this.percentile(share));
    return {
      count,
      p50_ms: at(0.5),
      p95_ms: at(0.95),
      p99_ms: at(0.99),
      max_ms: count === 0 ? null : roundTime(this.maxMs),
    };
  }

  toData(): TimeCounts {
    return { from: this.#from, counts: this.#counts.slice(), max_ms: this.maxMs };
  }

  #add(index: number, count: number): void {
    this.count += count;
    if (this.#counts.length === 0) this.#from = index;
    while (index < this.#from) {
      this.#counts.unshift(0);
      this.#from--;
    }
    while (index >= this.#from + this.#counts.length) this.#counts.push(0);
    this.#counts[index - this.#from] += count;
  }
}

const roundTime = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 1000) / 1000);
