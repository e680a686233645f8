import { createColumnHelper } from '@tanstack/react-table';
import type { AgentRow } from '../../../../src/wire/monitor-api.ts';
import { certificateDays, linkLook, listFaults, sensorLevel } from '../../lib/agents.ts';
import { formatBytes, formatCount, formatMs, formatPercent, unknown } from '../../lib/format.ts';
import type { Column, features } from '../../ui/table-model.ts';
import { Text } from '../../ui/text.tsx';
import { CertificateDays } from '../monitors/monitor-columns.tsx';

const helper = createColumnHelper<typeof features, AgentRow>();

/** The columns of the list of agents. */
export const agentColumns: readonly Column<AgentRow>[] = [
  helper.accessor((row) => linkLook(row).label, {
    id: 'link',
    header: 'Link',
    sortFn: 'alphanumeric',
    meta: { min: 5.4, from: 0 },
    cell: ({ row }) => <LinkBadge row={row.original} />,
  }),
  helper.accessor('agent', {
    id: 'agent',
    header: 'Agent',
    sortFn: 'alphanumeric',
    meta: { min: 7, grow: 1, from: 0 },
    cell: ({ getValue }) => <Text value={getValue()} className="font-medium text-ink" />,
  }),
  helper.accessor('version', {
    id: 'version',
    header: 'Version',
    sortFn: 'alphanumeric',
    meta: { min: 5, from: 620 },
    cell: ({ getValue }) => <Text value={getValue()} />,
  }),
  helper.accessor('kernel', {
    id: 'kernel',
    header: 'Kernel',
    sortFn: 'alphanumeric',
    meta: { min: 7, from: 1000 },
    cell: ({ getValue }) => <Text value={getValue()} />,
  }),
  helper.accessor(sensorLevel, {
    id: 'sensors',
    header: 'Sensors',
    sortFn: 'alphanumeric',
    meta: { min: 6, from: 760 },
  }),
  helper.accessor((row) => row.lag_ms ?? -1, {
    id: 'lag',
    header: 'Lag',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 4.8, from: 480, right: true },
    cell: ({ row }) => formatMs(row.original.lag_ms),
  }),
  helper.accessor((row) => Math.abs(row.clock_offset_ms ?? 0), {
    id: 'offset',
    header: 'Clock',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 5.4, from: 820, right: true, label: 'Clock offset' },
    cell: ({ row }) => formatOffset(row.original.clock_offset_ms),
  }),
  helper.accessor((row) => row.spooled_records ?? -1, {
    id: 'spool',
    header: 'Spool',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 4.8, from: 700, right: true, label: 'Records in its spool' },
    cell: ({ row }) => formatCount(row.original.spooled_records),
  }),
  helper.accessor((row) => row.lost_records ?? -1, {
    id: 'lost',
    header: 'Lost',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 4.2, from: 900, right: true },
    cell: ({ row }) => (
      <span className={row.original.lost_records ? 'text-orange' : 'text-ink-3'}>
        {formatCount(row.original.lost_records)}
      </span>
    ),
  }),
  helper.accessor((row) => row.cpu_percent ?? -1, {
    id: 'cpu',
    header: 'CPU',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 4.2, from: 940, right: true },
    cell: ({ row }) => formatPercent(row.original.cpu_percent),
  }),
  helper.accessor((row) => row.memory_bytes ?? -1, {
    id: 'memory',
    header: 'Memory',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 5, from: 1060, right: true },
    cell: ({ row }) => formatBytes(row.original.memory_bytes),
  }),
  helper.accessor((row) => row.certificate_until ?? '', {
    id: 'certificate',
    header: 'Certificate',
    sortFn: 'alphanumeric',
    meta: { min: 5.6, from: 1120, right: true },
    cell: ({ row }) => <CertificateDays days={certificateDays(row.original, Date.now())} />,
  }),
  helper.accessor('monitors', {
    id: 'monitors',
    header: 'Monitors',
    sortDescFirst: true,
    sortFn: 'basic',
    meta: { min: 5, from: 560, right: true },
    cell: ({ getValue }) => formatCount(getValue()),
  }),
  helper.accessor('dialled_by', {
    id: 'dialled',
    header: 'Dialled by',
    sortFn: 'alphanumeric',
    meta: { min: 5.6, from: 1200 },
    cell: ({ getValue }) => (getValue() === 'agent' ? 'the agent' : 'this server'),
  }),
  helper.display({
    id: 'faults',
    header: 'What is wrong',
    meta: { min: 9, grow: 1.5, from: 720 },
    cell: ({ row }) => (
      <Text value={listFaults(row.original, Date.now()).join('; ')} className="text-ink-2" />
    ),
  }),
];

export function LinkBadge({ row }: { row: AgentRow }) {
  const { label, tone } = linkLook(row);
  return (
    <span
      className={`tone tone-${tone} inline-flex h-[1.3rem] items-center gap-1.5 rounded px-1.5 text-2xs font-semibold`}
    >
      <span className="size-1.5 rounded-full bg-(--tone)" aria-hidden />
      {label}
    </span>
  );
}

/** An offset with its sign. */
export function formatOffset(ms: number | null): string {
  if (ms === null) return unknown;
  return `${ms < 0 ? '−' : '+'}${formatMs(Math.abs(ms))}`;
}
