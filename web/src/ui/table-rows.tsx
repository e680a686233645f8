// biome-ignore-all lint/a11y/useSemanticElements: rows are placed one by one, which the layout of table elements does not allow
import type { ReactTable, Row as TableRow } from '@tanstack/react-table';
import { ArrowDown, ArrowUp, ChevronDown, ChevronRight } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { type Column, type Features, type Head, rowHeight, type Sort } from './table-model.ts';

/** The header, which stays in sight; a column's name sorts by it. */
export function HeaderRow<Row extends object>(props: {
  table: ReactTable<Features, Row>;
  tracks: string;
  sort: Sort;
  onSort: (sort: Sort) => void;
}) {
  const { table, sort } = props;
  return (
    <div
      role="row"
      aria-rowindex={1}
      tabIndex={-1}
      className="sticky top-0 z-10 grid items-center gap-x-3.5 border-b border-line bg-panel px-3.5"
      style={{ gridTemplateColumns: props.tracks, height: rowHeight }}
    >
      {table.getVisibleLeafColumns().map((column) => {
        const { meta } = column.columnDef;
        const on = column.id === sort.id;
        const name = column.columnDef.header as string;
        const align = meta?.right ? 'justify-end' : '';
        return (
          <div
            key={column.id}
            role="columnheader"
            tabIndex={-1}
            aria-sort={on ? (sort.desc ? 'descending' : 'ascending') : undefined}
            className={`flex min-w-0 text-xs ${align}`}
          >
            {column.getCanSort() ? (
              <button
                type="button"
                className={`flex min-w-0 items-center gap-1 rounded py-1 hover:text-ink ${on ? 'font-semibold text-ink' : 'text-ink-3'}`}
                onClick={() =>
                  props.onSort({
                    id: column.id,
                    desc: on ? !sort.desc : column.columnDef.sortDescFirst === true,
                  })
                }
              >
                <span className="truncate">{name}</span>
                {on &&
                  (sort.desc ? (
                    <ArrowDown className="size-3" aria-hidden />
                  ) : (
                    <ArrowUp className="size-3" aria-hidden />
                  ))}
              </button>
            ) : (
              <span className="truncate py-1 text-ink-3">{name}</span>
            )}
          </div>
        );
      })}
    </div>
  );
}

interface BodyRowProps<Row extends object> {
  row: TableRow<Features, Row>;
  data: Row;
  tracks: string;
  columns: readonly Column<Row>[];
  start: number;
  index: number;
  selected: boolean;
  faded: boolean;
  onOpen: (row: Row) => void;
}

/** One row; drawn again only when its data, its place or the columns changed. */
export const BodyRow = memo(
  function BodyRow<Row extends object>(props: BodyRowProps<Row>) {
    const { row, data, tracks, start, index, selected, faded, onOpen } = props;
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and Enter are bound for the whole list
      <div
        role="row"
        aria-rowindex={index + 2}
        aria-selected={selected}
        tabIndex={-1}
        data-id={row.id}
        data-faded={faded || undefined}
        className="absolute inset-x-0 top-0 grid cursor-pointer items-center gap-x-3.5 border-b border-line/60 px-3.5 text-[0.8125rem] text-ink-2 hover:bg-raised/60 data-faded:opacity-75 aria-selected:bg-raised aria-selected:shadow-[inset_2px_0_0_var(--accent)]"
        style={{ gridTemplateColumns: tracks, height: rowHeight, transform: `translateY(${start}px)` }}
        onClick={() => onOpen(data)}
      >
        {row.getVisibleCells().map((cell) => {
          const { meta, cell: render } = cell.column.columnDef;
          return (
            <div
              key={cell.column.id}
              role="gridcell"
              tabIndex={-1}
              className={`flex min-w-0 items-center ${meta?.right ? 'justify-end' : ''}`}
            >
              {typeof render === 'function' ? render(cell.getContext()) : String(cell.getValue() ?? '–')}
            </div>
          );
        })}
      </div>
    );
  },
  (before, after) =>
    before.data === after.data &&
    before.start === after.start &&
    before.index === after.index &&
    before.selected === after.selected &&
    before.tracks === after.tracks &&
    before.columns === after.columns &&
    before.onOpen === after.onOpen,
) as <Row extends object>(props: BodyRowProps<Row>) => ReactNode;

/** A line above rows that belong together. */
export function HeadRow({ head, start, index }: { head: Head; start: number; index: number }) {
  const Icon = head.open ? ChevronDown : ChevronRight;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      tabIndex={-1}
      className="absolute inset-x-0 top-0 border-b border-line bg-raised/70"
      style={{ height: rowHeight, transform: `translateY(${start}px)` }}
    >
      <div role="gridcell" tabIndex={-1} className="h-full">
        <button
          type="button"
          aria-expanded={head.open}
          className="flex h-full w-full items-center gap-2 px-3 text-left text-[0.8125rem]"
          onClick={head.onToggle}
        >
          <Icon className="size-3.5 shrink-0 text-ink-3" aria-hidden />
          {head.content}
        </button>
      </div>
    </div>
  );
}

/** A row that is on its way. */
export function EmptyRow({ start, index }: { start: number; index: number }) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-busy
      tabIndex={-1}
      className="absolute inset-x-0 top-0 border-b border-line/60 px-3 py-3"
      style={{ height: rowHeight, transform: `translateY(${start}px)` }}
    >
      <div className="h-2 w-1/3 rounded bg-raised" />
    </div>
  );
}
