import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { MonitorRow } from '../../../../src/wire/monitor.ts';
import { formatCount, formatTime } from '../../lib/format.ts';
import { monitorRest } from '../../lib/rest.ts';
import { useLive } from '../../live/use-live.ts';
import { Failed } from '../../ui/message.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Text } from '../../ui/text.tsx';

const refreshMs = 15_000;

/** Where a round leads to what the sensors saw around it. */
export const evidenceId = 'evidence';

/**
 * What the agents' own sensors saw of connections to the same destination: around `at`, the time of a round, or else
 * around the last failure or now. `onNow` takes `at` back.
 */
export function EvidencePanel(props: { row: MonitorRow; at: string | null; onNow: () => void }) {
  const { id, status } = props.row;
  const asked = props.at !== null && !Number.isNaN(Date.parse(props.at)) ? props.at : undefined;
  const failed = status.agents
    .map(({ last }) => last)
    .filter((last) => last?.outcome === 'down')
    .map((last) => last!.at)
    .sort()
    .at(-1);
  const at = asked ?? failed;
  const evidence = useQuery({
    queryKey: ['monitor-evidence', id, at],
    queryFn: ({ signal }) => monitorRest.evidence(id, { at }, signal),
    refetchInterval: refreshMs,
    placeholderData: (before) => before,
  });
  const { data } = evidence;
  const now = useLive((store) => store.serverSecond) * 1000;
  return (
    <Panel
      title="What the sensors saw"
      note={data && `${formatTime(data.since, now)} – ${formatTime(data.until, now)}`}
      actions={
        asked !== undefined && (
          <button type="button" className="control !h-7 text-xs" onClick={props.onNow}>
            Newest
          </button>
        )
      }
    >
      <span id={evidenceId} />
      {evidence.isError && <Failed error={evidence.error} retry={() => void evidence.refetch()} />}
      {data && data.address === null && (
        <p className="px-3.5 pb-3 text-xs text-ink-3">No round has reached for an address yet.</p>
      )}
      {data && data.address !== null && (
        <>
          <p className="flex px-3.5 pb-1 text-xs text-ink-2">
            Connections of any program to <Text value={data.address} className="ml-1 font-medium text-ink" />
          </p>
          {data.agents.length === 0 && (
            <p className="px-3.5 pb-3 text-xs text-ink-3">None in these minutes.</p>
          )}
          <ul className="mx-3.5 mb-2 divide-y divide-line text-[0.8125rem]">
            {data.agents.map(({ agent, connections, failures }) => (
              <li key={agent} className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 py-1.5">
                <span className="flex min-w-24">
                  <Text value={agent} className="text-ink" />
                </span>
                <span className="text-ink-2">{formatCount(connections)} connections</span>
                {Object.entries(failures).map(([error, times]) => (
                  <span key={error} className="text-red">
                    {error} × {formatCount(times)}
                  </span>
                ))}
                <Link
                  className="ml-auto text-xs underline"
                  to={`/?${new URLSearchParams({ remote: data.address ?? '', agent })}`}
                >
                  Show them
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}
