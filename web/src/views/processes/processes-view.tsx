import { createColumnHelper } from '@tanstack/react-table';
import { useCallback, useMemo, useRef, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { ProcessRow } from '../../../../src/wire/machine.ts';
import { useKeys } from '../../app/keys.ts';
import { LiveChart } from '../../charts/live-chart.tsx';
import { formatBytes, formatCount, formatRate, formatTime } from '../../lib/format.ts';
import { useLive, useRows, useSamples } from '../../live/use-live.ts';
import { type Column, DataTable, type features, type Sort } from '../../ui/data-table.tsx';
import { Disconnected, Empty, Loading } from '../../ui/message.tsx';
import { Text } from '../../ui/text.tsx';
import { useColumnChoice } from '../../ui/use-column-choice.ts';
import { useMoves } from '../../ui/use-moves.ts';
import { useWidth } from '../../ui/use-size.ts';
import { Rate } from '../connections/connection-columns.tsx';

const helper = createColumnHelper<typeof features, ProcessRow>();
const columns: readonly Column<ProcessRow>[] = [
  helper.accessor('process_name', {
    id: 'process',
    header: 'Process',
    sortFn: 'alphanumeric',
    meta: { min: 7, grow: 1.2, from: 0 },
    cell: ({ row }) => (
      <>
        <Text value={row.original.process_name} className="font-medium text-ink" />
        {row.original.exited_at !== null && <span className="ml-2 text-xs text-ink-3">exited</span>}
      </>
    ),
  }),
  helper.accessor('process_id', {
    id: 'pid',
    header: 'PID',
    sortFn: 'basic',
    meta: { min: 4.4, from: 380 },
  }),
  helper.accessor((row) => row.user ?? '', {
    id: 'user',
    header: 'User',
    sortFn: 'alphanumeric',
    meta: { min: 6, from: 620 },
    cell: ({ row }) => <Text value={row.original.user} />,
  }),
  helper.accessor((row) => row.process_path ?? '', {
    id: 'path',
    header: 'Path',
    sortFn: 'alphanumeric',
    meta: { min: 9, grow: 2, from: 1000 },
    cell: ({ row }) => <Text value={row.original.process_path} />,
  }),
  helper.accessor((row) => row.container ?? row.unit ?? '', {
    id: 'container',
    header: 'Container or unit',
    sortFn: 'alphanumeric',
    meta: { min: 7, grow: 1, from: 1250 },
    cell: ({ row }) => <Text value={row.original.container ?? row.original.unit} />,
  }),
  helper.accessor('connections', {
    id: 'connections',
    header: 'Open',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 4, from: 700, right: true, label: 'Open connections' },
    cell: ({ getValue }) => formatCount(getValue()),
  }),
  helper.accessor('connections_total', {
    id: 'connections_total',
    header: 'Ever',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 5, from: 860, right: true, label: 'Connections ever' },
    cell: ({ getValue }) => formatCount(getValue()),
  }),
  helper.accessor('errors', {
    id: 'errors',
    header: 'Errors',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 4.4, from: 700, right: true },
    cell: ({ getValue }) => (
      <span className={getValue() ? 'text-red' : 'text-ink-3'}>{formatCount(getValue())}</span>
    ),
  }),
  helper.accessor('download_speed', {
    id: 'download_speed',
    header: 'Download',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 5.6, from: 0, right: true },
    cell: ({ getValue }) => <Rate value={getValue()} kind="down" />,
  }),
  helper.accessor('upload_speed', {
    id: 'upload_speed',
    header: 'Upload',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 5.6, from: 0, right: true },
    cell: ({ getValue }) => <Rate value={getValue()} kind="up" />,
  }),
  helper.accessor((row) => row.bytes_received, {
    id: 'received',
    header: 'Received',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 5.2, from: 900, right: true },
    cell: ({ getValue }) => formatBytes(getValue()),
  }),
  helper.accessor((row) => row.bytes_sent, {
    id: 'sent',
    header: 'Sent',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 5.2, from: 900, right: true },
    cell: ({ getValue }) => formatBytes(getValue()),
  }),
  helper.accessor((row) => row.upload_speed + row.download_speed, {
    id: 'speed',
    header: 'Both',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 5.6, from: Number.POSITIVE_INFINITY, right: true },
    cell: ({ getValue }) => formatRate(getValue()),
  }),
];

const keyOf = (row: ProcessRow): string => row.key;

/** Every process with traffic: its rates, its totals, and the chart of the selected one. */
export default function ProcessesView() {
  const [query, setQuery] = useSearchParams();
  const view = useRows<ProcessRow>({ topic: 'processes' });
  const phase = useLive((store) => store.link.phase);
  const host = useRef<HTMLElement>(null);
  const [hidden] = useColumnChoice(columns, useWidth(host));
  const [sort, setSort] = useState<Sort>({ id: 'speed', desc: true });
  const search = query.get('text') ?? '';
  const selected = query.get('process');
  const set = useCallback(
    (name: string, value: string) =>
      setQuery(
        (now) => {
          const next = new URLSearchParams(now);
          if (value === '') next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      ),
    [setQuery],
  );
  const rows = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return wanted === '' ? view.rows : view.rows.filter((row) => matches(row, wanted));
  }, [view.rows, search]);
  const { marked, onOrder, keys } = useMoves<ProcessRow>({
    opened: selected,
    idOf: keyOf,
    onOpen: (key) => set('process', key),
  });
  useKeys({ ...keys, Escape: () => set('process', '') });
  const onOpen = useCallback((row: ProcessRow) => set('process', row.key), [set]);
  const current = view.rows.find((row) => row.key === selected) ?? busiest(view.rows);
  return (
    <main className="flex min-h-0 min-w-0 flex-1 flex-col gap-2.5 overflow-y-auto p-2.5 md:gap-3 md:p-3">
      {current && <ProcessPanel key={current.key} row={current} chosen={current.key === selected} />}
      <section
        ref={host}
        aria-label="Processes"
        className="panel flex min-h-[22rem] flex-1 flex-col overflow-hidden"
      >
        <div className="flex items-center gap-3 border-b border-line py-2 pr-2 pl-3.5">
          <h2 className="heading flex-1">
            {view.ready ? `${formatCount(rows.length)} processes` : 'Processes'}
          </h2>
          <input
            type="search"
            data-search
            aria-label="Search processes"
            placeholder="Name, PID, user, path"
            className="field w-64 max-w-[55%]"
            value={search}
            maxLength={256}
            onChange={(event) => set('text', event.target.value)}
          />
        </div>
        {!view.ready &&
          (phase === 'offline' ? <Disconnected what="processes" /> : <Loading what="processes" />)}
        {view.ready && rows.length === 0 && (
          <Empty title={search ? 'No process matches' : 'No process has used the network yet'} />
        )}
        {view.ready && rows.length > 0 && (
          <DataTable
            label="Processes"
            columns={columns}
            hidden={hidden}
            rows={rows}
            rowId={keyOf}
            sort={sort}
            onSort={setSort}
            selected={marked}
            onOpen={onOpen}
            onOrder={onOrder}
          />
        )}
      </section>
    </main>
  );
}

function ProcessPanel({ row, chosen }: { row: ProcessRow; chosen: boolean }) {
  const read = useSamples({ topic: 'bandwidth', by: 'process', key: row.key });
  return (
    <section aria-label="Process" className="panel grid shrink-0 md:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="flex min-w-0 flex-col">
        <h2 className="flex min-w-0 items-baseline gap-2 px-3.5 pt-2.5 text-sm">
          <Text value={row.process_name} className="font-semibold" />
          <span className="text-xs text-ink-3">{row.process_id}</span>
          <span className="ml-3 flex gap-3 text-xs">
            <span className="w-20 text-down">↓ {formatRate(row.download_speed)}</span>
            <span className="w-20 text-up">↑ {formatRate(row.upload_speed)}</span>
          </span>
          {!chosen && (
            <span className="ml-auto truncate text-xs text-ink-3 max-sm:hidden">
              most traffic; select another below
            </span>
          )}
        </h2>
        <LiveChart sparse read={read} label="Bandwidth of the process, last 30 seconds" className="h-44" />
      </div>
      <dl className="grid grid-cols-[5.5rem_minmax(0,1fr)] content-start gap-x-3 gap-y-1 border-line p-3.5 text-[0.8125rem] max-md:border-t md:border-l">
        <dt className="text-ink-3">Command</dt>
        <dd className="line-clamp-2 text-ink-2">
          <Text value={row.command_line} wrap max={300} />
        </dd>
        <dt className="text-ink-3">User</dt>
        <dd className="truncate text-ink-2">
          <Text value={row.user} />
        </dd>
        <dt className="text-ink-3">Started</dt>
        <dd className="text-ink-2">{formatTime(row.started_at, Date.now())}</dd>
        <dt className="text-ink-3">Received</dt>
        <dd className="text-ink-2">{formatBytes(row.bytes_received)}</dd>
        <dt className="text-ink-3">Sent</dt>
        <dd className="text-ink-2">{formatBytes(row.bytes_sent)}</dd>
        <dt className="text-ink-3">Connections</dt>
        <dd className="text-ink-2">
          <Link
            to={`/?pid=${row.process_id}`}
            className="underline decoration-line-strong underline-offset-3 hover:text-ink"
          >
            {formatCount(row.connections)} open
          </Link>
          , {formatCount(row.connections_total)} ever
        </dd>
      </dl>
    </section>
  );
}

/** The process with most traffic, of those that run if any does. */
function busiest(rows: readonly ProcessRow[]): ProcessRow | undefined {
  let best: ProcessRow | undefined;
  for (const row of rows) if (!best || weigh(row) > weigh(best)) best = row;
  return best;
}

function weigh(row: ProcessRow): number {
  return (row.bytes_sent + row.bytes_received) * (row.exited_at === null ? 1 : Number.EPSILON);
}

function matches(row: ProcessRow, wanted: string): boolean {
  return [row.process_name, String(row.process_id), row.user, row.process_path, row.container, row.unit].some(
    (value) => value?.toLowerCase().includes(wanted),
  );
}
