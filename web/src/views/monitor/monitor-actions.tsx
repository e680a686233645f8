import { useMutation } from '@tanstack/react-query';
import { Pencil, Play, Square, Trash2 } from 'lucide-react';
import { Link, useNavigate } from 'react-router';
import type { MonitorRow } from '../../../../src/wire/monitor.ts';
import { useWithAgents } from '../../app/use-agent-choice.ts';
import { monitorRest } from '../../lib/rest.ts';
import { useMonitorStore } from '../../live/use-monitors.ts';
import { ConfirmMenu } from '../../ui/confirm-menu.tsx';
import { Menu } from '../../ui/menu.tsx';

/** What can be done with a monitor: change, start and stop (on all agents or on one), remove. */
export function MonitorActions({ row }: { row: MonitorRow }) {
  const { id, status } = row;
  const store = useMonitorStore();
  const withAgents = useWithAgents();
  const move = useMutation({
    mutationFn: ({ action, agents }: { action: 'start' | 'stop'; agents?: readonly string[] }) =>
      monitorRest.move(id, action, agents),
    onSuccess: (moved) => store.put(moved),
  });
  const stopped = status.agents.filter(({ state }) => state === 'stopped');
  const isOff = !row.enabled;
  return (
    <div className="ml-auto flex flex-wrap items-center gap-1.5">
      {move.isError && (
        <span role="alert" className="text-xs text-red">
          {move.error.message}
        </span>
      )}
      <button
        type="button"
        className="control"
        disabled={move.isPending}
        onClick={() => move.mutate({ action: isOff ? 'start' : 'stop' })}
      >
        {isOff ? <Play className="size-4" aria-hidden /> : <Square className="size-4" aria-hidden />}
        {isOff ? 'Start' : 'Stop'}
      </button>
      {status.agents.length > 1 && (
        <Menu title="Start or stop on an agent" label="On agents" on={stopped.length > 0 && !isOff}>
          <ul className="flex flex-col gap-1.5 text-[0.8125rem]">
            {status.agents.map(({ agent, state }) => {
              const action = state === 'stopped' ? 'start' : 'stop';
              return (
                <li key={agent} className="flex items-center gap-3">
                  <span className="min-w-24 flex-1">{agent}</span>
                  <button
                    type="button"
                    className="control !h-7 text-xs"
                    aria-label={`${action === 'start' ? 'Start' : 'Stop'} on ${agent}`}
                    disabled={move.isPending}
                    onClick={() => move.mutate({ action, agents: [agent] })}
                  >
                    {action === 'start' ? 'Start' : 'Stop'}
                  </button>
                </li>
              );
            })}
          </ul>
        </Menu>
      )}
      <Link to={withAgents(`/monitors/${id}/edit`)} className="control">
        <Pencil className="size-4" aria-hidden /> Change
      </Link>
      <RemoveButton row={row} />
    </div>
  );
}

function RemoveButton({ row: { id, name } }: { row: MonitorRow }) {
  const store = useMonitorStore();
  const navigate = useNavigate();
  return (
    <ConfirmMenu
      title="Remove"
      label={<Trash2 className="size-4" aria-hidden />}
      confirm="Remove for good"
      act={() => monitorRest.remove(id)}
      onDone={() => {
        void navigate('/monitors');
        store.drop(id);
      }}
    >
      Remove <strong className="text-ink [overflow-wrap:anywhere]">{name}</strong> with all its rounds and
      incidents? This cannot be undone.
    </ConfirmMenu>
  );
}
