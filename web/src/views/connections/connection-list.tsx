import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Connection } from '../../../../src/wire/connection.ts';
import { formatCount, formatRate } from '../../lib/format.ts';
import { type Group, type Grouping, groupConnections, type Line, makeLines } from '../../lib/groups.ts';
import type { RowsView } from '../../live/live-store.ts';
import { DataTable } from '../../ui/data-table.tsx';
import type { Item, Sort } from '../../ui/table-model.ts';
import { Text } from '../../ui/text.tsx';
import { useScrollTo } from '../../ui/use-scroll-to.ts';
import { useWidth } from '../../ui/use-size.ts';
import { ConnectionCard, cardHeight } from './connection-card.tsx';
import { connectionColumns } from './connection-columns.tsx';

export interface ConnectionListProps {
  readonly view: RowsView<Connection>;
  readonly group: Grouping | null;
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  readonly hidden: Readonly<Record<string, boolean>>;
  readonly selected: string | null;
  readonly onOpen: (connection: Connection) => void;
  readonly onRange: (first: number, last: number) => void;
  /** Told the rows in the order shown, for moving by keys. */
  readonly onOrder: (rows: readonly Connection[]) => void;
}

const rowId = (row: Connection): string => String(row.id);
/** Ended connections stay for a few seconds. */
const isOver = (row: Connection): boolean => !row.active;

/** Groups of the view's rows and which of them are closed. */
function useGroups(view: RowsView<Connection>, by: Grouping | null) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const groups = useMemo(() => (by ? groupConnections(view.rows, by) : null), [view.rows, by]);
  const toggle = useCallback((key: string) => {
    setClosed((now) => {
      const next = new Set(now);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  return { groups, closed, toggle };
}

function GroupTitle({ group }: { group: Group }) {
  return (
    <>
      <Text
        value={group.label ?? 'unknown'}
        className={`font-semibold ${group.label ? '' : 'text-ink-3 italic'}`}
      />
      <span className="rounded-full bg-panel px-2 text-xs text-ink-2">{formatCount(group.rows.length)}</span>
      <span className="ml-auto flex gap-4 text-xs whitespace-nowrap">
        <span className={group.download ? 'text-down' : 'text-ink-3'}>↓ {formatRate(group.download)}</span>
        <span className={group.upload ? 'text-up' : 'text-ink-3'}>↑ {formatRate(group.upload)}</span>
      </span>
    </>
  );
}

/** Connections as rows. */
export function ConnectionTable(props: ConnectionListProps) {
  const { view, group, onSort, onOrder } = props;
  const { groups, closed, toggle } = useGroups(view, group);
  const items = useMemo(
    () =>
      groups?.flatMap((one): Item<Connection>[] => [
        {
          head: {
            key: one.key,
            open: !closed.has(one.key),
            content: <GroupTitle group={one} />,
            onToggle: () => toggle(one.key),
          },
        },
        ...(closed.has(one.key) ? [] : one.rows.map((row) => ({ row }))),
      ]),
    [groups, closed, toggle],
  );
  useOrder(view, groups, closed, onOrder);
  const sort = useMemo(
    (): Sort => ({ id: props.sort.replace(/^-/, ''), desc: props.sort.startsWith('-') }),
    [props.sort],
  );
  const sortBy = useCallback((next: Sort) => onSort(`${next.desc ? '-' : ''}${next.id}`), [onSort]);
  return (
    <DataTable
      label="Connections"
      columns={connectionColumns}
      hidden={props.hidden}
      rows={view.rows}
      rowId={rowId}
      sort={sort}
      onSort={sortBy}
      window={view}
      items={items}
      onRange={props.onRange}
      selected={props.selected}
      faded={isOver}
      onOpen={props.onOpen}
    />
  );
}

/** Least width of a card in CSS pixels. */
const cardWidth = 300;

/** Connections as cards, as many side by side as fit; they scroll with the page. */
export function ConnectionCards(props: ConnectionListProps & { scroller: RefObject<HTMLElement | null> }) {
  const { view, group, scroller, onOrder, onRange } = props;
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const lanes = Math.max(1, Math.floor((width + 10) / (cardWidth + 10)));
  const { groups, closed, toggle } = useGroups(view, group);
  useOrder(view, groups, closed, onOrder);
  const lines = useMemo(() => (groups ? makeLines(groups, closed, lanes) : null), [groups, closed, lanes]);
  const [top, setTop] = useState(0);
  useEffect(() => {
    if (host.current && width > 0) setTop(host.current.offsetTop);
  }, [width]);
  const virtualizer = useVirtualizer({
    count: lines?.length ?? Math.ceil(view.total / lanes),
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (lines?.[index]?.kind === 'group' ? 44 : cardHeight),
    overscan: 2,
    scrollMargin: top,
  });
  const visible = virtualizer.getVirtualItems();
  const first = visible[0]?.index ?? 0;
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => onRange(first * lanes, (last + 1) * lanes), [onRange, first, last, lanes]);
  useScrollTo(props.selected, virtualizer.scrollToIndex, (id) => {
    if (lines)
      return lines.findIndex((line) => line.kind === 'rows' && line.rows.some((row) => rowId(row) === id));
    const index = view.rows.findIndex((row) => rowId(row) === id);
    return index < 0 ? -1 : Math.floor((index + view.offset) / lanes);
  });
  // Group heads and lines of cards differ in height, so a change of lines moves what follows.
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured anew when the lines change
  useEffect(() => virtualizer.measure(), [lines, virtualizer]);
  const lineAt = (index: number): Line => {
    if (lines) return lines[index];
    const from = index * lanes - view.offset;
    return {
      kind: 'rows',
      key: String(index),
      rows: view.rows.slice(Math.max(0, from), Math.max(0, from + lanes)),
    };
  };
  return (
    <div ref={host} className="relative" style={{ height: virtualizer.getTotalSize() }}>
      {visible.map(({ index, start }) => {
        const line = lineAt(index);
        return (
          <div
            key={index}
            className="absolute inset-x-0 top-0 grid gap-2.5"
            style={{
              gridTemplateColumns: `repeat(${line?.kind === 'group' ? 1 : lanes}, minmax(0, 1fr))`,
              transform: `translateY(${start - top}px)`,
            }}
          >
            {line?.kind === 'group' && <GroupBar line={line} onToggle={toggle} />}
            {line?.kind === 'rows' &&
              line.rows.map((row, place) => (
                <ConnectionCard
                  // By place: when the order changes ten times a second, texts change and no element moves.
                  // biome-ignore lint/suspicious/noArrayIndexKey: see above
                  key={place}
                  connection={row}
                  selected={String(row.id) === props.selected}
                  onOpen={props.onOpen}
                />
              ))}
          </div>
        );
      })}
    </div>
  );
}

function GroupBar({ line, onToggle }: { line: Line & { kind: 'group' }; onToggle: (key: string) => void }) {
  const Icon = line.open ? ChevronDown : ChevronRight;
  return (
    <button
      type="button"
      aria-expanded={line.open}
      className="flex h-9 min-w-0 items-center gap-2 rounded-lg bg-raised px-3 text-[0.8125rem]"
      onClick={() => onToggle(line.group.key)}
    >
      <Icon className="size-3.5 shrink-0 text-ink-3" aria-hidden />
      <GroupTitle group={line.group} />
    </button>
  );
}

function useOrder(
  view: RowsView<Connection>,
  groups: readonly Group[] | null,
  closed: ReadonlySet<string>,
  onOrder: (rows: readonly Connection[]) => void,
): void {
  useEffect(() => {
    const open = groups?.filter((group) => !closed.has(group.key));
    onOrder(open ? open.flatMap((group) => group.rows) : view.rows);
  }, [view.rows, groups, closed, onOrder]);
}
