import { Plus } from 'lucide-react';
import { useCallback, useDeferredValue, useMemo } from 'react';
import { Link, useNavigate } from 'react-router';
import type { MonitorRow, MonitorState } from '../../../../src/wire/monitor.ts';
import { useKeys } from '../../app/keys.ts';
import { useAddress } from '../../app/use-address.ts';
import { useWithAgents } from '../../app/use-agent-choice.ts';
import { toggleValue } from '../../lib/filters.ts';
import { formatCount } from '../../lib/format.ts';
import {
  listAgents,
  listLabels,
  matchesMonitor,
  readMonitorFilters,
  sortMonitors,
} from '../../lib/monitor-list.ts';
import { countStates } from '../../lib/monitors.ts';
import { useMonitors } from '../../live/use-monitors.ts';
import { Disconnected, Empty, Loading } from '../../ui/message.tsx';
import { useMoves } from '../../ui/use-moves.ts';
import { MonitorTable } from './monitor-table.tsx';
import { MonitorChips, MonitorToolbar } from './monitor-toolbar.tsx';
import { StateBar } from './state-bar.tsx';
import { YamlMenu } from './yaml-menu.tsx';

const idOf = (row: MonitorRow): string => row.id;

/** All monitors: how many are in which state, and a list to find, sort and group them. */
export default function MonitorsView() {
  const [query, set] = useAddress();
  const navigate = useNavigate();
  const { rows, ready, phase } = useMonitors();
  const filters = useMemo(() => readMonitorFilters(query), [query]);
  const sort = query.get('sort') ?? 'state';
  const group = query.get('group') ?? '';
  // Of what is typed and of what comes in, typing goes first.
  const wanted = useDeferredValue(filters);
  const counted = useMemo(
    () => countStates(rows.filter((row) => matchesMonitor(row, { ...wanted, states: [] }))),
    [rows, wanted],
  );
  const shown = useMemo(
    () =>
      sortMonitors(
        rows.filter((row) => matchesMonitor(row, wanted)),
        sort,
      ),
    [rows, wanted, sort],
  );
  const labels = useMemo(() => listLabels(rows), [rows]);
  const agents = useMemo(() => listAgents(rows), [rows]);
  const withAgents = useWithAgents();
  const open = useCallback(
    (id: string) => void navigate(withAgents(`/monitors/${id}`)),
    [navigate, withAgents],
  );
  const { marked, onOrder, keys } = useMoves<MonitorRow>({ opened: null, idOf, onOpen: open });
  useKeys(keys);
  const onOpen = useCallback((row: MonitorRow) => open(row.id), [open]);
  const toggleState = (state: MonitorState): void =>
    set('state', toggleValue(query.get('state') ?? undefined, state) ?? null);
  return (
    <main className="flex min-h-0 min-w-0 flex-1 flex-col gap-2.5 p-2.5 md:gap-3 md:p-3">
      {ready && rows.length > 0 && (
        <StateBar counts={counted} chosen={filters.states} onToggle={toggleState} />
      )}
      <MonitorToolbar filters={filters} sort={sort} group={group} labels={labels} agents={agents} set={set}>
        <YamlMenu />
        <Link to="/new-monitor" className="control !border-accent !bg-accent font-semibold !text-accent-ink">
          <Plus className="size-4" aria-hidden /> New monitor
        </Link>
      </MonitorToolbar>
      <MonitorChips filters={filters} set={set} />
      <section aria-label="Monitors" className="panel flex min-h-0 flex-1 flex-col overflow-hidden">
        {!ready && (phase === 'offline' ? <Disconnected what="monitors" /> : <Loading what="monitors" />)}
        {ready && rows.length === 0 && <NoMonitor />}
        {ready && rows.length > 0 && shown.length === 0 && (
          <Empty title="No monitor matches">
            {formatCount(rows.length)} are there; take a filter off to see them.
          </Empty>
        )}
        {shown.length > 0 && (
          <MonitorTable
            rows={shown}
            group={group}
            sort={sort}
            onSort={(value) => set('sort', value === 'state' ? null : value)}
            selected={marked}
            onOpen={onOpen}
            onOrder={onOrder}
          />
        )}
      </section>
    </main>
  );
}

function NoMonitor() {
  return (
    <Empty title="No monitor yet">
      A monitor has your agents ask a service again and again, over HTTP, ICMP, DNS, NTP, TCP or UDP, and
      tells when it is slow or gone.{' '}
      <Link to="/new-monitor" className="underline">
        Make the first one
      </Link>
    </Empty>
  );
}
