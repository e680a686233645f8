import { useQuery } from '@tanstack/react-query';
import { agentRest } from '../lib/rest.ts';

const maxNames = 1000;
const refreshMs = 10_000;
const none: readonly string[] = [];

/** Names of the agents that the server knows, linked or not; those that were revoked are left out. */
export function useAgentNames(): readonly string[] {
  const list = useQuery({
    queryKey: ['agent-names'],
    queryFn: async ({ signal }) => {
      const { agents } = await agentRest.list({ limit: maxNames }, signal);
      return agents.filter(({ revoked_at }) => revoked_at === null).map(({ agent }) => agent);
    },
    refetchInterval: refreshMs,
  });
  return list.data ?? none;
}
