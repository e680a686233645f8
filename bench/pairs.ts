import { runNetmon } from '../test/support/netmon.ts';
import { median, quantile, report } from './report.ts';

/**
 * Measures with netmon running and without, turn by turn (without, with, with, without, ...), so that what drifts on the
 * machine falls on both alike; returns the results of each. The first measurement after a start of netmon does not count:
 * it is taken as it runs for months.
 */
export async function measurePairs<T>(
  pairs: number,
  measure: () => Promise<T>,
): Promise<{ with: T[]; without: T[] }> {
  const results = { with: [] as T[], without: [] as T[] };
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % 2 === 0) results.without.push(await measure());
    {
      await using _netmon = await runNetmon();
      await measure();
      results.with.push(await measure());
      if (pair + 1 < pairs) results.with.push(await measure());
    }
    if (pair % 2 === 0 && pair + 1 < pairs) results.without.push(await measure());
  }
  return results;
}

/** The median with netmon over the median without, in per cent, and the spread of both. */
export function reportRatio(
  name: string,
  measured: { with: readonly number[]; without: readonly number[] },
  unit: string,
  aim: string,
): void {
  const spread = (values: readonly number[]) =>
    `${median(values).toPrecision(4)} [${quantile(values, 0.25).toPrecision(4)}..${quantile(values, 0.75).toPrecision(4)}]`;
  report(name, (median(measured.with) / median(measured.without)) * 100, '%', {
    aim,
    how: `${spread(measured.with)} ${unit} with, ${spread(measured.without)} without`,
  });
}
