import { createColumnHelper } from '@tanstack/react-table';
import { ArrowDownLeft, ArrowUpRight, Ear, type LucideIcon, RefreshCw } from 'lucide-react';
import type { Connection, Direction } from '../../../../src/wire/connection.ts';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatMs,
  formatRate,
} from '../../lib/format.ts';
import { useLive } from '../../live/use-live.ts';
import { StateBadge } from '../../ui/state-badge.tsx';
import type { Column, ColumnLayout, features } from '../../ui/table-model.ts';
import { Text } from '../../ui/text.tsx';

const helper = createColumnHelper<typeof features, Connection>();

/** Time since the connection opened, moving on by itself while it is open. */
export function Duration({ connection }: { connection: Connection }) {
  const { opened_at, closed_at, active, duration_ms } = connection;
  const now = useLive((store) => (active && opened_at ? store.serverSecond : 0));
  if (!active || !opened_at || closed_at) return formatDuration(duration_ms);
  const ms = now * 1000 - Date.parse(opened_at);
  return ms < 1000 ? '<1 s' : formatAge(ms);
}

/** A rate that stands back while it is zero. */
export function Rate({ value, kind }: { value: number | null; kind: 'up' | 'down' }) {
  const color = value ? (kind === 'up' ? 'text-up' : 'text-down') : 'text-ink-3';
  return <span className={`whitespace-nowrap ${color}`}>{formatRate(value)}</span>;
}

/** The remote end: its name first where it has one, then its address. */
export function Remote({ connection }: { connection: Connection }) {
  const { remote_addr, remote_name } = connection;
  if (hasNoPeer(connection)) return <span className="text-ink-3">any</span>;
  if (remote_name === null) return <Text value={remote_addr} className="text-ink" />;
  return (
    <span className="@container w-full min-w-0">
      <span className="flex items-baseline gap-2 leading-5">
        <Text value={remote_name} className="min-w-0 text-ink" />
        <Text value={remote_addr} className="max-w-[65%] shrink-0 text-xs text-ink-3 @max-[12rem]:hidden" />
      </span>
    </span>
  );
}

/** Whether it has no other end: it listens, or is a UDP socket that is not connected. */
export function hasNoPeer({ remote_addr }: Connection): boolean {
  return remote_addr.endsWith(':0');
}

/** Process name, or why it is unknown. */
export function Process({ connection }: { connection: Connection }) {
  const { process_name, owner_unknown_reason } = connection;
  if (process_name !== null) return <Text value={process_name} className="font-medium text-ink" />;
  return <span className="truncate text-ink-3 italic">{owner_unknown_reason ? 'unknown' : '–'}</span>;
}

const directionIcons: Record<Direction, LucideIcon> = {
  outbound: ArrowUpRight,
  inbound: ArrowDownLeft,
  local: RefreshCw,
  listening: Ear,
};

function DirectionCell({ direction }: { direction: Direction | null }) {
  if (direction === null) return '–';
  const Icon = directionIcons[direction];
  return (
    <span className="flex items-center gap-1.5">
      <Icon className="size-3.5 text-ink-3" aria-hidden />
      {direction}
    </span>
  );
}

function sortable(
  id: string,
  header: string,
  layout: ColumnLayout,
  cell: (row: Connection) => unknown,
  desc = false,
) {
  return helper.accessor(() => null, {
    id,
    header,
    meta: layout,
    sortDescFirst: desc,
    cell: (context) => cell(context.row.original),
  });
}

/** A column by which the server does not sort. */
function shown(id: string, header: string, layout: ColumnLayout, cell: (row: Connection) => unknown) {
  return helper.display({
    id,
    header,
    meta: layout,
    enableSorting: false,
    cell: ({ row }) => cell(row.original),
  });
}

/** The application protocol; in another type where only the port speaks for it. */
function Application({ connection: { application, application_by } }: { connection: Connection }) {
  if (application_by === 'port') return <Text value={`${application}?`} className="text-ink-3 italic" />;
  return <Text value={application} />;
}

/** The name of the remote end, with the age of the DNS answer that gave it. */
function RemoteName({ connection: { remote_name, remote_name_at } }: { connection: Connection }) {
  const now = useLive((store) => (remote_name_at === null ? 0 : store.serverSecond));
  return (
    <span className="flex min-w-0 items-baseline gap-2">
      <Text value={remote_name} className="min-w-0" />
      {remote_name_at !== null && (
        <span className="shrink-0 text-xs text-ink-3">
          {formatAge(now * 1000 - Date.parse(remote_name_at))}
        </span>
      )}
    </span>
  );
}

/** Columns whose width only the reader's wish shows. */
const onRequest = Number.POSITIVE_INFINITY;

/** The columns of the connection table; ids of sortable ones are the wire's sort keys. */
export const connectionColumns: readonly Column<Connection>[] = [
  sortable('state', 'State', { min: 7.4, from: 560 }, (row) => (
    <StateBadge state={row.state} error={row.error} />
  )),
  sortable('process', 'Process', { min: 6.5, grow: 1, from: 0 }, (row) => <Process connection={row} />),
  sortable('pid', 'PID', { min: 3.6, from: 760 }, (row) => row.process_id ?? '–'),
  sortable('local', 'Local', { min: 8.6, grow: 0.6, from: 840 }, (row) => <Text value={row.local_addr} />),
  sortable('remote', 'Remote', { min: 8, grow: 3, from: 0 }, (row) => <Remote connection={row} />),
  sortable('protocol', 'Proto', { min: 2.8, from: 620, label: 'Protocol' }, (row) => row.protocol ?? '–'),
  shown('application', 'App', { min: 4.6, from: 1180, label: 'Application' }, (row) => (
    <Application connection={row} />
  )),
  sortable('direction', 'Direction', { min: 6, from: 1500 }, (row) => (
    <DirectionCell direction={row.direction} />
  )),
  sortable(
    'duration',
    'Duration',
    { min: 4.9, from: 920, right: true },
    (row) => <Duration connection={row} />,
    true,
  ),
  sortable(
    'download_speed',
    'Download',
    { min: 5.6, from: 340, right: true },
    (row) => <Rate value={row.download_speed} kind="down" />,
    true,
  ),
  sortable(
    'upload_speed',
    'Upload',
    { min: 5.6, from: 480, right: true },
    (row) => <Rate value={row.upload_speed} kind="up" />,
    true,
  ),
  sortable(
    'rtt',
    'RTT',
    { min: 4.6, from: 1060, right: true, label: 'Round-trip time' },
    (row) => formatMs(row.rtt_ms),
    true,
  ),
  sortable(
    'bytes',
    'Total',
    { min: 5, from: 1340, right: true, label: 'Bytes in total' },
    (row) => formatBytes(sumBytes(row)),
    true,
  ),
  sortable(
    'retransmits',
    'Retrans',
    { min: 4.2, from: 1700, right: true, label: 'Retransmits' },
    (row) => formatCount(row.retransmits),
    true,
  ),
  shown('site', 'Site', { min: 8, grow: 1, from: 1900, label: 'Site (HTTP host or server name)' }, (row) => (
    <Text value={row.site ?? row.sni} />
  )),
  shown(
    'remote_name',
    'Name',
    { min: 10, grow: 1, from: onRequest, label: 'Remote name, and its age' },
    (row) => <RemoteName connection={row} />,
  ),
  shown('sni', 'SNI', { min: 8, from: onRequest, label: 'TLS server name' }, (row) => (
    <Text value={row.sni} />
  )),
  shown('alpn', 'ALPN', { min: 5, from: onRequest }, (row) => <Text value={row.alpn} />),
  shown('ja4', 'JA4', { min: 14, from: onRequest, label: 'JA4 fingerprint' }, (row) => (
    <Text value={row.ja4} />
  )),
  shown('tls_version', 'TLS', { min: 4.5, from: onRequest, label: 'TLS version' }, (row) => (
    <Text value={row.tls_version} />
  )),
  sortable('user', 'User', { min: 6, from: 1600 }, (row) => <Text value={row.user} />),
  sortable('container', 'Container', { min: 8, from: onRequest }, (row) => <Text value={row.container} />),
  sortable('unit', 'Unit', { min: 9, from: onRequest }, (row) => <Text value={row.unit} />),
  sortable('error', 'Error', { min: 8, from: onRequest }, (row) => <Text value={row.error} />),
  sortable('agent', 'Agent', { min: 8, from: onRequest }, (row) => <Text value={row.agent} />),
  sortable(
    'timestamp',
    'Seen',
    { min: 6, from: onRequest, label: 'Last seen' },
    (row) => row.timestamp.slice(11, 19),
    true,
  ),
];

function sumBytes(row: Connection): number | null {
  if (row.bytes_sent === null && row.bytes_received === null) return null;
  return (row.bytes_sent ?? 0) + (row.bytes_received ?? 0);
}
