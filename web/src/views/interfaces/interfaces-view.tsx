import { ArrowDown, ArrowUp } from 'lucide-react';
import { Link } from 'react-router';
import type { InterfaceRow } from '../../../../src/wire/machine.ts';
import { useAgentChoice, useWithAgents } from '../../app/use-agent-choice.ts';
import { LiveChart } from '../../charts/live-chart.tsx';
import { formatBytes, formatCount, formatPercent, formatRate, unknown } from '../../lib/format.ts';
import { useLive, useRows, useSamples } from '../../live/use-live.ts';
import { Disconnected, Empty, Loading } from '../../ui/message.tsx';
import { Text } from '../../ui/text.tsx';

/** Interfaces beyond this many are listed without a chart, as each chart is a subscription. */
const maxCharts = 16;

/** Every network interface with its traffic, state and faults. */
export default function InterfacesView() {
  const agent = useAgentChoice();
  const view = useRows<InterfaceRow>({ topic: 'interfaces', agent });
  const phase = useLive((store) => store.link.phase);
  const rows = [...view.rows].sort(
    (a, b) =>
      Number(b.up) - Number(a.up) ||
      Number(a.kind === 'loopback') - Number(b.kind === 'loopback') ||
      a.index - b.index,
  );
  return (
    <main className="flex min-h-0 min-w-0 flex-1 flex-col overflow-y-auto p-2.5 md:p-3">
      {!view.ready &&
        (phase === 'offline' ? <Disconnected what="interfaces" /> : <Loading what="interfaces" />)}
      {view.ready && rows.length === 0 && <Empty title="No interface is known" />}
      <div className="grid gap-2.5 md:gap-3 lg:grid-cols-2 2xl:grid-cols-3">
        {rows.map((row, index) => (
          <InterfaceCard key={row.name} row={row} chart={index < maxCharts} />
        ))}
      </div>
    </main>
  );
}

function InterfaceCard({ row, chart }: { row: InterfaceRow; chart: boolean }) {
  const agent = useAgentChoice();
  const withAgents = useWithAgents();
  const read = useSamples(chart ? { topic: 'bandwidth', by: 'interface', key: row.name, agent } : null);
  const state = row.up ? (row.carrier ? 'Up' : 'No carrier') : 'Down';
  const tone = row.up ? (row.carrier ? 'green' : 'orange') : 'grey';
  return (
    <article aria-label={`Interface ${row.name}`} className="panel flex min-w-0 flex-col gap-2 p-3.5">
      <div className="flex min-w-0 items-center gap-2.5">
        <h2 className="flex min-w-0 text-base font-semibold">
          <Text value={row.name} />
        </h2>
        <span
          className={`tone tone-${tone} inline-flex items-center gap-1.5 rounded px-1.5 text-2xs font-semibold`}
        >
          <span className="size-1.5 rounded-full bg-(--tone)" aria-hidden />
          {state}
        </span>
        <span className="truncate text-xs text-ink-3">
          <Text value={row.kind} />
        </span>
        <Link
          to={withAgents(`/?chart=interface:${encodeURIComponent(row.name)}`)}
          className="ml-auto text-xs whitespace-nowrap text-ink-3 hover:text-ink"
        >
          Show in chart
        </Link>
      </div>
      <div className="flex flex-wrap items-baseline gap-x-6 gap-y-1">
        <BigRate icon={ArrowDown} label="Download" color="text-down" value={row.download_speed} />
        <BigRate icon={ArrowUp} label="Upload" color="text-up" value={row.upload_speed} />
        <span className="ml-auto text-xs text-ink-3">
          {formatCount(row.packets_received_per_s)} in, {formatCount(row.packets_sent_per_s)} out packets/s
        </span>
      </div>
      {chart && row.up && (
        <LiveChart compact sparse read={read} label={`Bandwidth of ${row.name}`} className="h-20" />
      )}
      <Utilisation row={row} />
      <InterfaceFacts row={row} />
    </article>
  );
}

function BigRate(props: { icon: typeof ArrowDown; label: string; color: string; value: number }) {
  const Icon = props.icon;
  return (
    <span className={`flex items-center gap-1 text-xl font-semibold ${props.color}`}>
      <Icon className="size-4" aria-label={props.label} />
      {formatRate(props.value)}
    </span>
  );
}

function Utilisation({ row }: { row: InterfaceRow }) {
  const percent = row.utilization_percent;
  if (row.speed_mbps === null) return null;
  const speed = `${formatCount(row.speed_mbps)} Mbit/s`;
  return (
    <div className="flex items-center gap-3 text-xs text-ink-3">
      <div className="h-1.5 flex-1 overflow-hidden rounded-full bg-raised" aria-hidden>
        <div
          className={`h-full rounded-full ${(percent ?? 0) > 80 ? 'bg-red' : 'bg-accent'}`}
          style={{ width: `${Math.min(100, percent ?? 0)}%` }}
        />
      </div>
      <span className="whitespace-nowrap">
        {percent === null ? speed : `${formatPercent(percent)} of ${speed}`}
      </span>
    </div>
  );
}

function InterfaceFacts({ row }: { row: InterfaceRow }) {
  const faults = row.errors_received + row.errors_sent + row.drops_received + row.drops_sent;
  return (
    <dl className="grid grid-cols-[6rem_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-[0.8125rem]">
      <dt className="text-ink-3">Addresses</dt>
      <dd className="min-w-0 text-ink-2">
        {row.addresses.length === 0 ? unknown : <Text value={row.addresses.join('  ')} wrap max={400} />}
      </dd>
      <dt className="text-ink-3">Received</dt>
      <dd className="text-ink-2">
        {formatBytes(row.bytes_received)} · {formatCount(row.packets_received)} packets
      </dd>
      <dt className="text-ink-3">Sent</dt>
      <dd className="text-ink-2">
        {formatBytes(row.bytes_sent)} · {formatCount(row.packets_sent)} packets
      </dd>
      <dt className="text-ink-3">Faults</dt>
      <dd className={faults > 0 ? 'text-orange' : 'text-ink-2'}>
        {faults === 0
          ? 'none'
          : `${formatCount(row.errors_received)}/${formatCount(row.errors_sent)} errors, ${formatCount(row.drops_received)}/${formatCount(row.drops_sent)} drops in/out`}
      </dd>
      <dt className="text-ink-3">Link</dt>
      <dd className="text-ink-2">
        MTU {row.mtu}
        {row.mac !== null && (
          <>
            {' · '}
            <Text value={row.mac} />
          </>
        )}
      </dd>
    </dl>
  );
}
