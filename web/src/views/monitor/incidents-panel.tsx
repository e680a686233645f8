import { useInfiniteQuery } from '@tanstack/react-query';
import type { Incident } from '../../../../src/wire/monitor.ts';
import { formatDuration, formatTime } from '../../lib/format.ts';
import { monitorRest } from '../../lib/rest.ts';
import { useLive } from '../../live/use-live.ts';
import { MonitorBadge } from '../../ui/monitor-badge.tsx';
import { OlderList } from '../../ui/older-list.tsx';
import { Text } from '../../ui/text.tsx';

const pageSize = 20;

/** When a monitor was not up, why, and where that was seen. `since` is when its state last changed. */
export function IncidentsPanel({ id, since }: { id: string; since: string | null }) {
  const list = useInfiniteQuery({
    queryKey: ['monitor-incidents', id, since],
    queryFn: ({ pageParam, signal }) =>
      monitorRest.incidents(id, { limit: pageSize, ...(pageParam !== '' && { cursor: pageParam }) }, signal),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    placeholderData: (before) => before,
  });
  return (
    <OlderList
      title="Incidents"
      className="max-h-112"
      list={list}
      rowsOf={(page) => page.incidents}
      keyOf={(incident) => incident.id}
      what="incidents"
      nothing="No incident so far"
    >
      {(incident) => <IncidentItem incident={incident} />}
    </OlderList>
  );
}

function IncidentItem({ incident }: { incident: Incident }) {
  const now = useLive((store) => store.serverSecond) * 1000;
  const { state, started_at, ended_at, duration_ms, reason, agents, silenced } = incident;
  return (
    <div className="flex flex-col gap-0.5 px-1.5 py-1.5">
      <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <MonitorBadge state={state} />
        <span className="text-ink-2">
          {formatTime(started_at, now)} – {ended_at === null ? 'now' : formatTime(ended_at, now)}
        </span>
        <span className="ml-auto text-ink">
          {formatDuration(duration_ms ?? Math.max(0, now - Date.parse(started_at)))}
        </span>
      </span>
      {reason && (
        <span className="text-ink">
          <Text value={reason.message} wrap max={512} />{' '}
          <Text value={reason.code} className="text-xs text-ink-3" />
        </span>
      )}
      <span className="text-xs text-ink-3">
        seen from <Text value={agents.join(', ')} wrap max={300} />
        {silenced !== null && (
          <>
            {'; silenced: '}
            <Text value={silenced} wrap max={256} />
          </>
        )}
      </span>
    </div>
  );
}
