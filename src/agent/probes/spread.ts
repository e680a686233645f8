/** How round-trip times of one round are spread, in milliseconds. */
export interface Spread {
  readonly min: number;
  readonly avg: number;
  readonly median: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Mean absolute difference of one echo to the one answered before it (RFC 3550 without its smoothing); 0 for one. */
  readonly jitter: number;
}

/** Null when there is no time. Percentiles are those times which that share does not exceed (nearest rank). */
export function measureSpread(times: readonly number[]): Spread | null {
  if (times.length === 0) return null;
  const sorted = [...times].sort((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  const middle = sorted.length >> 1;
  const steps = times.slice(1).map((time, i) => Math.abs(time - times[i]));
  return {
    min: sorted[0],
    avg: mean(times),
    median: sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2,
    p90: rank(0.9),
    p95: rank(0.95),
    p99: rank(0.99),
    max: sorted[sorted.length - 1],
    jitter: steps.length === 0 ? 0 : mean(steps),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
