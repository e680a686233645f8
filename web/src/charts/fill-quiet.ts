/** Columns of a chart: Unix milliseconds, upload and download in bytes per second. */
export type Columns = readonly [
  time: ArrayLike<number>,
  upload: ArrayLike<number>,
  download: ArrayLike<number>,
];

/** Samples come every 100 ms; further apart than this after one of zero, nothing went on between them. */
const gapMs = 250;
/** While nobody looks, samples of what is busy come once a second; further apart than this, it was quiet. */
const busyGapMs = 1500;
const stepMs = 100;

/**
 * Samples of an interface or a process, which end with one of zero when it falls quiet, as a line from `fromMs` to `nowMs` that lies
 * at zero wherever there are none.
 */
export function fillQuiet(
  [time, upload, download]: Columns,
  fromMs: number,
  nowMs: number,
): [number[], number[], number[]] {
  const out: [number[], number[], number[]] = [[], [], []];
  const add = (at: number, up: number, down: number): void => {
    out[0].push(at);
    out[1].push(up);
    out[2].push(down);
  };
  let last = fromMs - stepMs;
  let quietMs = gapMs;
  const beQuietUntil = (at: number): void => {
    if (at - last <= quietMs) return;
    add(Math.max(fromMs, last + stepMs), 0, 0);
    if (at - stepMs > fromMs) add(at - stepMs, 0, 0);
  };
  for (let i = 0; i < time.length; i++) {
    if (time[i] < fromMs) continue;
    beQuietUntil(time[i]);
    add(time[i], upload[i], download[i]);
    last = time[i];
    quietMs = upload[i] + download[i] > 0 ? busyGapMs : gapMs;
  }
  if (nowMs - last > quietMs) {
    add(Math.max(fromMs, last + stepMs), 0, 0);
    add(nowMs, 0, 0);
  }
  return out;
}
