import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Health } from '../../../src/wire/api.ts';
import { sumCost } from './cost.ts';

describe("netmon's own cost", () => {
  it('counts as lost what an agent or the server could not keep, and not what is only not shown on', () => {
    const system = {
      agent_cpu_percent: 1,
      agent_memory: 10,
      kernel_memory: 5,
      lost: { sockets_without_slot: 3, time_wait_not_shown: 900 },
    };
    const health = {
      server: { cpu_percent: 2, memory_bytes: 20, lost: { live_connections: 4 } },
      agents: [{ system }, { system: null }],
    } as unknown as Health;
    assert.deepEqual(sumCost(health), { cpu: 3, memory: 35, lost: 7 });
  });
});
