import { ArrowLeft } from 'lucide-react';
import { Link, useParams } from 'react-router';
import type { MonitorRow } from '../../../../src/wire/monitor.ts';
import { useAddress } from '../../app/use-address.ts';
import { useWithAgents } from '../../app/use-agent-choice.ts';
import { formatTime } from '../../lib/format.ts';
import { kindLabels, kindOf, targetOf } from '../../lib/monitors.ts';
import { useLive } from '../../live/use-live.ts';
import { useMonitor, useMonitors } from '../../live/use-monitors.ts';
import { Disconnected, Empty, Loading } from '../../ui/message.tsx';
import { MonitorBadge } from '../../ui/monitor-badge.tsx';
import { Text } from '../../ui/text.tsx';
import { AgentViews } from './agent-views.tsx';
import { CertificatePanel } from './certificate-panel.tsx';
import { EvidencePanel } from './evidence-panel.tsx';
import { Figures } from './figures.tsx';
import { IncidentsPanel } from './incidents-panel.tsx';
import { MonitorActions } from './monitor-actions.tsx';
import { ResponsePanel } from './response-panel.tsx';
import { RoundsPanel } from './rounds-panel.tsx';
import { UptimePanel } from './uptime-panel.tsx';

/** All there is to know of one monitor. */
export default function MonitorView() {
  const { id = '' } = useParams();
  const withAgents = useWithAgents();
  const { ready, phase } = useMonitors();
  const row = useMonitor(id);
  return (
    <main className="flex min-h-0 min-w-0 flex-1 flex-col gap-2.5 overflow-y-auto p-2.5 md:gap-3 md:p-3">
      {row && <Monitor row={row} />}
      {!row &&
        !ready &&
        (phase === 'offline' ? <Disconnected what="monitor" /> : <Loading what="the monitor" />)}
      {!row && ready && (
        <Empty title="No such monitor">
          It may have been removed.{' '}
          <Link to={withAgents('/monitors')} className="underline">
            All monitors
          </Link>
        </Empty>
      )}
    </main>
  );
}

function Monitor({ row }: { row: MonitorRow }) {
  const [query, set] = useAddress();
  const { id, status } = row;
  return (
    <>
      <Title row={row} />
      <Figures row={row} />
      <ResponsePanel row={row} />
      <div className="grid shrink-0 grid-cols-1 items-start gap-2.5 md:gap-3 xl:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-2.5 md:gap-3">
          <UptimePanel id={id} uptime={status.uptime} />
          <AgentViews row={row} />
          <EvidencePanel row={row} at={query.get('seen')} onNow={() => set('seen', null)} />
          <CertificatePanel id={id} />
        </div>
        <div className="flex min-w-0 flex-col gap-2.5 md:gap-3">
          <IncidentsPanel id={id} since={status.since} />
          <RoundsPanel id={id} agent={query.get('from')} onSeen={(at) => set('seen', at)} />
        </div>
      </div>
    </>
  );
}

function Title({ row }: { row: MonitorRow }) {
  const { name, probe, status, labels } = row;
  const withAgents = useWithAgents();
  const now = useLive((store) => store.serverSecond) * 1000;
  return (
    <section aria-label="Monitor" className="flex shrink-0 flex-col gap-1.5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <Link to={withAgents('/monitors')} className="control w-[2.125rem] !px-0" aria-label="All monitors">
          <ArrowLeft className="size-4" aria-hidden />
        </Link>
        <h2 className="flex min-w-0 text-lg font-semibold">
          <Text value={name} max={128} />
        </h2>
        <MonitorBadge state={status.state} />
        {status.since !== null && (
          <span className="text-xs text-ink-3">since {formatTime(status.since, now)}</span>
        )}
        <MonitorActions row={row} />
      </div>
      <p className="flex min-w-0 flex-wrap items-baseline gap-x-3 gap-y-1 text-[0.8125rem] text-ink-2">
        <span className="font-medium">{kindLabels[kindOf(probe)]}</span>
        <Text value={targetOf(probe)} className="min-w-0" />
        {Object.entries(labels).map(([label, value]) => (
          <span key={label} className="flex max-w-60 rounded-full border border-line px-2 text-xs">
            <Text value={`${label}=${value}`} max={60} />
          </span>
        ))}
      </p>
      {status.reason !== null && (
        <p className="flex text-[0.8125rem] text-ink">
          <Text value={status.reason} wrap max={1024} />
        </p>
      )}
      {status.silenced !== null && (
        <p className="tone tone-blue flex items-baseline gap-2 self-start rounded-md px-2 py-1 text-xs">
          <strong>Silenced</strong> <Text value={status.silenced} wrap max={256} />
        </p>
      )}
    </section>
  );
}
