// biome-ignore-all lint/a11y/useSemanticElements: rows are placed one by one, which the layout of table elements does not allow
import {
  type ColumnDef,
  columnVisibilityFeature,
  createSortedRowModel,
  type ReactTable,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  type Row as TableRow,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp, ChevronDown, ChevronRight } from 'lucide-react';
import { memo, type ReactNode, useEffect, useMemo, useRef } from 'react';
import { useScrollTo } from './use-scroll-to.ts';

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
type Features = typeof features;
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

const defaultLayout: ColumnLayout = { min: 5, from: 0 };
/** Between columns and at both ends, in rem: what gap-x-3.5 and px-3.5 are. */
const gap = 0.875;
/** Height of a row in CSS pixels. */
const rowHeight = 34;

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

function HeaderRow<Row extends object>(props: {
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
const BodyRow = memo(
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
        className="absolute inset-x-0 top-0 grid cursor-pointer items-center gap-x-3.5 border-b border-line/60 px-3.5 text-[0.8125rem] text-ink-2 hover:bg-raised/60 data-faded:opacity-60 aria-selected:bg-raised aria-selected:shadow-[inset_2px_0_0_var(--accent)]"
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

function HeadRow({ head, start, index }: { head: Head; start: number; index: number }) {
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
function EmptyRow({ start, index }: { start: number; index: number }) {
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
