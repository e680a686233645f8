import { useInfiniteQuery } from '@tanstack/react-query';
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import type { ResultList } from '../../../../src/client/monitor-rest.ts';
import { formatMs, formatTime } from '../../lib/format.ts';
import { responseOf } from '../../lib/monitors.ts';
import { monitorRest } from '../../lib/rest.ts';
import { useLive } from '../../live/use-live.ts';
import { MonitorBadge } from '../../ui/monitor-badge.tsx';
import { OlderList } from '../../ui/older-list.tsx';
import { Text } from '../../ui/text.tsx';
import { evidenceId } from './evidence-panel.tsx';
import { RoundDetail } from './round-detail.tsx';

type Result = ResultList['results'][number];

const pageSize = 30;
const refreshMs = 3000;

/** The last rounds of a monitor, each with what was found in full. */
export function RoundsPanel(props: {
  id: string;
  agent: string | null;
  /** Asked for what the sensors saw around a round of that time. */
  onSeen: (at: string) => void;
}) {
  const { id, agent, onSeen } = props;
  const list = useInfiniteQuery({
    queryKey: ['monitor-results', id, agent],
    queryFn: ({ pageParam, signal }) =>
      monitorRest.results(
        id,
        {
          limit: pageSize,
          ...(agent !== null && { agent }),
          ...(pageParam !== '' && { cursor: pageParam }),
        },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    // Once older ones are on show they are not all asked for again and again.
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? refreshMs : false),
  });
  return (
    <OlderList
      title="Last rounds"
      note={agent !== null && <>from {agent}</>}
      className="max-h-160"
      list={list}
      rowsOf={(page) => page.results}
      keyOf={(result) => `${result.agent} ${result.at}`}
      what="rounds"
      nothing="No round yet"
    >
      {(result) => <RoundItem result={result} onSeen={onSeen} />}
    </OlderList>
  );
}

function RoundItem({ result, onSeen }: { result: Result; onSeen: (at: string) => void }) {
  const [open, setOpen] = useState(false);
  const now = useLive((store) => store.serverSecond) * 1000;
  const { at, outcome, agent, reason, attempts } = result;
  return (
    <>
      <button
        type="button"
        aria-expanded={open}
        className="flex min-h-8 w-full flex-wrap items-center gap-x-2.5 gap-y-0.5 rounded px-1.5 py-1 text-left hover:bg-raised"
        onClick={() => setOpen(!open)}
      >
        <ChevronRight className={`size-3.5 shrink-0 text-ink-3 ${open ? 'rotate-90' : ''}`} aria-hidden />
        <span className="w-18 shrink-0 text-ink-2">{formatTime(at, now)}</span>
        <span className="flex w-24 min-w-0 shrink-0 text-ink-2">
          <Text value={agent} />
        </span>
        <MonitorBadge state={outcome} />
        {reason ? (
          <span className="flex min-w-0 flex-1 max-sm:order-last max-sm:basis-full max-sm:pl-6">
            <Text value={reason.message} className="text-ink" />
          </span>
        ) : (
          <span className="flex-1" />
        )}
        {attempts > 1 && <span className="text-xs text-ink-3">{attempts} tries</span>}
        <span className="w-18 shrink-0 text-right text-ink">{formatMs(responseOf(result))}</span>
      </button>
      {open && <RoundDetail result={result} />}
      {open && outcome !== 'up' && result.address !== null && (
        <button
          type="button"
          className="mx-2 mb-2 text-xs underline"
          onClick={() => {
            onSeen(at);
            document.getElementById(evidenceId)?.scrollIntoView({ block: 'center' });
          }}
        >
          What the sensors saw then
        </button>
      )}
    </>
  );
}
