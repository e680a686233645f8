import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useCallback, useMemo, useRef, useState } from 'react';
import type { AgentRow } from '../../../../src/wire/monitor-api.ts';
import { useKeys } from '../../app/keys.ts';
import { useAddress } from '../../app/use-address.ts';
import { formatCount } from '../../lib/format.ts';
import { agentRest } from '../../lib/rest.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { Empty, Failed, Loading } from '../../ui/message.tsx';
import { useColumnChoice } from '../../ui/use-column-choice.ts';
import { useMoves } from '../../ui/use-moves.ts';
import { useWidth } from '../../ui/use-size.ts';
import { AddAgents } from './add-agents.tsx';
import { agentColumns } from './agent-columns.tsx';
import { AgentDetails } from './agent-details.tsx';

const refreshMs = 2000;
/** Agents asked for; more are found by name. */
const maxAgents = 1000;
const idOf = (row: AgentRow): string => row.agent;
const isGone = (row: AgentRow): boolean => row.revoked_at !== null;

/** All agents, linked or not, and the ways for others to come in. */
export default function AgentsView() {
  const [query, set] = useAddress();
  const text = query.get('text') ?? '';
  const chosen = query.get('name');
  const list = useQuery({
    queryKey: ['agents', text],
    queryFn: ({ signal }) => agentRest.list({ limit: maxAgents, ...(text && { text }) }, signal),
    refetchInterval: refreshMs,
    placeholderData: (before) => before,
  });
  const rows = useMemo(() => list.data?.agents ?? [], [list.data]);
  const none = list.data !== undefined && rows.length === 0 && text === '';
  const adding = query.get('add') === 'true' || none;
  const host = useRef<HTMLElement>(null);
  const [hidden] = useColumnChoice(agentColumns, useWidth(host) - 2);
  const [sort, setSort] = useState({ id: 'agent', desc: false });
  const { marked, onOrder, keys } = useMoves<AgentRow>({
    opened: chosen,
    idOf,
    onOpen: (name) => set('name', name),
  });
  useKeys({ ...keys, Escape: () => set('name', null) });
  const onOpen = useCallback((row: AgentRow) => set('name', row.agent), [set]);
  const current = rows.find(({ agent }) => agent === chosen);
  const linked = rows.filter(({ connected }) => connected).length;
  return (
    <div className="relative flex min-h-0 flex-1">
      <main className="flex min-h-0 min-w-0 flex-1 flex-col gap-2.5 overflow-y-auto p-2.5 md:gap-3 md:p-3">
        {adding && <AddAgents />}
        <section
          ref={host}
          aria-label="Agents"
          className="panel flex min-h-[16rem] flex-1 flex-col overflow-hidden"
        >
          <div className="flex flex-wrap items-center gap-2 border-b border-line py-2 pr-2 pl-3.5">
            <h2 className="heading flex-1 whitespace-nowrap">
              {formatCount(rows.length)} {rows.length === 1 ? 'agent' : 'agents'}, {formatCount(linked)}{' '}
              linked
            </h2>
            <input
              type="search"
              data-search
              aria-label="Search agents"
              placeholder="Name, address, system"
              className="field w-52 max-w-full"
              value={text}
              maxLength={256}
              onChange={(event) => set('text', event.target.value)}
            />
            <button
              type="button"
              className="control"
              aria-expanded={adding}
              onClick={() => set('add', adding ? null : 'true')}
            >
              <Plus className="size-4" aria-hidden /> Add an agent
            </button>
          </div>
          {!list.data &&
            (list.isError ? (
              <Failed error={list.error} retry={() => void list.refetch()} />
            ) : (
              <Loading what="agents" />
            ))}
          {none && (
            <Empty title="No agent yet">
              <code>npm start</code> brings one of this machine along. For another machine make a token above
              and run the commands there, or have an agent wait with <code>--listen</code> and dial it.
            </Empty>
          )}
          {list.data && rows.length === 0 && !none && <Empty title="No agent matches" />}
          {rows.length > 0 && (
            <DataTable
              label="Agents"
              columns={agentColumns}
              hidden={hidden}
              rows={rows}
              rowId={idOf}
              sort={sort}
              onSort={setSort}
              selected={marked}
              faded={isGone}
              onOpen={onOpen}
              onOrder={onOrder}
            />
          )}
        </section>
      </main>
      {current && <AgentDetails row={current} onClose={() => set('name', null)} />}
    </div>
  );
}
