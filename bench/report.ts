export interface BenchmarkOptions {
  /** Shorter and fewer measurements, for a first look. */
  readonly quick: boolean;
}

/** Prints one figure: `name value unit  (aim ...; how)`. */
export function report(
  name: string,
  value: number,
  unit: string,
  notes: { aim?: string; how?: string } = {},
): void {
  const digits = Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 1 ? 2 : 4;
  const about = [notes.aim && `aim ${notes.aim}`, notes.how].filter(Boolean).join('; ');
  console.log(`${name} ${value.toFixed(digits)} ${unit}${about ? `  (${about})` : ''}`);
}

/** What stands above figures that belong together. */
export function announce(text: string): void {
  console.log(`\n# ${text}`);
}

/** Middle value, the mean of the two middle ones of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Value below which that share lies, between the two nearest ones. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}
