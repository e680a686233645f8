// biome-ignore-all lint/a11y/useSemanticElements: rows are placed one by one, which the layout of table elements does not allow
import { type Row as TableRow, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef } from 'react';
import {
  type Column,
  defaultLayout,
  type Features,
  features,
  gap,
  type Head,
  type Item,
  rowHeight,
  type Sort,
} from './table-model.ts';
import { BodyRow, EmptyRow, HeaderRow, HeadRow } from './table-rows.tsx';
import { useScrollTo } from './use-scroll-to.ts';

export interface DataTableProps<Row extends object> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly hidden: Readonly<Record<string, boolean>>;
  /** The loaded rows; stable while nothing changed. */
  readonly rows: readonly Row[];
  readonly rowId: (row: Row) => string;
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
  /** Rows come sorted, `rows[0]` being row `offset` of `total`; otherwise they are sorted here. */
  readonly window?: { readonly offset: number; readonly total: number };
  /** Heads and rows in place of the plain list. */
  readonly items?: readonly Item<Row>[];
  readonly onRange?: (first: number, last: number) => void;
  readonly selected: string | null;
  /** Rows to stand back, as they are over. */
  readonly faded?: (row: Row) => boolean;
  readonly onOpen: (row: Row) => void;
  /** Told the rows in the order shown, for moving by keys. */
  readonly onOrder?: (rows: readonly Row[]) => void;
}

/** A table of which only the rows in sight exist: a header that stays, sorting by click or key, heads between rows. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { columns, hidden, rows, rowId, sort, window, items, onOrder } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const visibility = useMemo(
    () => Object.fromEntries(Object.entries(hidden).map(([id, off]) => [id, !off])),
    [hidden],
  );
  const sorting = useMemo(() => [{ id: sort.id, desc: sort.desc }], [sort.id, sort.desc]);
  const table = useTable<Features, Row>({
    features,
    columns: columns as Column<Row>[],
    data: rows as Row[],
    getRowId: rowId,
    manualSorting: window !== undefined,
    enableSortingRemoval: false,
    state: { columnVisibility: visibility, sorting },
  });
  const model = table.getRowModel();
  const count = items?.length ?? window?.total ?? model.rows.length;
  const lookUp = (index: number): TableRow<Features, Row> | Head | undefined => {
    const item = items?.[index];
    if (!item) return items ? undefined : model.rows[index - (window?.offset ?? 0)];
    return 'head' in item ? item.head : model.rowsById[rowId(item.row)];
  };
  useEffect(() => onOrder?.(model.rows.map((row) => row.original)), [onOrder, model]);

  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    paddingStart: rowHeight,
  });
  const visible = virtualizer.getVirtualItems();
  const first = visible[0]?.index ?? 0;
  const last = visible.at(-1)?.index ?? 0;
  const { onRange } = props;
  useEffect(() => onRange?.(first, last), [onRange, first, last]);
  useScrollTo(props.selected, virtualizer.scrollToIndex, (id) => {
    if (items) return items.findIndex((item) => 'row' in item && rowId(item.row) === id);
    const index = model.rows.findIndex((row) => row.id === id);
    return index < 0 ? -1 : index + (window?.offset ?? 0);
  });

  const layouts = table.getVisibleLeafColumns().map((column) => column.columnDef.meta ?? defaultLayout);
  const tracks = layouts
    .map(({ min, grow }) => (grow ? `minmax(${min}rem, ${grow}fr)` : `${min}rem`))
    .join(' ');
  const minWidth = layouts.reduce((sum, { min }) => sum + min + gap, gap);
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-readonly
      className="relative min-h-0 flex-1 overflow-auto"
    >
      <div className="relative" style={{ height: virtualizer.getTotalSize(), minWidth: `${minWidth}rem` }}>
        <HeaderRow table={table} tracks={tracks} sort={sort} onSort={props.onSort} />
        {visible.map(({ index, start }) => {
          const entry = lookUp(index);
          if (entry === undefined) return <EmptyRow key={index} start={start} index={index} />;
          if ('content' in entry) return <HeadRow key={index} head={entry} start={start} index={index} />;
          return (
            <BodyRow
              // By place, not by row: when the order changes ten times a second, texts change and no element moves.
              key={index}
              row={entry}
              data={entry.original}
              tracks={tracks}
              columns={columns}
              start={start}
              index={index}
              selected={entry.id === props.selected}
              faded={props.faded?.(entry.original) === true}
              onOpen={props.onOpen}
            />
          );
        })}
      </div>
    </div>
  );
}
