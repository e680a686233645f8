import { createColumnHelper } from '@tanstack/react-table';
import type { ProcessRow } from '../../../../src/wire/machine.ts';
import { formatBytes, formatCount, formatRate } from '../../lib/format.ts';
import type { Column, features } from '../../ui/table-model.ts';
import { Text } from '../../ui/text.tsx';
import { Rate } from '../connections/connection-columns.tsx';

const helper = createColumnHelper<typeof features, ProcessRow>();
/** The columns of the process table. */
export const processColumns: readonly Column<ProcessRow>[] = [
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
