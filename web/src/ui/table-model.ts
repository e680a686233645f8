import {
  type ColumnDef,
  columnVisibilityFeature,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
} from '@tanstack/react-table';
import type { ReactNode } from 'react';

/** What a column needs to be laid out. */
export interface ColumnLayout {
  /** Least width in rem. */
  readonly min: number;
  /** Share of the room that is left over; 0 unless given. */
  readonly grow?: number;
  /** Least width of the table in pixels at which the column is shown unless the reader chose otherwise. */
  readonly from: number;
  readonly right?: boolean;
  /** What it is called in the column menu, where the header is too short. */
  readonly label?: string;
}

export const features = tableFeatures({
  columnVisibilityFeature,
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { basic: sortFn_basic, alphanumeric: sortFn_alphanumeric },
  columnMeta: {} as ColumnLayout,
});
export type Features = typeof features;
// The columns of one table have values of different types.
// biome-ignore lint/suspicious/noExplicitAny: what TanStack's own column helper answers
export type Column<Row extends object> = ColumnDef<Features, Row, any>; // oxlint-disable-line typescript/no-explicit-any

export interface Sort {
  readonly id: string;
  readonly desc: boolean;
}

/** A line above rows that belong together. */
export interface Head {
  readonly key: string;
  readonly open: boolean;
  readonly content: ReactNode;
  readonly onToggle: () => void;
}
export type Item<Row> = { readonly head: Head } | { readonly row: Row };

/** For a column that says nothing. */
export const defaultLayout: ColumnLayout = { min: 5, from: 0 };
/** Between columns and at both ends, in rem: what gap-x-3.5 and px-3.5 are. */
export const gap = 0.875;
/**
 * Ids of the columns that are shown: those that the reader chose, and of the others as many as fit into `width` pixels,
 * those first that are to be there in narrow tables too.
 */
export function fitColumns<Row extends object>(
  columns: readonly Column<Row>[],
  chosen: Readonly<Record<string, boolean>>,
  width: number,
  rem: number,
): Set<string> {
  const shown = new Set<string>();
  let room = width / rem - gap;
  const byNeed = columns
    .filter(({ id }) => chosen[id!] !== true)
    .toSorted((a, b) => (a.meta?.from ?? 0) - (b.meta?.from ?? 0));
  for (const { id, meta = defaultLayout } of [
    ...columns.filter((one) => chosen[one.id!] === true),
    ...byNeed,
  ]) {
    if (chosen[id!] === false || (chosen[id!] !== true && meta.from > width)) continue;
    room -= meta.min + gap;
    if (room < 0 && meta.from > 0 && chosen[id!] !== true) break;
    shown.add(id!);
  }
  return shown;
}

/** Height of a row in CSS pixels. */
export const rowHeight = 34;
