import { useQuery } from '@tanstack/react-query';
import { rest } from '../../lib/rest.ts';

const pageSize = 1000;

/** Names of the agents that the server knows, linked or not. */
export function useAgentNames(): readonly string[] {
  const list = useQuery({
    queryKey: ['agent-names'],
    queryFn: ({ signal }) =>
      rest.get<{ agents: { agent: string }[] }>('/api/agents', { limit: pageSize }, signal),
  });
  return list.data?.agents.map(({ agent }) => agent) ?? [];
}
