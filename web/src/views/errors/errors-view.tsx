import { useQuery } from '@tanstack/react-query';
import { createColumnHelper } from '@tanstack/react-table';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import type { Connection } from '../../../../src/wire/connection.ts';
import { useKeys } from '../../app/keys.ts';
import { type Failing, topDestinations, topProcesses } from '../../lib/error-summary.ts';
import { writeFilters } from '../../lib/filters.ts';
import { formatBytes, formatCount, formatTime } from '../../lib/format.ts';
import { rest } from '../../lib/rest.ts';
import { useLive, useRows } from '../../live/use-live.ts';
import { type Column, DataTable, type features, type Sort } from '../../ui/data-table.tsx';
import { Disconnected, Empty, Failed, Loading } from '../../ui/message.tsx';
import { SparkBars } from '../../ui/spark-bars.tsx';
import { Text } from '../../ui/text.tsx';
import { useColumnChoice } from '../../ui/use-column-choice.ts';
import { useMoves } from '../../ui/use-moves.ts';
import { useWidth } from '../../ui/use-size.ts';
import { Process, Remote } from '../connections/connection-columns.tsx';
import { DetailsDrawer } from '../connections/details-drawer.tsx';
import { ErrnoShare, ErrorTimeline } from './error-charts.tsx';

const ranges = [
  ['15m', '15 minutes'],
  ['1h', '1 hour'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
] as const;
const topCount = 6;

/** Every connection that failed: as they come, over time, and where they pile up. */
export default function ErrorsView() {
  const [query, setQuery] = useSearchParams();
  const range = ranges.find(([value]) => value === query.get('range'))?.[0] ?? '1h';
  const selected = query.get('id');
  const navigate = useNavigate();
  const set = useCallback(
    (name: string, value: string | null) =>
      setQuery(
        (now) => {
          const next = new URLSearchParams(now);
          if (value === null) next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      ),
    [setQuery],
  );
  const close = useCallback(() => set('id', null), [set]);
  const view = useRows<Connection>({ topic: 'errors' });
  const { marked, onOrder, keys } = useMoves<Connection>({
    opened: selected,
    idOf,
    onOpen: (id) => set('id', id),
  });
  useKeys({ ...keys, Escape: close });
  return (
    <div className="relative flex min-h-0 flex-1">
      <main className="flex min-w-0 flex-1 flex-col gap-2.5 overflow-y-auto p-2.5 md:gap-3 md:p-3">
        <Summary range={range} onRange={(value) => set('range', value)} />
        <LiveErrors
          rows={view.rows}
          ready={view.ready}
          selected={marked}
          onOpen={(row) => set('id', idOf(row))}
          onOrder={onOrder}
        />
      </main>
      {selected !== null && (
        <DetailsDrawer
          id={selected}
          live={view.rows.find((row) => idOf(row) === selected)}
          onClose={close}
          onFilter={(filters) => void navigate(`/?${writeFilters(new URLSearchParams(), filters)}`)}
        />
      )}
    </div>
  );
}

const idOf = (row: Connection): string => String(row.id);

function Summary({ range, onRange }: { range: string; onRange: (range: string) => void }) {
  const query = useQuery({
    queryKey: ['errors', range],
    queryFn: ({ signal }) => rest.errors({ since: range, limit: 1000 }, signal),
    refetchInterval: 5000,
    placeholderData: (before) => before,
  });
  const list = query.data;
  return (
    <>
      <section aria-label="Failures over time" className="panel shrink-0">
        <div className="flex flex-wrap items-center gap-2 px-3.5 pt-2.5">
          <h2 className="heading mr-auto">
            Failures{' '}
            {list && (
              <span className="font-normal text-ink-3">{formatCount(totalOf(list.errors))} in the range</span>
            )}
          </h2>
          <fieldset aria-label="Range" className="flex flex-wrap gap-1">
            {ranges.map(([value, label]) => (
              <button
                key={value}
                type="button"
                className="control !h-7 !px-2.5 text-xs"
                aria-label={`Last ${label}`}
                aria-pressed={value === range}
                onClick={() => onRange(value)}
              >
                {value}
              </button>
            ))}
          </fieldset>
        </div>
        {!list &&
          (query.isError ? (
            <Failed error={query.error} retry={() => void query.refetch()} />
          ) : (
            <Loading what="errors" />
          ))}
        {list && list.errors.length === 0 && (
          <Empty title="No failures in this range">
            A connection that fails or breaks appears here at once.
          </Empty>
        )}
        {list && list.errors.length > 0 && (
          <div className="grid grid-cols-1 lg:grid-cols-[minmax(0,2.2fr)_minmax(0,1fr)]">
            <ErrorTimeline list={list} />
            <ErrnoShare list={list} />
          </div>
        )}
      </section>
      {list && list.errors.length > 0 && (
        <div className="grid shrink-0 grid-cols-1 gap-2.5 md:gap-3 lg:grid-cols-2">
          <TopList title="Failing destinations" rows={topDestinations(list.errors, topCount)} />
          <TopList title="Failing processes" rows={topProcesses(list.errors, topCount)} />
        </div>
      )}
    </>
  );
}

function totalOf(groups: ReadonlyArray<{ count: number }>): number {
  return groups.reduce((sum, group) => sum + group.count, 0);
}

function TopList({ title, rows }: { title: string; rows: readonly Failing[] }) {
  const max = rows[0]?.count ?? 1;
  return (
    <section aria-label={title} className="panel px-3.5 py-2.5">
      <h2 className="heading mb-1.5">{title}</h2>
      <ol>
        {rows.map((row) => (
          <li
            key={`${row.name} ${row.note}`}
            className="relative flex h-9 items-center gap-3 text-[0.8125rem]"
          >
            <span
              className="absolute inset-y-1 left-0 -z-0 rounded bg-red/10"
              style={{ width: `${(row.count / max) * 100}%` }}
              aria-hidden
            />
            <span className="relative flex min-w-0 flex-1 items-baseline gap-2 pl-2">
              <Text value={row.name ?? 'unknown'} className="text-ink" />
              {row.note !== null && (
                <Text value={row.note} className="min-w-0 shrink-[3] text-xs text-ink-3" />
              )}
            </span>
            <span className="relative truncate text-xs text-ink-3 max-sm:hidden">
              {row.errors
                .slice(0, 2)
                .map(([name]) => name)
                .join(', ')}
            </span>
            <SparkBars values={row.trend} label={`Trend of ${row.count} failures`} />
            <span className="relative w-14 shrink-0 text-right font-semibold text-ink">
              {formatCount(row.count)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

const helper = createColumnHelper<typeof features, Connection>();
const errorColumns: readonly Column<Connection>[] = [
  helper.accessor('timestamp', {
    id: 'timestamp',
    header: 'Time',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 5, from: 0 },
    cell: ({ row }) => (
      <span className="text-ink-3">{formatTime(row.original.timestamp, Date.now()).slice(-8)}</span>
    ),
  }),
  helper.accessor('error', {
    id: 'error',
    header: 'Error',
    sortFn: 'basic',
    meta: { min: 8.6, from: 0 },
    cell: ({ row }) => (
      <span className="tone tone-red truncate rounded px-1.5 text-2xs leading-5 font-semibold">
        {row.original.error}
      </span>
    ),
  }),
  helper.accessor((row) => row.process_name ?? '', {
    id: 'process',
    header: 'Process',
    sortFn: 'alphanumeric',
    meta: { min: 6, grow: 1, from: 0 },
    cell: ({ row }) => <Process connection={row.original} />,
  }),
  helper.accessor((row) => row.process_id ?? -1, {
    id: 'pid',
    header: 'PID',
    sortFn: 'basic',
    meta: { min: 4.2, from: 700 },
    cell: ({ row }) => row.original.process_id ?? '–',
  }),
  helper.accessor('remote_addr', {
    id: 'remote',
    header: 'Destination',
    sortFn: 'alphanumeric',
    meta: { min: 9, grow: 2, from: 480 },
    cell: ({ row }) => <Remote connection={row.original} />,
  }),
  helper.accessor('local_addr', {
    id: 'local',
    header: 'Local',
    sortFn: 'alphanumeric',
    meta: { min: 8, grow: 1, from: 900 },
    cell: ({ row }) => <Text value={row.original.local_addr} />,
  }),
  helper.accessor((row) => row.phase ?? '', {
    id: 'phase',
    header: 'While',
    sortFn: 'basic',
    meta: { min: 6, from: 800 },
    cell: ({ row }) => row.original.phase ?? '–',
  }),
  helper.accessor((row) => (row.bytes_sent ?? 0) + (row.bytes_received ?? 0), {
    id: 'bytes',
    header: 'Before',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 5, from: 1000, right: true, label: 'Bytes before' },
    cell: ({ getValue }) => formatBytes(getValue()),
  }),
  helper.accessor('count', {
    id: 'count',
    header: 'Times',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 4, from: 560, right: true },
    cell: ({ getValue }) => <span className="font-semibold text-ink">{formatCount(getValue())}</span>,
  }),
];

interface LiveErrorsProps {
  readonly rows: readonly Connection[];
  readonly ready: boolean;
  readonly selected: string | null;
  readonly onOpen: (row: Connection) => void;
  readonly onOrder: (rows: readonly Connection[]) => void;
}

function LiveErrors({ rows, ready, selected, onOpen, onOrder }: LiveErrorsProps) {
  const host = useRef<HTMLElement>(null);
  const [hidden] = useColumnChoice(errorColumns, useWidth(host));
  const [sort, setSort] = useState<Sort>({ id: 'timestamp', desc: true });
  const [search, setSearch] = useState('');
  const phase = useLive((store) => store.link.phase);
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return wanted === '' ? rows : rows.filter((row) => matches(row, wanted));
  }, [rows, search]);
  return (
    <section
      ref={host}
      aria-label="Failures as they come"
      className="panel flex min-h-[24rem] flex-1 flex-col overflow-hidden"
    >
      <div className="flex items-center gap-3 border-b border-line py-2 pr-2 pl-3.5">
        <h2 className="heading flex-1">As they come</h2>
        <input
          type="search"
          data-search
          aria-label="Search failures"
          placeholder="Search these failures"
          className="field w-64 max-w-[55%]"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {!ready && (phase === 'offline' ? <Disconnected what="failures" /> : <Loading what="failures" />)}
      {ready && shown.length === 0 && (
        <Empty title={rows.length === 0 ? 'No failures yet' : 'No failure matches'} />
      )}
      {ready && shown.length > 0 && (
        <DataTable
          label="Failures"
          columns={errorColumns}
          hidden={hidden}
          rows={shown}
          rowId={idOf}
          sort={sort}
          onSort={setSort}
          selected={selected}
          onOpen={onOpen}
          onOrder={onOrder}
        />
      )}
    </section>
  );
}

function matches(row: Connection, wanted: string): boolean {
  return [
    row.error,
    row.process_name,
    row.remote_addr,
    row.remote_name,
    row.local_addr,
    row.process_path,
  ].some((value) => value?.toLowerCase().includes(wanted));
}
