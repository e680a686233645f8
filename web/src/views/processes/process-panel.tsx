import { Link } from 'react-router';
import type { ProcessRow } from '../../../../src/wire/machine.ts';
import { useAgentChoice, useWithAgents } from '../../app/use-agent-choice.ts';
import { LiveChart } from '../../charts/live-chart.tsx';
import { formatBytes, formatCount, formatRate, formatTime } from '../../lib/format.ts';
import { useSamples } from '../../live/use-live.ts';
import { Text } from '../../ui/text.tsx';

/** One process: its bandwidth over the last 30 s, and what is known of it. */
export function ProcessPanel({ row, chosen }: { row: ProcessRow; chosen: boolean }) {
  const agent = useAgentChoice();
  const withAgents = useWithAgents();
  const read = useSamples({ topic: 'bandwidth', by: 'process', key: row.key, agent });
  return (
    <section aria-label="Process" className="panel grid shrink-0 md:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="flex min-w-0 flex-col">
        <h2 className="flex min-w-0 items-baseline gap-2 px-3.5 pt-2.5 text-sm">
          <Text value={row.process_name} className="font-semibold" />
          <span className="text-xs text-ink-3">{row.process_id}</span>
          <span className="ml-3 flex gap-3 text-xs">
            <span className="w-20 text-down">↓ {formatRate(row.download_speed)}</span>
            <span className="w-20 text-up">↑ {formatRate(row.upload_speed)}</span>
          </span>
          {!chosen && (
            <span className="ml-auto truncate text-xs text-ink-3 max-sm:hidden">
              most traffic; select another below
            </span>
          )}
        </h2>
        <LiveChart sparse read={read} label="Bandwidth of the process, last 30 seconds" className="h-44" />
      </div>
      <dl className="grid grid-cols-[5.5rem_minmax(0,1fr)] content-start gap-x-3 gap-y-1 border-line p-3.5 text-[0.8125rem] max-md:border-t md:border-l">
        <dt className="text-ink-3">Command</dt>
        <dd className="line-clamp-2 text-ink-2">
          <Text value={row.command_line} wrap max={300} />
        </dd>
        <dt className="text-ink-3">User</dt>
        <dd className="truncate text-ink-2">
          <Text value={row.user} />
        </dd>
        <dt className="text-ink-3">Started</dt>
        <dd className="text-ink-2">{formatTime(row.started_at, Date.now())}</dd>
        <dt className="text-ink-3">Received</dt>
        <dd className="text-ink-2">{formatBytes(row.bytes_received)}</dd>
        <dt className="text-ink-3">Sent</dt>
        <dd className="text-ink-2">{formatBytes(row.bytes_sent)}</dd>
        <dt className="text-ink-3">Connections</dt>
        <dd className="text-ink-2">
          <Link
            to={withAgents(`/?pid=${row.process_id}`)}
            className="underline decoration-line-strong underline-offset-3 hover:text-ink"
          >
            {formatCount(row.connections)} open
          </Link>
          , {formatCount(row.connections_total)} ever
        </dd>
      </dl>
    </section>
  );
}
