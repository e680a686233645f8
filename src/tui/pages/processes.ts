import { formatBytes, formatRate, formatTime } from '../../cli/format.ts';
import type { ProcessRow } from '../../wire/machine.ts';
import { amountColumns, rateColumns } from './columns.ts';
import type { Page } from './page.ts';

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
    ...rateColumns<ProcessRow>(2),
    ...amountColumns<ProcessRow>(4),
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
