import { formatBytes, formatElapsed, formatRate, formatTime } from '../../cli/format.ts';
import type { Connection } from '../../wire/connection.ts';
import type { InterfaceRow, ProcessRow } from '../../wire/machine.ts';
import type { Style } from '../line.ts';
import type { Picture } from '../picture.ts';
import type { Owner, Page } from './page.ts';

const number = (value: number | null): string => (value === null ? '-' : String(value));
const rateStyle =
  (style: Style) =>
  (value: number | null): Style =>
    value === null || value === 0 ? 'dim' : style;
const upStyle = rateStyle('up');
const downStyle = rateStyle('down');

export const processPage: Page<ProcessRow> = {
  name: 'processes',
  title: 'Processes',
  short: 'Procs',
  order: 'RATE',
  rows: ({ processes }) => processes,
  key: ({ key }) => key,
  words: (row) => [row.process_name, row.process_id, row.command_line, row.user, row.unit, row.container],
  columns: [
    {
      title: 'PID',
      width: 7,
      align: 'right',
      text: (row) => String(row.process_id),
      value: (row) => row.process_id,
    },
    {
      title: 'PROCESS',
      width: 14,
      grow: 1,
      text: (row) => row.process_name,
      value: (row) => row.process_name,
      style: (row) => (row.exited_at === null ? 'bold' : 'dim'),
    },
    { title: 'USER', width: 9, drop: 3, text: (row) => row.user ?? '-', value: (row) => row.user ?? '' },
    {
      title: 'CONN',
      width: 6,
      align: 'right',
      text: (row) => String(row.connections),
      value: (row) => row.connections,
    },
    {
      title: 'ERR',
      width: 5,
      align: 'right',
      text: (row) => String(row.errors),
      value: (row) => row.errors,
      style: (row) => (row.errors > 0 ? 'bad' : 'dim'),
    },
    {
      title: 'RATE',
      width: 10,
      align: 'right',
      drop: 2,
      text: (row) => formatRate(row.upload_speed + row.download_speed),
      value: (row) => row.upload_speed + row.download_speed,
      style: (row) => (row.upload_speed + row.download_speed > 0 ? 'bold' : 'dim'),
    },
    {
      title: 'UP',
      width: 10,
      align: 'right',
      text: (row) => formatRate(row.upload_speed),
      value: (row) => row.upload_speed,
      style: (row) => upStyle(row.upload_speed),
    },
    {
      title: 'DOWN',
      width: 10,
      align: 'right',
      text: (row) => formatRate(row.download_speed),
      value: (row) => row.download_speed,
      style: (row) => downStyle(row.download_speed),
    },
    {
      title: 'SENT',
      width: 8,
      align: 'right',
      drop: 4,
      text: (row) => formatBytes(row.bytes_sent),
      value: (row) => row.bytes_sent,
    },
    {
      title: 'RECEIVED',
      width: 8,
      align: 'right',
      drop: 4,
      text: (row) => formatBytes(row.bytes_received),
      value: (row) => row.bytes_received,
    },
    {
      title: 'UNIT',
      width: 20,
      drop: 6,
      text: (row) => row.container ?? row.unit ?? '-',
      style: () => 'dim',
      value: (row) => row.container ?? row.unit ?? '',
    },
    {
      title: 'COMMAND',
      width: 24,
      grow: 3,
      drop: 5,
      text: (row) => row.command_line ?? row.process_path ?? '-',
      style: () => 'dim',
    },
  ],
  details: (row) => [
    ['process', `${row.process_name} (${row.process_id})`],
    ['program', row.process_path ?? '-'],
    ['command', row.command_line ?? '-'],
    ['user', row.user ?? '-'],
    ['parents', row.parents.join(' < ') || '-'],
    ['unit', row.unit ?? '-'],
    ['container', row.container ?? '-'],
    ['started', formatTime(row.started_at)],
    ['exited', formatTime(row.exited_at)],
    ['connections', `${row.connections} open, ${row.connections_total} in all, ${row.errors} failed`],
    ['sent', `${formatBytes(row.bytes_sent)}, now ${formatRate(row.upload_speed)}`],
    ['received', `${formatBytes(row.bytes_received)}, now ${formatRate(row.download_speed)}`],
  ],
  owner: (row) =>
    row.exited_at === null ? { pid: row.process_id, key: row.key, name: row.process_name } : null,
  empty: () => 'no process has used the network yet',
};

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

export const interfacePage: Page<InterfaceRow> = {
  name: 'interfaces',
  title: 'Interfaces',
  short: 'Ifaces',
  order: 'RATE',
  rows: ({ interfaces }) => interfaces,
  key: ({ name }) => name,
  words: (row) => [row.name, row.kind, ...row.addresses],
  columns: [
    {
      title: 'INTERFACE',
      width: 12,
      grow: 1,
      text: (row) => row.name,
      value: (row) => row.name,
      style: (row) => (row.up ? 'bold' : 'dim'),
    },
    {
      title: 'STATE',
      width: 10,
      text: (row) => (row.up ? (row.carrier ? 'up' : 'no carrier') : 'down'),
      style: (row) => (row.up ? (row.carrier ? 'good' : 'warn') : 'dim'),
    },
    {
      title: 'RATE',
      width: 10,
      align: 'right',
      drop: 8,
      text: (row) => formatRate(row.upload_speed + row.download_speed),
      value: (row) => row.upload_speed + row.download_speed,
    },
    {
      title: 'UP',
      width: 10,
      align: 'right',
      text: (row) => formatRate(row.upload_speed),
      value: (row) => row.upload_speed,
      style: (row) => upStyle(row.upload_speed),
    },
    {
      title: 'DOWN',
      width: 10,
      align: 'right',
      text: (row) => formatRate(row.download_speed),
      value: (row) => row.download_speed,
      style: (row) => downStyle(row.download_speed),
    },
    {
      title: 'USED',
      width: 7,
      align: 'right',
      drop: 3,
      text: (row) => (row.utilization_percent === null ? '-' : `${row.utilization_percent.toFixed(1)}%`),
      value: (row) => row.utilization_percent ?? -1,
    },
    {
      title: 'SENT',
      width: 8,
      align: 'right',
      drop: 4,
      text: (row) => formatBytes(row.bytes_sent),
      value: (row) => row.bytes_sent,
    },
    {
      title: 'RECEIVED',
      width: 8,
      align: 'right',
      drop: 4,
      text: (row) => formatBytes(row.bytes_received),
      value: (row) => row.bytes_received,
    },
    {
      title: 'ERR',
      width: 5,
      align: 'right',
      text: (row) => String(row.errors_sent + row.errors_received),
      value: (row) => row.errors_sent + row.errors_received,
      style: (row) => (row.errors_sent + row.errors_received > 0 ? 'bad' : 'dim'),
    },
    {
      title: 'DROP',
      width: 5,
      align: 'right',
      text: (row) => String(row.drops_sent + row.drops_received),
      value: (row) => row.drops_sent + row.drops_received,
      style: (row) => (row.drops_sent + row.drops_received > 0 ? 'warn' : 'dim'),
    },
    {
      title: 'ADDRESSES',
      width: 24,
      grow: 2,
      drop: 5,
      text: (row) => row.addresses.join(' '),
      style: () => 'dim',
    },
  ],
  details: (row) => [
    ['interface', `${row.name} (${row.kind}), number ${row.index}`],
    ['state', `${row.up ? 'up' : 'down'}, ${row.carrier ? 'carrier' : 'no carrier'}`],
    ['address', row.mac ?? '-'],
    ['addresses', row.addresses.join(' ') || '-'],
    ['MTU', String(row.mtu)],
    ['speed', row.speed_mbps === null ? '-' : `${row.speed_mbps} Mb/s`],
    [
      'sent',
      `${formatBytes(row.bytes_sent)} in ${row.packets_sent} packets, now ${formatRate(row.upload_speed)}`,
    ],
    [
      'received',
      `${formatBytes(row.bytes_received)} in ${row.packets_received} packets, now ${formatRate(row.download_speed)}`,
    ],
    ['errors', `${row.errors_sent} sent, ${row.errors_received} received`],
    ['drops', `${row.drops_sent} sent, ${row.drops_received} received`],
  ],
  empty: () => 'no interface is known',
};
