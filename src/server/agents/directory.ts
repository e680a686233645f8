import type { AgentStore, KnownAgent } from '../../store/agents.ts';
import { maxGapRows } from '../../wire/gap.ts';
import type { AgentRow } from '../../wire/monitor-api.ts';
import type { AgentDescription } from '../../wire/orders.ts';
import type { AgentState, LiveState } from '../live/state.ts';
import type { AgentRegistry } from './registry.ts';

/** Longest wait for an agent's description of itself. */
const describeMs = 2_000;

/** What else is known of an agent, by its name. */
export interface AgentNotes {
  /** Says how many monitors an agent carries out for this server. */
  countMonitors?(): (agent: string) => number;
  certificate?(agent: string): { readonly until: string | null; readonly revokedAt: string | null } | null;
}

/** All agents that this server knows, with what is so of them right now. */
export interface AgentDirectory {
  /** By name. */
  list(): Promise<AgentRow[]>;
  /** One of them, described by itself where it is connected and does not refuse; null for one that is not known. */
  find(agent: string): Promise<AgentRow | null>;
}

export interface DirectoryParts {
  readonly store: AgentStore;
  readonly registry: AgentRegistry;
  readonly live: Pick<LiveState, 'agents'>;
  readonly notes?: AgentNotes;
}

/** Makes the directory of agents. */
export function makeAgentDirectory(parts: DirectoryParts): AgentDirectory {
  const { store, registry, live } = parts;
  const states = (): Map<string, AgentState> => new Map(live.agents().map((state) => [state.agent, state]));
  return {
    async list() {
      const found = states();
      const known = await store.readAgents();
      const monitors = parts.notes?.countMonitors?.();
      return known.map((each) => ({
        ...makeRow(each, found.get(each.agent), parts),
        monitors: monitors?.(each.agent) ?? 0,
      }));
    },
    async find(agent) {
      const known = (await store.readAgents()).find((each) => each.agent === agent);
      if (!known) return null;
      const description = await describe(registry, agent);
      const monitors = parts.notes?.countMonitors?.()(agent) ?? description?.monitors ?? 0;
      const gaps = [...(await store.readGaps(agent, maxGapRows))];
      return { ...makeRow(known, states().get(agent), parts), monitors, gaps, description };
    },
  };
}

/** What an agent says of itself; null for one that does not answer at once, or does not want to. */
async function describe(registry: AgentRegistry, agent: string): Promise<AgentDescription | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), describeMs);
  const answer = await Promise.race([registry.order(agent, { type: 'agent.describe' }), promise]);
  clearTimeout(timer);
  return answer?.type === 'agent' ? answer.agent : null;
}

function makeRow(
  known: KnownAgent,
  state: AgentState | undefined,
  { registry, notes }: DirectoryParts,
): Omit<AgentRow, 'monitors'> {
  const { agent } = known;
  const linked = registry.get(agent);
  const facts = linked?.facts();
  const origin = linked?.origin ?? known;
  const certificate = notes?.certificate?.(agent);
  const system = linked ? state?.system : null;
  return {
    agent,
    version: linked?.hello.version ?? known.version,
    kernel: linked?.hello.kernel ?? known.kernel,
    os: linked?.hello.os ?? known.os,
    connected: linked !== undefined,
    dialled_by: origin.dialledBy,
    address: origin.address,
    tls: origin.tls,
    certificate_until: linked?.origin.identity?.until ?? certificate?.until ?? null,
    revoked_at: certificate?.revokedAt ?? null,
    first_seen: known.firstSeen,
    last_seen: linked ? (state?.last_seen ?? known.lastSeen) : known.lastSeen,
    reason: linked ? null : (registry.reason(agent) ?? 'it has not connected since this server started'),
    sensors: (state?.sensors ?? []).map(({ name, level, reason }) => ({ name, level, reason })),
    lag_ms: round(facts?.lagMs),
    clock_offset_ms: round(facts?.clockOffsetMs),
    spooled_records: facts?.spool?.records ?? null,
    spooled_bytes: facts?.spool?.bytes ?? null,
    lost_records: facts?.spool?.lost ?? null,
    cpu_percent: system?.agent_cpu_percent ?? null,
    memory_bytes: system ? system.agent_memory + system.kernel_memory : null,
    gaps: [],
    description: null,
  };
}

/** To tenths. */
function round(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Math.round(ms * 10) / 10;
}
