/**
 * Latencies counted in buckets whose bounds grow by a tenth, so that a quantile is at most 5 % off its value whatever
 * the range, and histograms of different times and machines add up. Sparse, as most hold a few buckets only.
 */

/** Bounds of neighbouring buckets, one over the other. */
const growth = 1.1;
const logGrowth = Math.log(growth);
/** What is below counts as this, in milliseconds: finer than any timestamp of a packet. */
const leastMs = 0.001;
/** The last bucket, which holds what took an hour and more. */
export const maxBucket = Math.ceil(Math.log(3_600_000 / leastMs) / logGrowth);

/** A histogram as flat pairs of bucket and count, buckets ascending: `[12, 3, 15, 1]`. */
export type Histogram = readonly number[];

/** The bucket of a latency in milliseconds, 0 to `maxBucket`. */
export function latencyBucket(ms: number): number {
  if (!(ms > leastMs)) return 0;
  return Math.min(maxBucket, Math.ceil(Math.log(ms / leastMs) / logGrowth));
}

/** The latency in milliseconds that stands for a bucket: the middle of its bounds, by ratio. */
export function bucketLatency(bucket: number): number {
  return leastMs * growth ** (bucket - 0.5);
}

/** Counts latencies in milliseconds. Memory is bounded by the number of buckets. */
export class LatencyHistogram {
  readonly #counts = new Map<number, number>();
  #total = 0;

  /** How many were added. */
  get total(): number {
    return this.#total;
  }

  add(ms: number, count = 1): void {
    this.#addTo(latencyBucket(ms), count);
  }

  /** Adds what another one has counted. Pairs that make no sense are left out. */
  merge(histogram: Histogram): void {
    for (let i = 0; i + 1 < histogram.length; i += 2) {
      const bucket = histogram[i];
      const count = histogram[i + 1];
      if (bucket >= 0 && bucket <= maxBucket && count > 0) this.#addTo(bucket, count);
    }
  }

  /** The value below which this share (0 to 1) of all lies, in milliseconds; null when there is none. */
  quantile(share: number): number | null {
    if (this.#total === 0) return null;
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (const [bucket, count] of this.#sorted()) {
      seen += count;
      if (seen >= rank) return bucketLatency(bucket);
    }
    return null;
  }

  toPairs(): number[] {
    return this.#sorted().flat();
  }

  clear(): void {
    this.#counts.clear();
    this.#total = 0;
  }

  #addTo(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#total += count;
  }

  #sorted(): [number, number][] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}
