import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { Health } from '../../../src/wire/api.ts';
import { rest } from '../lib/rest.ts';

/** The server's and its agents' own health, asked for every two seconds. */
export function useHealth(): UseQueryResult<Health> {
  return useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => rest.health(signal),
    refetchInterval: 2000,
  });
}
