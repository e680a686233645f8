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

/** What netmon itself costs: CPU of one core in percent, memory in bytes, and everything that was lost. */
export function sumCost(health: Health): { cpu: number; memory: number; lost: number } {
  let cpu = health.server.cpu_percent;
  let memory = health.server.memory_bytes;
  let lost = sum(health.server.lost);
  for (const { system } of health.agents) {
    if (!system) continue;
    cpu += system.agent_cpu_percent;
    memory += system.agent_memory + system.kernel_memory;
    lost += sum(system.lost);
  }
  return { cpu, memory, lost };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
