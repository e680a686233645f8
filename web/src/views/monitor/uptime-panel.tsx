import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { MonitorStatus } from '../../../../src/wire/monitor.ts';
import { type Day, sumDays } from '../../lib/monitor-history.ts';
import { formatUptime } from '../../lib/monitors.ts';
import { monitorRest } from '../../lib/rest.ts';
import { Failed, Loading } from '../../ui/message.tsx';
import { Panel } from '../../ui/panel.tsx';

const days = 90;
const refreshMs = 60_000;
const width = 8;
const height = 32;

/** A bar for each of ninety days, and the uptime that the server reckons over four stretches. */
export function UptimePanel({ id, uptime }: { id: string; uptime: MonitorStatus['uptime'] }) {
  const history = useQuery({
    queryKey: ['monitor-days', id],
    queryFn: ({ signal }) => monitorRest.history(id, { since: `${days}d` }, signal),
    refetchInterval: refreshMs,
  });
  const bars = useMemo(() => (history.data ? sumDays(history.data, days, Date.now()) : null), [history.data]);
  const stretches = [
    ['24 hours', uptime.day],
    ['7 days', uptime.week],
    ['30 days', uptime.month],
    ['90 days', uptime.quarter],
  ] as const;
  return (
    <Panel title="Uptime" className="shrink-0">
      <dl className="grid grid-cols-4 gap-2 px-3.5 pb-2">
        {stretches.map(([name, share]) => (
          <div key={name}>
            <dt className="text-2xs text-ink-3">{name}</dt>
            <dd className="text-base font-semibold">{formatUptime(share)}</dd>
          </div>
        ))}
      </dl>
      {!bars &&
        (history.isError ? (
          <Failed error={history.error} retry={() => void history.refetch()} />
        ) : (
          <Loading what="the days" />
        ))}
      {bars && <DayBars days={bars} />}
    </Panel>
  );
}

function DayBars({ days: bars }: { days: readonly Day[] }) {
  const known = bars.filter(({ share }) => share !== null);
  const bad = known.filter(({ failed }) => failed > 0).length;
  return (
    <figure className="px-3.5 pb-3">
      <svg
        viewBox={`0 0 ${bars.length * width} ${height}`}
        preserveAspectRatio="none"
        className="h-9 w-full"
        role="img"
        aria-label={`Last ${bars.length} days: rounds on ${known.length} of them, failures on ${bad}`}
      >
        {bars.map((day, place) => (
          <DayBar key={day.at} day={day} x={place * width} />
        ))}
      </svg>
      <figcaption className="flex justify-between pt-1 text-2xs text-ink-3">
        <span>{bars.length} days ago</span>
        <span>a bar a day; the red part is the share of rounds that failed, of all agents</span>
        <span>today</span>
      </figcaption>
    </figure>
  );
}

/** Green from below, and red from above for what failed; grey and low where nothing is known. */
function DayBar({ day, x }: { day: Day; x: number }) {
  const bar = width - 2;
  const date = new Date(day.at).toISOString().slice(0, 10);
  if (day.share === null) {
    return (
      <rect x={x} y={height - 6} width={bar} height={6} fill="var(--line-strong)">
        <title>{`${date}: no round`}</title>
      </rect>
    );
  }
  // What failed is seen at once, however little it was.
  const bad = day.failed === 0 ? 0 : Math.max(5, (1 - day.share) * height);
  return (
    <g>
      <title>{`${date}: ${formatUptime(day.share)}, ${day.failed} of ${day.rounds} rounds failed`}</title>
      <rect x={x} y={bad} width={bar} height={height - bad} fill="var(--green)" opacity="0.75" />
      {bad > 0 && <rect x={x} width={bar} height={Math.max(0, bad - 1.5)} fill="var(--red)" />}
    </g>
  );
}
