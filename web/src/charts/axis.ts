import { formatIn, pickByteUnit } from '../lib/format.ts';

/**
 * Upper end of an axis of rates that shows `max`: 1, 2, 4, 6 or 8 times a power of ten, so that its quarters are even,
 * with a tenth of head room, and at least 1 KB/s so that silence is a flat line.
 */
export function niceCeiling(max: number): number {
  const wanted = Math.max(1000, max * 1.1);
  const magnitude = 10 ** Math.floor(Math.log10(wanted));
  for (const step of [1, 2, 4, 6, 8]) if (wanted <= step * magnitude) return step * magnitude;
  return 10 * magnitude;
}

/** Labels of an axis of rates, all in the unit of the largest: `0`, `250 KB/s`, `500 KB/s`. */
export function rateLabels(ticks: readonly number[]): string[] {
  const unit = pickByteUnit(Math.max(0, ...ticks));
  return ticks.map((tick) => (tick === 0 ? '0' : `${trim(formatIn(unit, tick))} ${unit.name}/s`));
}

/** Labels of the seconds before now: `−20 s`, `now`. */
export function agoLabels(ticksMs: readonly number[], nowMs: number): string[] {
  return ticksMs.map((tick) => {
    const seconds = Math.round((nowMs - tick) / 1000);
    return seconds <= 0 ? 'now' : `−${seconds} s`;
  });
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
