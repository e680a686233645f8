import { createColumnHelper } from '@tanstack/react-table';
import { ArrowDownLeft, ArrowUpRight, Ear, type LucideIcon, RefreshCw } from 'lucide-react';
import type { Connection, Direction } from '../../../../src/wire/connection.ts';
import { formatBytes, formatCount, formatDuration, formatMs, formatRate } from '../../lib/format.ts';
import { useLive } from '../../live/use-live.ts';
import type { Column, ColumnLayout, features } from '../../ui/data-table.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { Text } from '../../ui/text.tsx';

const helper = createColumnHelper<typeof features, Connection>();

/** Time since the connection opened, moving on by itself while it is open. */
export function Duration({ connection }: { connection: Connection }) {
  const { opened_at, active, duration_ms } = connection;
  const now = useLive((store) => (active && opened_at ? store.serverSecond : 0));
  if (!active || !opened_at) return formatDuration(duration_ms);
  return formatDuration(Math.max(0, now * 1000 - Date.parse(opened_at)));
}

/** A rate that stands back while it is zero. */
export function Rate({ value, kind }: { value: number | null; kind: 'up' | 'down' }) {
  const color = value ? (kind === 'up' ? 'text-up' : 'text-down') : 'text-ink-3';
  return <span className={`whitespace-nowrap ${color}`}>{formatRate(value)}</span>;
}

/** The remote end: its name first where it has one, then its address. */
export function Remote({ connection }: { connection: Connection }) {
  const { remote_addr, remote_name } = connection;
  if (remote_name === null) return <Text value={remote_addr} className="text-ink" />;
  return (
    <span className="flex min-w-0 items-baseline gap-2">
      <Text value={remote_name} className="text-ink" />
      <Text value={remote_addr} className="min-w-12 shrink-[4] text-xs text-ink-3" />
    </span>
  );
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

function fixed(id: string, header: string, layout: ColumnLayout, cell: (row: Connection) => unknown) {
  return helper.accessor(() => null, {
    id,
    header,
    meta: layout,
    enableSorting: false,
    cell: (context) => cell(context.row.original),
  });
}

/** Columns whose width only the reader's wish shows. */
const onRequest = Number.POSITIVE_INFINITY;

/** The columns of the connection table; ids of sortable ones are the wire's sort keys. */
export const connectionColumns: readonly Column<Connection>[] = [
  sortable('state', 'State', { track: '7.4rem', from: 560 }, (row) => <StateBadge state={row.state} />),
  sortable('process', 'Process', { track: 'minmax(6.5rem, 1.15fr)', from: 0 }, (row) => (
    <Process connection={row} />
  )),
  sortable('pid', 'PID', { track: '4.2rem', from: 760, right: true }, (row) => row.process_id ?? '–'),
  sortable('local', 'Local', { track: 'minmax(8.6rem, 1fr)', from: 840 }, (row) => (
    <Text value={row.local_addr} />
  )),
  sortable('remote', 'Remote', { track: 'minmax(9rem, 2fr)', from: 0 }, (row) => <Remote connection={row} />),
  sortable(
    'protocol',
    'Proto',
    { track: '2.8rem', from: 620, label: 'Protocol' },
    (row) => row.protocol ?? '–',
  ),
  fixed('direction', 'Direction', { track: '6rem', from: 1500 }, (row) => (
    <DirectionCell direction={row.direction} />
  )),
  sortable(
    'duration',
    'Duration',
    { track: '4.9rem', from: 920, right: true },
    (row) => <Duration connection={row} />,
    true,
  ),
  sortable(
    'download_speed',
    'Download',
    { track: '5.6rem', from: 480, right: true },
    (row) => <Rate value={row.download_speed} kind="down" />,
    true,
  ),
  sortable(
    'upload_speed',
    'Upload',
    { track: '5.6rem', from: 480, right: true },
    (row) => <Rate value={row.upload_speed} kind="up" />,
    true,
  ),
  sortable(
    'rtt',
    'RTT',
    { track: '4.6rem', from: 1060, right: true, label: 'Round-trip time' },
    (row) => formatMs(row.rtt_ms),
    true,
  ),
  sortable(
    'bytes',
    'Total',
    { track: '5rem', from: 1150, right: true, label: 'Bytes in total' },
    (row) => formatBytes(sumBytes(row)),
    true,
  ),
  sortable(
    'retransmits',
    'Retrans',
    { track: '4.2rem', from: 1700, right: true, label: 'Retransmits' },
    (row) => formatCount(row.retransmits),
    true,
  ),
  fixed('user', 'User', { track: '6rem', from: 1600 }, (row) => <Text value={row.user} />),
  fixed('container', 'Container', { track: '8rem', from: onRequest }, (row) => (
    <Text value={row.container} />
  )),
  fixed('unit', 'Unit', { track: '9rem', from: onRequest }, (row) => <Text value={row.unit} />),
  fixed('error', 'Error', { track: '8rem', from: onRequest }, (row) => <Text value={row.error} />),
  fixed('agent', 'Agent', { track: '8rem', from: onRequest }, (row) => <Text value={row.agent} />),
  sortable(
    'timestamp',
    'Seen',
    { track: '6rem', from: onRequest, label: 'Last seen' },
    (row) => row.timestamp.slice(11, 19),
    true,
  ),
];

function sumBytes(row: Connection): number | null {
  if (row.bytes_sent === null && row.bytes_received === null) return null;
  return (row.bytes_sent ?? 0) + (row.bytes_received ?? 0);
}
