import type { ErrorGroup } from '../../../src/wire/api.ts';

/** Failures of one destination or one process. */
export interface Failing {
  readonly name: string | null;
  readonly note: string | null;
  readonly count: number;
  /** Errno names with their counts, most first. */
  readonly errors: ReadonlyArray<readonly [string, number]>;
  readonly trend: readonly number[];
}

/** The destinations with most failures; `note` is the address where the name is shown. */
export function topDestinations(groups: readonly ErrorGroup[], limit: number): Failing[] {
  return summarise(groups, limit, (group) =>
    group.remote_name === null ? [group.remote_addr, null] : [group.remote_name, group.remote_addr],
  );
}

/** The processes with most failures; `note` is the path. */
export function topProcesses(groups: readonly ErrorGroup[], limit: number): Failing[] {
  return summarise(groups, limit, (group) => [group.process_name, group.process_path]);
}

/** Counts per errno over all groups, most first. */
export function countByErrno(groups: readonly ErrorGroup[]): Array<readonly [string, number]> {
  const counts = new Map<string, number>();
  for (const { error, count } of groups) counts.set(error, (counts.get(error) ?? 0) + count);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function summarise(
  groups: readonly ErrorGroup[],
  limit: number,
  nameOf: (group: ErrorGroup) => readonly [string | null, string | null],
): Failing[] {
  const found = new Map<string, { name: string | null; note: string | null; parts: ErrorGroup[] }>();
  for (const group of groups) {
    const [name, note] = nameOf(group);
    const key = JSON.stringify([name, note]);
    const one = found.get(key);
    if (one) one.parts.push(group);
    else found.set(key, { name, note, parts: [group] });
  }
  return [...found.values()]
    .map(({ name, note, parts }) => ({
      name,
      note,
      count: parts.reduce((sum, part) => sum + part.count, 0),
      errors: countByErrno(parts),
      trend: addUp(parts.map((part) => part.trend)),
    }))
    .sort((a, b) => b.count - a.count)
    .slice(0, limit);
}

function addUp(rows: ReadonlyArray<readonly number[]>): number[] {
  return rows[0].map((_, step) => rows.reduce((sum, row) => sum + (row[step] ?? 0), 0));
}
