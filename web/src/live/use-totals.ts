import type { AgentTotals, LiveStats } from '../../../src/wire/live.ts';
import { useAgentChoice } from '../app/use-agent-choice.ts';
import { useLive, useRows } from './use-live.ts';

/** The totals of the agents that the reader looks at; null before they are here. */
export function useTotals(): LiveStats | null {
  const agent = useAgentChoice();
  const all = useLive((store) => (agent === undefined ? store.stats : null));
  const { rows } = useRows<AgentTotals>(agent === undefined ? null : { topic: 'totals', agent });
  return agent === undefined ? all : (rows[0] ?? null);
}
