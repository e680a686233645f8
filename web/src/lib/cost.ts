import type { Health } from '../../../src/wire/api.ts';
import { isLoss } from '../../../src/wire/names.ts';

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
  return Object.entries(counts).reduce((total, [name, count]) => total + (isLoss(name) ? count : 0), 0);
}
