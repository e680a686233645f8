const unitsMs = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
} as const;

/** A plain decimal number; NaN for any other text. */
export function readNumber(text: string): number {
  return /^[+-]?\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
}

/** `300ms`, `48h`, `1h30m`, `7d`, in milliseconds; NaN for any other text. */
export function readDuration(text: string): number {
  if (!/^[+-]?(?:\d{1,9}(?:\.\d{1,6})?(?:us|ms|s|m|h|d|w)){1,7}$/.test(text)) return Number.NaN;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([a-z]+)/g)) {
    sum += Number(amount) * unitsMs[unit as keyof typeof unitsMs];
  }
  return text.startsWith('-') ? -sum : sum;
}

/** A number, a duration as milliseconds, or a percentage as its number; NaN for any other text. */
export function readAmount(text: string): number {
  const number = readNumber(text.endsWith('%') ? text.slice(0, -1).trimEnd() : text);
  return Number.isNaN(number) ? readDuration(text) : number;
}

/** Milliseconds for people, in the unit that makes them short. */
export function formatTime(ms: number): string {
  const size = Math.abs(ms);
  const [divisor, unit] =
    size >= 172_800_000
      ? [86_400_000, 'd']
      : size >= 7_200_000
        ? [3_600_000, 'h']
        : size >= 10_000
          ? [1000, 's']
          : [1, 'ms'];
  return `${Math.round((ms / divisor) * 10) / 10} ${unit}`;
}
