/** Columns of a chart: Unix milliseconds, upload and download in bytes per second. */
export type Columns = readonly [
  time: ArrayLike<number>,
  upload: ArrayLike<number>,
  download: ArrayLike<number>,
];

/** Samples come every 100 ms; further apart than this, nothing went on between them. */
const gapMs = 250;
const stepMs = 100;

/**
 * Samples of an interface or a process, which come only while it is busy, as a line from `fromMs` to `nowMs` that lies
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
  const beQuietUntil = (at: number): void => {
    if (at - last <= gapMs) return;
    add(Math.max(fromMs, last + stepMs), 0, 0);
    if (at - stepMs > fromMs) add(at - stepMs, 0, 0);
  };
  for (let i = 0; i < time.length; i++) {
    if (time[i] < fromMs) continue;
    beQuietUntil(time[i]);
    add(time[i], upload[i], download[i]);
    last = time[i];
  }
  if (nowMs - last > gapMs) {
    add(Math.max(fromMs, last + stepMs), 0, 0);
    add(nowMs, 0, 0);
  }
  return out;
}
