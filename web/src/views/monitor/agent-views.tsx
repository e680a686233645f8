import type { AgentView, MonitorRow } from '../../../../src/wire/monitor.ts';
import { formatMs, formatTime } from '../../lib/format.ts';
import { responseOf } from '../../lib/monitors.ts';
import { useLive } from '../../live/use-live.ts';
import { MonitorBadge } from '../../ui/monitor-badge.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Text } from '../../ui/text.tsx';

/** How each agent sees a monitor. */
export function AgentViews({ row }: { row: MonitorRow }) {
  const { agents } = row.status;
  const needed = Math.min(row.quorum, Math.max(1, agents.length));
  return (
    <Panel
      title="Agents"
      note={agents.length > 1 && `down when ${needed} of ${agents.length} agree`}
      className="shrink-0"
    >
      {agents.length === 0 && (
        <p className="px-3.5 pb-3 text-xs text-ink-3">No agent is linked that would carry it out.</p>
      )}
      {agents.length > 0 && (
        <div className="overflow-x-auto pb-1">
          <table className="list-table">
            <thead>
              <tr>
                <th scope="col">Agent</th>
                <th scope="col">State</th>
                <th scope="col" className="text-right">
                  Response
                </th>
                <th scope="col">Last round</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              {agents.map((view) => (
                <AgentLine key={view.agent} view={view} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function AgentLine({ view: { agent, state, last } }: { view: AgentView }) {
  const now = useLive((store) => store.serverSecond) * 1000;
  return (
    <tr>
      <td>
        <Text value={agent} className="text-ink" />
      </td>
      <td>
        <MonitorBadge state={state} />
      </td>
      <td className="text-right">{last === null ? '–' : formatMs(responseOf(last))}</td>
      <td>{formatTime(last?.at, now)}</td>
      <td className="w-full max-w-0">
        <span className="flex min-w-0">
          <Text value={last?.reason?.message} />
        </span>
      </td>
    </tr>
  );
}
