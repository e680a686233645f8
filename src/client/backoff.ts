/** First and longest wait before the next attempt, in milliseconds. */
const firstMs = 250;
const longestMs = 10_000;

/**
 * Wait before attempt `failures + 1`: doubles from 250 ms to 10 s, of which a random half is left out so that viewers
 * of a server that restarts do not come back all at once. `random` is in [0, 1).
 */
export function backoffMs(failures: number, random: number): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(failures, 16));
  return Math.round(full * (0.5 + random / 2));
}
