import { createColumnHelper } from '@tanstack/react-table';
import type { Connection } from '../../../../src/wire/connection.ts';
import { formatBytes, formatCount, formatTime } from '../../lib/format.ts';
import type { Column, features } from '../../ui/table-model.ts';
import { Text } from '../../ui/text.tsx';
import { Process, Remote } from '../connections/connection-columns.tsx';

const helper = createColumnHelper<typeof features, Connection>();
/** The columns of the list of failures. */
export const errorColumns: readonly Column<Connection>[] = [
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
