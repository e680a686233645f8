import { useMemo } from 'react';
import { useSearchParams } from 'react-router';

/** Longest list of names that the API takes. */
const maxLength = 4096;

/** The agents that the reader looks at, as the address has them; undefined for all of them. */
export function useAgentChoice(): string | undefined {
  const [query] = useSearchParams();
  return query.get('agent')?.slice(0, maxLength) || undefined;
}

/** An address of another page with the same agents. */
export function useWithAgents(): (path: string) => string {
  const agent = useAgentChoice();
  return useMemo(() => {
    return (path) => {
      if (agent === undefined || path.includes('agent=')) return path;
      return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams({ agent })}`;
    };
  }, [agent]);
}
