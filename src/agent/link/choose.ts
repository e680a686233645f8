import { importances } from './importance.ts';
import type { DroppableRow, IdRange, SpoolFile } from './spool-file.ts';

export interface Excess {
  readonly records: number;
  readonly bytes: number;
}

export interface Choice {
  readonly excess: Excess;
  /** Where rows may be chosen, the oldest first. */
  readonly ranges: readonly IdRange[];
  /** The id of a row that is not to be chosen. */
  readonly keep: number | undefined;
}

/** The oldest of the least important rows, as many as make up for the excess, or all. */
export function chooseRows(file: SpoolFile, { excess, ranges, keep }: Choice): DroppableRow[] {
  const chosen: DroppableRow[] = [];
  let { records, bytes } = excess;
  for (const importance of importances) {
    for (const range of ranges) {
      for (const row of file.oldest(importance, range)) {
        if (records <= 0 && bytes <= 0) return chosen;
        if (row.id === keep) continue;
        chosen.push(row);
        records--;
        bytes -= row.size;
      }
    }
  }
  return chosen;
}
