import { createColumnHelper } from '@tanstack/react-table';
import type { MonitorRow } from '../../../../src/wire/monitor.ts';
import { formatMs, formatPercent, formatSpan } from '../../lib/format.ts';
import { formatUptime, kindLabels, kindOf, type ShownKind, targetOf } from '../../lib/monitors.ts';
import { MonitorBadge } from '../../ui/monitor-badge.tsx';
import type { Column, features } from '../../ui/table-model.ts';
import { Text } from '../../ui/text.tsx';
import { RoundBars } from './round-bars.tsx';

const helper = createColumnHelper<typeof features, MonitorRow>();
/** Below this many days a certificate wants attention, and below that soon. */
const soonDays = 30;
const urgentDays = 7;

/** The columns of the list of monitors; what they are ordered by is lib/monitor-list. */
export const monitorColumns: readonly Column<MonitorRow>[] = [
  helper.accessor((row) => row.status.state, {
    id: 'state',
    header: 'State',
    meta: { min: 7.9, from: 0 },
    cell: ({ getValue }) => <MonitorBadge state={getValue()} />,
  }),
  helper.accessor('name', {
    id: 'name',
    header: 'Monitor',
    meta: { min: 8, grow: 1.5, from: 0 },
    cell: ({ getValue }) => <Text value={getValue()} className="font-medium text-ink" />,
  }),
  helper.accessor((row) => kindOf(row.probe), {
    id: 'kind',
    header: 'Kind',
    meta: { min: 5, from: 700 },
    cell: ({ getValue }) => <span className="text-ink-2">{kindLabels[getValue() as ShownKind]}</span>,
  }),
  helper.accessor((row) => targetOf(row.probe), {
    id: 'target',
    header: 'Target',
    meta: { min: 8.5, grow: 1.5, from: 960 },
    cell: ({ getValue }) => <Text value={getValue()} className="text-ink-2" />,
  }),
  helper.accessor((row) => row.status.response_ms, {
    id: 'response',
    header: 'Response',
    sortDescFirst: true,
    meta: { min: 5.2, from: 0, right: true },
    cell: ({ getValue }) => formatMs(getValue()),
  }),
  helper.display({
    id: 'rounds',
    header: 'Last rounds',
    enableSorting: false,
    meta: { min: 8, from: 620 },
    cell: ({ row }) => <RoundBars id={row.original.id} />,
  }),
  helper.accessor((row) => row.status.loss_ratio, {
    id: 'loss',
    header: 'Loss',
    sortDescFirst: true,
    meta: { min: 4.2, from: 860, right: true },
    cell: ({ getValue }) => <Loss ratio={getValue()} />,
  }),
  helper.accessor((row) => row.status.uptime.day, {
    id: 'uptime',
    header: 'Up 24 h',
    meta: { min: 5, from: 780, right: true },
    cell: ({ getValue }) => formatUptime(getValue()),
  }),
  helper.accessor((row) => row.status.certificate_days, {
    id: 'certificate',
    header: 'Certificate',
    meta: { min: 5.6, from: 1060, right: true },
    cell: ({ getValue }) => <CertificateDays days={getValue()} />,
  }),
  helper.accessor((row) => row.status.agents.length, {
    id: 'agents',
    header: 'Agents',
    sortDescFirst: true,
    meta: { min: 4.6, from: 1160, right: true },
    cell: ({ row }) => <AgentShare row={row.original} />,
  }),
  helper.accessor('interval_ms', {
    id: 'interval',
    header: 'Every',
    meta: { min: 4.2, from: 1240, right: true },
    cell: ({ getValue }) => <span className="text-ink-2">{formatSpan(getValue())}</span>,
  }),
  helper.accessor((row) => row.status.reason ?? '', {
    id: 'reason',
    header: 'Why',
    enableSorting: false,
    meta: { min: 8, grow: 2, from: 900 },
    cell: ({ row }) => <Why row={row.original} />,
  }),
];

/** Share of echoes that were lost, 0 to 1. */
export function Loss({ ratio }: { ratio: number | null }) {
  if (ratio === null) return <span className="text-ink-3">–</span>;
  return <span className={ratio > 0 ? 'text-orange' : 'text-ink-2'}>{formatPercent(ratio * 100)}</span>;
}

/** Days until a certificate ends, with a word where that is soon. */
export function CertificateDays({ days }: { days: number | null }) {
  if (days === null) return <span className="text-ink-3">–</span>;
  if (days < 0) return <span className="font-medium text-red">expired</span>;
  const tone = days < urgentDays ? 'text-red font-medium' : days < soonDays ? 'text-yellow' : 'text-ink-2';
  return <span className={tone}>{`${days < urgentDays ? days.toFixed(1) : Math.floor(days)} d`}</span>;
}

function AgentShare({ row: { status } }: { row: MonitorRow }) {
  const up = status.agents.filter(({ state }) => state === 'up').length;
  return (
    <span className={up < status.agents.length ? 'text-ink' : 'text-ink-2'}>
      {up}/{status.agents.length}
      <span className="sr-only"> agents see it up</span>
    </span>
  );
}

function Why({ row: { status } }: { row: MonitorRow }) {
  if (status.silenced !== null) {
    return (
      <span className="flex min-w-0 items-center gap-1.5">
        <span className="tone tone-blue shrink-0 rounded px-1.5 text-2xs font-semibold">silenced</span>
        <Text value={status.silenced} className="text-ink-2" />
      </span>
    );
  }
  return <Text value={status.reason} className="text-ink-2" />;
}
