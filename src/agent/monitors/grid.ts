/**
 * When a monitor's rounds are due. Each has its own place in its interval, made from its id, and keeps it over restarts:
 * so thousands of them are spread evenly, and stay so. Times are in milliseconds.
 */

/** What was missed, or begins anew, is made up for within this time rather than at once. */
export const spreadMs = 60_000;

/** The place of an id, from 0 to below 1: FNV-1a, its bits mixed, since ids differ in their last letters. */
export function placeOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** The first time after `after` that is the place's in an interval, both in Unix time. */
export function nextOnGrid(place: number, intervalMs: number, after: number): number {
  const offset = place * intervalMs;
  return (Math.floor((after - offset) / intervalMs) + 1) * intervalMs + offset;
}

/**
 * When to begin, or to go on after rounds were missed: on the grid where an interval is short, and otherwise some time
 * within the next minute, each monitor at its own.
 */
export function nextSpread(place: number, intervalMs: number, after: number): number {
  const next = nextOnGrid(place, intervalMs, after);
  return intervalMs <= spreadMs ? next : Math.min(next, after + place * spreadMs);
}
