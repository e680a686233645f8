export interface BackoffRange {
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * Wait before attempt `failures + 1`: doubles from first to longest, of which a random half is left out so that the
 * clients of a server that restarts do not come back all at once. `random` is in [0, 1).
 */
export function backoffMs(
  failures: number,
  random: number,
  range: BackoffRange = { firstMs: 250, longestMs: 10_000 },
): number {
  const full = Math.min(range.longestMs, range.firstMs * 2 ** Math.min(failures, 16));
  return Math.round(full * (0.5 + random / 2));
}
