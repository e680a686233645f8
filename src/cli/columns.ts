import type { ErrorGroup } from '../wire/api.ts';
import type { Connection } from '../wire/connection.ts';
import type { InterfaceRow, ProcessRow } from '../wire/machine.ts';
import { formatBytes, formatElapsed, formatRate, formatTime, formatTrend } from './format.ts';
import type { Column } from './table.ts';

/** What the tables of the command line show, most important columns first to stay on a narrow terminal. */
export const connectionColumns: readonly Column<Connection>[] = [
  { title: 'PROCESS', text: (row) => row.process_name ?? '-', least: 8 },
  { title: 'PID', text: (row) => showNumber(row.process_id), align: 'right' },
  { title: 'PROTO', text: (row) => row.protocol ?? '-', optional: 2 },
  { title: 'LOCAL', text: (row) => row.local_addr, least: 12, optional: 3 },
  { title: 'REMOTE', text: showRemote, least: 16 },
  { title: 'STATE', text: (row) => row.state ?? '-' },
  { title: 'ERROR', text: (row) => row.error ?? '', optional: 1 },
  { title: 'UP', text: (row) => formatRate(row.upload_speed), align: 'right', optional: 1 },
  { title: 'DOWN', text: (row) => formatRate(row.download_speed), align: 'right', optional: 1 },
  { title: 'SENT', text: (row) => formatBytes(row.bytes_sent), align: 'right', optional: 4 },
  { title: 'RECEIVED', text: (row) => formatBytes(row.bytes_received), align: 'right', optional: 4 },
  { title: 'RTT', text: (row) => formatElapsed(row.rtt_ms), align: 'right', optional: 6 },
  { title: 'DURATION', text: (row) => formatElapsed(row.duration_ms), align: 'right', optional: 5 },
  { title: 'COUNT', text: (row) => String(row.count), align: 'right', optional: 7 },
  { title: 'TIME', text: (row) => formatTime(row.timestamp), optional: 5 },
];

export const errorColumns: readonly Column<ErrorGroup>[] = [
  { title: 'COUNT', text: (row) => String(row.count), align: 'right' },
  { title: 'ERROR', text: (row) => row.error },
  { title: 'PROCESS', text: (row) => row.process_name ?? '-', least: 8 },
  { title: 'REMOTE', text: (row) => row.remote_addr, least: 16 },
  { title: 'NAME', text: (row) => row.remote_name ?? '', least: 8, optional: 2 },
  { title: 'TREND', text: (row) => formatTrend(row.trend), optional: 3 },
  { title: 'FIRST', text: (row) => formatTime(row.first_at), optional: 4 },
  { title: 'LAST', text: (row) => formatTime(row.last_at), optional: 1 },
];

export const processColumns: readonly Column<ProcessRow>[] = [
  { title: 'PROCESS', text: (row) => row.process_name, least: 8 },
  { title: 'PID', text: (row) => String(row.process_id), align: 'right' },
  { title: 'USER', text: (row) => row.user ?? '-', least: 6, optional: 2 },
  { title: 'CONNECTIONS', text: (row) => String(row.connections), align: 'right' },
  { title: 'ERRORS', text: (row) => String(row.errors), align: 'right', optional: 1 },
  { title: 'UP', text: (row) => formatRate(row.upload_speed), align: 'right' },
  { title: 'DOWN', text: (row) => formatRate(row.download_speed), align: 'right' },
  { title: 'SENT', text: (row) => formatBytes(row.bytes_sent), align: 'right', optional: 3 },
  { title: 'RECEIVED', text: (row) => formatBytes(row.bytes_received), align: 'right', optional: 3 },
  { title: 'UNIT', text: (row) => row.container ?? row.unit ?? '', least: 8, optional: 5 },
  { title: 'COMMAND', text: (row) => row.command_line ?? row.process_path ?? '', least: 12, optional: 4 },
];

export const interfaceColumns: readonly Column<InterfaceRow>[] = [
  { title: 'INTERFACE', text: (row) => row.name, least: 8 },
  { title: 'STATE', text: (row) => (row.up ? (row.carrier ? 'up' : 'no carrier') : 'down') },
  { title: 'SPEED', text: (row) => showSpeed(row.speed_mbps), align: 'right', optional: 2 },
  { title: 'MTU', text: (row) => String(row.mtu), align: 'right', optional: 4 },
  { title: 'UP', text: (row) => formatRate(row.upload_speed), align: 'right' },
  { title: 'DOWN', text: (row) => formatRate(row.download_speed), align: 'right' },
  { title: 'USED', text: (row) => showPercent(row.utilization_percent), align: 'right', optional: 1 },
  { title: 'SENT', text: (row) => formatBytes(row.bytes_sent), align: 'right', optional: 2 },
  { title: 'RECEIVED', text: (row) => formatBytes(row.bytes_received), align: 'right', optional: 2 },
  {
    title: 'ERRORS',
    text: (row) => String(row.errors_sent + row.errors_received),
    align: 'right',
    optional: 3,
  },
  { title: 'DROPS', text: (row) => String(row.drops_sent + row.drops_received), align: 'right', optional: 3 },
  { title: 'ADDRESSES', text: (row) => row.addresses.join(' '), least: 12, optional: 1 },
];

/** The name, where one is known, with the port. */
function showRemote({ remote_name, remote_addr }: Connection): string {
  return remote_name === null ? remote_addr : remote_name + remote_addr.slice(remote_addr.lastIndexOf(':'));
}

function showNumber(value: number | null): string {
  return value === null ? '-' : String(value);
}

function showPercent(value: number | null): string {
  return value === null ? '-' : `${value.toFixed(1)} %`;
}

function showSpeed(mbps: number | null): string {
  if (mbps === null) return '-';
  return mbps >= 1000 ? `${mbps / 1000} Gb/s` : `${mbps} Mb/s`;
}
