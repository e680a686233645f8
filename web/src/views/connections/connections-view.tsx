import { useCallback, useMemo, useRef, useState } from 'react';
import type { Connection } from '../../../../src/wire/connection.ts';
import { useKeys } from '../../app/keys.ts';
import { formatCount } from '../../lib/format.ts';
import { maxGrouped } from '../../lib/groups.ts';
import type { RowsView } from '../../live/live-store.ts';
import { useLive } from '../../live/use-live.ts';
import { Disconnected, Empty, Failed, Loading } from '../../ui/message.tsx';
import { useColumnChoice } from '../../ui/use-column-choice.ts';
import { useMoves } from '../../ui/use-moves.ts';
import { useWidth } from '../../ui/use-size.ts';
import { BandwidthPanel } from './bandwidth-panel.tsx';
import { connectionColumns } from './connection-columns.tsx';
import { ConnectionCards, type ConnectionListProps, ConnectionTable } from './connection-list.tsx';
import { DetailsDrawer } from './details-drawer.tsx';
import { FilterChips } from './filter-menu.tsx';
import { StatTiles } from './stat-tiles.tsx';
import { Toolbar } from './toolbar.tsx';
import { useConnections } from './use-connections.ts';
import { defaultSort, useViewState } from './use-view-state.ts';

/** The live picture: totals, bandwidth, and every connection. */
export function ConnectionsView() {
  const state = useViewState();
  const { set, selected, layout, filters } = state;
  const [frozen, setFrozen] = useState(false);
  const [paused, setPaused] = useState(false);
  const main = useRef<HTMLElement>(null);
  const width = useWidth(main);
  const [hidden, onColumn] = useColumnChoice(connectionColumns, width - 26, 'netmon.columns');
  const { view, onRange } = useConnections(filters, state.sort, state.group !== null, frozen);

  const open = useCallback((row: Connection) => set('id', String(row.id)), [set]);
  const close = useCallback(() => set('id', null), [set]);
  const onSort = useCallback((sort: string) => set('sort', sort === defaultSort ? null : sort), [set]);
  const { marked, onOrder, keys } = useMoves<Connection>({
    opened: selected,
    idOf,
    onOpen: (id) => set('id', id),
  });
  useKeys({
    ...keys,
    Escape: close,
    f: () => setFrozen((now) => !now),
    p: () => setPaused((now) => !now),
    v: () => set('view', layout === 'table' ? 'cards' : 'table'),
  });
  const list: ConnectionListProps = {
    view,
    group: state.group,
    sort: state.sort,
    onSort,
    hidden,
    selected: marked,
    onOpen: open,
    onRange,
    onOrder,
  };
  const table = layout === 'table';
  const current = useMemo(() => view.rows.find((row) => idOf(row) === selected), [view.rows, selected]);
  return (
    <div className="relative flex min-h-0 flex-1">
      <main
        ref={main}
        className="@container/main flex min-w-0 flex-1 flex-col gap-2.5 overflow-y-auto p-2.5 md:gap-3 md:p-3"
      >
        <div className="grid shrink-0 gap-2.5 md:gap-3 @min-[62rem]/main:h-[15rem] @min-[62rem]/main:grid-cols-[minmax(0,1fr)_24rem]">
          <div className="grid min-w-0 @max-[62rem]/main:order-2 @max-[62rem]/main:h-[13rem] @max-[44rem]/main:h-[11rem]">
            <BandwidthPanel paused={paused} onPause={() => setPaused((now) => !now)} />
          </div>
          <StatTiles />
        </div>
        <Toolbar
          state={state}
          hidden={hidden}
          onColumn={onColumn}
          frozen={frozen}
          onFreeze={() => setFrozen((now) => !now)}
        />
        <FilterChips filters={filters} onFilters={state.setFilters} />
        <section
          aria-label="Connections"
          className={
            table ? 'panel flex min-h-[22rem] flex-1 flex-col overflow-hidden' : 'flex flex-col gap-2'
          }
        >
          <ListBody view={view} filtered={Object.keys(filters).length > 0}>
            {table ? <ConnectionTable {...list} /> : <ConnectionCards {...list} scroller={main} />}
          </ListBody>
          <Footnote view={view} grouped={state.group !== null} frozen={frozen} table={table} />
        </section>
      </main>
      {selected !== null && (
        <DetailsDrawer id={selected} live={current} onClose={close} onFilter={state.setFilters} />
      )}
    </div>
  );
}

const idOf = (row: Connection): string => String(row.id);

function ListBody(props: { view: RowsView<Connection>; filtered: boolean; children: React.ReactNode }) {
  const { view } = props;
  const phase = useLive((store) => store.link.phase);
  if (view.problem !== null) return <Failed error={view.problem} />;
  if (!view.ready)
    return phase === 'offline' ? <Disconnected what="connections" /> : <Loading what="connections" />;
  if (view.total === 0) {
    return props.filtered ? (
      <Empty title="No connection matches">Take a filter off, or wait: the list is live.</Empty>
    ) : (
      <Empty title="No connections">As soon as a process opens one, it appears here.</Empty>
    );
  }
  return props.children;
}

function Footnote(props: { view: RowsView<Connection>; grouped: boolean; frozen: boolean; table: boolean }) {
  const { view, grouped, frozen, table } = props;
  if (!view.ready) return null;
  const capped = grouped && view.total > maxGrouped;
  return (
    <p
      className={`flex flex-wrap gap-x-3 text-xs text-ink-3 ${table ? 'border-t border-line px-3 py-1.5' : 'px-1 pb-1'}`}
    >
      <span>
        {formatCount(view.total)} {view.total === 1 ? 'connection' : 'connections'}
      </span>
      {capped && (
        <span className="text-yellow">
          Grouped over the first {formatCount(maxGrouped)} in this order; filter to see the others.
        </span>
      )}
      {frozen && (
        <span className="text-blue">Frozen: {formatCount(view.rows.length)} rows are held as they were.</span>
      )}
    </p>
  );
}
