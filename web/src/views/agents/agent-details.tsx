import { useQuery, useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { describeLoss } from '../../../../src/client/describe-loss.ts';
import type { GapRow } from '../../../../src/wire/gap.ts';
import type { AgentRow } from '../../../../src/wire/monitor-api.ts';
import { listFaults } from '../../lib/agents.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMs,
  formatPercent,
  formatTime,
} from '../../lib/format.ts';
import { agentRest } from '../../lib/rest.ts';
import { ConfirmMenu } from '../../ui/confirm-menu.tsx';
import { Text } from '../../ui/text.tsx';
import { formatOffset, LinkBadge } from './agent-columns.tsx';

const refreshMs = 5_000;

/** Everything known of one agent, beside the list. */
export function AgentDetails({ row, onClose }: { row: AgentRow; onClose: () => void }) {
  const now = Date.now();
  const { agent } = row;
  // What the list leaves out: its gaps, and what it says of itself.
  const whole = useQuery({
    queryKey: ['agents', 'one', agent],
    queryFn: ({ signal }) => agentRest.read(agent, signal),
    refetchInterval: refreshMs,
  });
  const { gaps = [], description = null } = whole.data ?? {};
  const faults = listFaults(row, now);
  return (
    <aside
      role="dialog"
      aria-label="Agent details"
      className="z-20 flex w-[25rem] shrink-0 flex-col overflow-y-auto border-l border-line bg-panel max-lg:absolute max-lg:inset-y-0 max-lg:right-0 max-lg:shadow-2xl max-md:w-full"
    >
      <div className="flex items-center gap-2 border-b border-line px-4 py-2.5">
        <h2 className="flex min-w-0 flex-1 items-center gap-2 text-base font-semibold">
          <Text value={agent} />
          <LinkBadge row={row} />
        </h2>
        <button
          type="button"
          className="control w-[2.125rem] !px-0"
          aria-label="Close the details"
          onClick={onClose}
        >
          <X className="size-4" aria-hidden />
        </button>
      </div>
      <div className="flex flex-col gap-4 p-4 text-[0.8125rem]">
        {faults.length > 0 && (
          <ul
            aria-label="What is wrong"
            className="tone tone-yellow flex flex-col gap-1 rounded-lg p-2.5 text-xs"
          >
            {faults.map((fault) => (
              <li key={fault}>
                <Text value={fault} wrap max={512} />
              </li>
            ))}
          </ul>
        )}
        <Facts
          title="Link"
          facts={[
            ['Dialled by', row.dialled_by === 'agent' ? 'the agent' : 'this server'],
            ['Address', <Text key="address" value={row.address} wrap />],
            ['Encrypted', row.tls ? 'yes, TLS' : 'no'],
            ['Certificate until', formatTime(row.certificate_until, now)],
            ...(row.revoked_at === null ? [] : [['Revoked', formatTime(row.revoked_at, now)] as const]),
            ['First seen', formatTime(row.first_seen, now)],
            ['Last seen', formatTime(row.last_seen, now)],
            ['Lag', formatMs(row.lag_ms)],
            ['Clock offset', formatOffset(row.clock_offset_ms)],
            ['Spool', `${formatCount(row.spooled_records)} records, ${formatBytes(row.spooled_bytes)}`],
            ['Lost', formatCount(row.lost_records)],
          ]}
        />
        <Facts
          title="Machine"
          facts={[
            ['System', <Text key="os" value={row.os} wrap />],
            ['Kernel', <Text key="kernel" value={row.kernel} wrap />],
            ['netmon', <Text key="version" value={row.version} />],
            ['Its cost', `${formatPercent(row.cpu_percent)} CPU, ${formatBytes(row.memory_bytes)}`],
          ]}
        />
        <Facts
          title="Sensors"
          facts={row.sensors.map(({ name, level, reason }) => [
            name,
            <Text key={name} value={reason === null ? level : `${level}: ${reason}`} wrap max={300} />,
          ])}
        />
        {gaps.length > 0 && <Gaps gaps={gaps} now={now} />}
        {description && (
          <Facts
            title="Probes"
            facts={[
              ['Monitors', formatCount(description.monitors)],
              ['Rounds a minute', formatCount(description.probes_per_minute)],
              ['Late, 99 %', formatMs(description.late_p99_ms)],
              ['Running for', formatDuration(description.uptime_s * 1000)],
              [
                'Forbidden orders',
                <Text key="forbidden" value={description.forbidden.join(', ') || 'none'} wrap />,
              ],
            ]}
          />
        )}
        <div className="flex flex-wrap gap-2">
          <Link to={`/monitors?${new URLSearchParams({ agent })}`} className="control">
            Its monitors
          </Link>
          <Link to={`/?${new URLSearchParams({ agent })}`} className="control">
            Its connections
          </Link>
          {row.certificate_until !== null && row.revoked_at === null && <RevokeButton agent={agent} />}
        </div>
      </div>
    </aside>
  );
}

function Facts({ title, facts }: { title: string; facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <section aria-label={title}>
      <h3 className="heading mb-1.5">{title}</h3>
      <dl className="grid grid-cols-[8rem_minmax(0,1fr)] gap-x-3 gap-y-1 text-xs">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-3">{name}</dt>
            <dd className="min-w-0 text-ink-2 [overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What of its records this server lacks. */
function Gaps({ gaps, now }: { gaps: readonly GapRow[]; now: number }) {
  return (
    <section aria-label="Gaps">
      <h3 className="heading mb-1.5">Gaps</h3>
      <ul className="flex flex-col gap-1 text-xs text-ink-2">
        {gaps.map((gap, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a gap has no name, and several may be of one moment
          <li key={i}>
            <span className="text-ink-3">{formatTime(gap.at, now)}</span> {describeLoss(gap)}{' '}
            <Text value={`(${gap.reason})`} wrap max={300} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function RevokeButton({ agent }: { agent: string }) {
  const queries = useQueryClient();
  return (
    <ConfirmMenu
      title="Revoke its certificate"
      label="Revoke"
      confirm="Revoke for good"
      act={() => agentRest.revoke(agent)}
      onDone={() => void queries.invalidateQueries({ queryKey: ['agents'] })}
    >
      Revoke the certificate of <strong className="text-ink">{agent}</strong>? Its link ends at once, and it
      comes back only when it is enrolled again.
    </ConfirmMenu>
  );
}
