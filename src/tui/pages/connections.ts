import { formatBytes, formatElapsed, formatRate, formatTime } from '../../cli/format.ts';
import type { Connection } from '../../wire/connection.ts';
import type { Style } from '../line.ts';
import type { Picture } from '../picture.ts';
import { downStyle, upStyle } from './columns.ts';
import type { Owner, Page } from './page.ts';

const number = (value: number | null): string => (value === null ? '-' : String(value));

const stateStyles: Readonly<Record<string, Style>> = {
  ESTABLISHED: 'good',
  LISTEN: 'down',
  NONE: 'dim',
  CLOSED: 'dim',
};

/** The name, where one is known, with the port. */
function showRemote({ remote_name, remote_addr }: Connection): string {
  return remote_name === null ? remote_addr : remote_name + remote_addr.slice(remote_addr.lastIndexOf(':'));
}

function findOwner({ process_id, process_name }: Connection, { processes }: Picture): Owner | null {
  if (process_id === null) return null;
  const known = processes.find((row) => row.process_id === process_id && row.exited_at === null);
  return { pid: process_id, key: known?.key ?? null, name: process_name ?? '?' };
}

const connectionDetails = (row: Connection): readonly (readonly [string, string])[] => [
  ['process', `${row.process_name ?? '-'} (${number(row.process_id)})`],
  ['command', row.command_line ?? '-'],
  ['local', row.local_addr],
  ['remote', `${row.remote_addr}${row.remote_name === null ? '' : `  ${row.remote_name}`}`],
  ['protocol', `${row.protocol ?? '-'} ${row.application ?? ''}`],
  ['site', row.site ?? row.sni ?? '-'],
  ['state', `${row.state ?? '-'}, ${row.direction ?? '-'}`],
  ['error', row.error === null ? '-' : `${row.error} while ${row.phase ?? '?'}`],
  ['opened', formatTime(row.opened_at)],
  ['closed', formatTime(row.closed_at)],
  ['sent', `${formatBytes(row.bytes_sent)}, now ${formatRate(row.upload_speed)}`],
  ['received', `${formatBytes(row.bytes_received)}, now ${formatRate(row.download_speed)}`],
  ['round trip', `${formatElapsed(row.rtt_ms)}, least ${formatElapsed(row.min_rtt_ms)}`],
  ['retransmits', number(row.retransmits)],
  ['limited by', row.limited_by ?? '-'],
];

export const connectionPage: Page<Connection> = {
  name: 'connections',
  title: 'Connections',
  short: 'Conns',
  order: 'RATE',
  remote: true,
  rows: ({ connections }) => connections.rows,
  key: ({ id }) => id,
  words: () => [],
  columns: [
    {
      title: 'PROCESS',
      width: 12,
      grow: 1,
      text: (row) => row.process_name ?? '-',
      style: (row) => (row.active ? 'bold' : 'dim'),
      sort: 'process',
    },
    { title: 'PID', width: 7, align: 'right', drop: 2, text: (row) => number(row.process_id), sort: 'pid' },
    {
      title: 'PROTO',
      width: 9,
      drop: 3,
      text: (row) => row.application ?? row.protocol ?? '-',
      sort: 'protocol',
    },
    { title: 'LOCAL', width: 21, drop: 4, text: (row) => row.local_addr, style: () => 'dim', sort: 'local' },
    {
      title: 'REMOTE',
      width: 21,
      grow: 2,
      text: (row) => row.site ?? row.sni ?? showRemote(row),
      sort: 'remote',
    },
    {
      title: 'STATE',
      width: 12,
      text: (row) => row.error ?? row.state ?? '-',
      style: (row) => (row.error === null ? (stateStyles[row.state ?? ''] ?? 'warn') : 'bad'),
      sort: 'state',
    },
    {
      title: 'RATE',
      width: 10,
      align: 'right',
      drop: 8,
      text: (row) => formatRate((row.upload_speed ?? 0) + (row.download_speed ?? 0)),
      sort: 'speed',
    },
    {
      title: 'UP',
      width: 9,
      align: 'right',
      drop: 1,
      text: (row) => formatRate(row.upload_speed),
      style: (row) => upStyle(row.upload_speed),
      sort: 'upload_speed',
    },
    {
      title: 'DOWN',
      width: 9,
      align: 'right',
      drop: 1,
      text: (row) => formatRate(row.download_speed),
      style: (row) => downStyle(row.download_speed),
      sort: 'download_speed',
    },
    {
      title: 'SENT',
      width: 8,
      align: 'right',
      drop: 5,
      text: (row) => formatBytes(row.bytes_sent),
      sort: 'bytes',
    },
    { title: 'RECEIVED', width: 8, align: 'right', drop: 5, text: (row) => formatBytes(row.bytes_received) },
    {
      title: 'RTT',
      width: 7,
      align: 'right',
      drop: 6,
      text: (row) => formatElapsed(row.rtt_ms),
      sort: 'rtt',
    },
    {
      title: 'AGE',
      width: 8,
      align: 'right',
      drop: 7,
      text: (row) => formatElapsed(readAge(row)),
      sort: 'duration',
    },
  ],
  details: connectionDetails,
  owner: findOwner,
  empty: () => 'no connection matches',
};

/** Of an open connection it grows without being told of. */
function readAge({ active, opened_at, duration_ms }: Connection): number | null {
  return active && opened_at !== null ? Math.max(0, Date.now() - Date.parse(opened_at)) : duration_ms;
}

export const errorPage: Page<Connection> = {
  name: 'errors',
  title: 'Errors',
  short: 'Errors',
  order: 'TIME',
  rows: ({ errors }) => errors,
  key: ({ id }) => id,
  words: (row) => [
    row.process_name,
    row.process_id,
    row.remote_addr,
    row.remote_name,
    row.error,
    row.protocol,
  ],
  columns: [
    {
      title: 'TIME',
      width: 8,
      text: (row) => formatTime(row.timestamp).slice(11),
      value: (row) => row.timestamp,
    },
    {
      title: 'ERROR',
      width: 14,
      text: (row) => row.error ?? '-',
      value: (row) => row.error ?? '',
      style: () => 'bad',
    },
    {
      title: 'PROCESS',
      width: 14,
      grow: 1,
      text: (row) => row.process_name ?? '-',
      value: (row) => row.process_name ?? '',
    },
    {
      title: 'PID',
      width: 7,
      align: 'right',
      drop: 2,
      text: (row) => number(row.process_id),
      value: (row) => row.process_id ?? 0,
    },
    { title: 'REMOTE', width: 22, grow: 2, text: showRemote, value: (row) => row.remote_addr },
    {
      title: 'PROTO',
      width: 5,
      drop: 3,
      text: (row) => row.protocol ?? '-',
      value: (row) => row.protocol ?? '',
    },
    { title: 'PHASE', width: 11, drop: 4, text: (row) => row.phase ?? '-', value: (row) => row.phase ?? '' },
    {
      title: 'AFTER',
      width: 8,
      align: 'right',
      drop: 5,
      text: (row) => formatElapsed(row.duration_ms),
      value: (row) => row.duration_ms ?? 0,
    },
    { title: 'COUNT', width: 6, align: 'right', text: (row) => String(row.count), value: (row) => row.count },
  ],
  details: connectionDetails,
  owner: findOwner,
  empty: () => 'no connection has failed',
};
