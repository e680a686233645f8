import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef } from 'react';
import { useNavigate } from 'react-router';
import type { Connection } from '../../../../src/wire/connection.ts';
import { useKeys } from '../../app/keys.ts';
import { useAddress } from '../../app/use-address.ts';
import { useAgentChoice, useWithAgents } from '../../app/use-agent-choice.ts';
import { topDestinations, topProcesses } from '../../lib/error-summary.ts';
import { writeFilters } from '../../lib/filters.ts';
import { formatCount } from '../../lib/format.ts';
import { rest } from '../../lib/rest.ts';
import { useRows } from '../../live/use-live.ts';
import { Empty, Failed, Loading } from '../../ui/message.tsx';
import { RangePicker, readRange } from '../../ui/range-picker.tsx';
import { useMoves } from '../../ui/use-moves.ts';
import { DetailsDrawer } from '../connections/details-drawer.tsx';
import { ErrnoShare, ErrorTimeline } from './error-charts.tsx';
import { LiveErrors } from './live-errors.tsx';
import { TopList } from './top-list.tsx';

const topCount = 6;
/** A new failure is worth asking for the sums again when they are older than this. */
const freshMs = 1000;

/** Every connection that failed: as they come, over time, and where they pile up. */
export default function ErrorsView() {
  const [query, set] = useAddress();
  const range = readRange(query, '1h');
  const selected = query.get('id');
  const navigate = useNavigate();
  const close = useCallback(() => set('id', null), [set]);
  const agent = useAgentChoice();
  const withAgents = useWithAgents();
  const view = useRows<Connection>({ topic: 'errors', agent });
  const { marked, onOrder, keys } = useMoves<Connection>({
    opened: selected,
    idOf,
    onOpen: (id) => set('id', id),
  });
  useKeys({ ...keys, Escape: close });
  return (
    <div className="relative flex min-h-0 flex-1">
      <main className="flex min-w-0 flex-1 flex-col gap-2.5 overflow-y-auto p-2.5 md:gap-3 md:p-3">
        <Summary range={range} newest={view.rows[0]?.id ?? null} onRange={(value) => set('range', value)} />
        <LiveErrors
          rows={view.rows}
          ready={view.ready}
          selected={marked}
          onOpen={(row) => set('id', idOf(row))}
          onOrder={onOrder}
        />
      </main>
      {selected !== null && (
        <DetailsDrawer
          id={selected}
          live={view.rows.find((row) => idOf(row) === selected)}
          onClose={close}
          onFilter={(filters) =>
            void navigate(withAgents(`/?${writeFilters(new URLSearchParams(), filters)}`))
          }
        />
      )}
    </div>
  );
}

const idOf = (row: Connection): string => String(row.id);

interface SummaryProps {
  readonly range: string;
  /** Id of the failure that came last. */
  readonly newest: number | null;
  readonly onRange: (range: string) => void;
}

function Summary({ range, newest, onRange }: SummaryProps) {
  const agent = useAgentChoice();
  const query = useQuery({
    queryKey: ['errors', range, agent],
    queryFn: ({ signal }) => rest.errors({ since: range, agent, limit: 1000 }, signal),
    refetchInterval: 5000,
    placeholderData: (before) => before,
  });
  const { data: list, dataUpdatedAt, refetch } = query;
  const fetchedAt = useRef(0);
  fetchedAt.current = dataUpdatedAt;
  useEffect(() => {
    if (newest !== null && Date.now() - fetchedAt.current > freshMs) void refetch();
  }, [newest, refetch]);
  return (
    <>
      <section aria-label="Failures over time" className="panel shrink-0">
        <div className="flex flex-wrap items-center gap-2 px-3.5 pt-2.5">
          <h2 className="heading mr-auto">
            Failures{' '}
            {list && (
              <span className="font-normal text-ink-3">{formatCount(totalOf(list.errors))} in the range</span>
            )}
          </h2>
          <RangePicker range={range} onRange={onRange} />
        </div>
        {!list &&
          (query.isError ? (
            <Failed error={query.error} retry={() => void refetch()} />
          ) : (
            <Loading what="errors" />
          ))}
        {list && list.errors.length === 0 && (
          <Empty title="No failures in this range">
            A connection that fails or breaks appears here at once.
          </Empty>
        )}
        {list && list.errors.length > 0 && (
          <div className="grid grid-cols-1 lg:grid-cols-[minmax(0,2.2fr)_minmax(0,1fr)]">
            <ErrorTimeline list={list} />
            <ErrnoShare list={list} />
          </div>
        )}
      </section>
      {list && list.errors.length > 0 && (
        <div className="grid shrink-0 grid-cols-1 gap-2.5 md:gap-3 lg:grid-cols-2">
          <TopList title="Failing destinations" rows={topDestinations(list.errors, topCount)} />
          <TopList title="Failing processes" rows={topProcesses(list.errors, topCount)} />
        </div>
      )}
    </>
  );
}

function totalOf(groups: ReadonlyArray<{ count: number }>): number {
  return groups.reduce((sum, group) => sum + group.count, 0);
}
