import type { GapRow } from '../wire/gap.ts';

/** An agent that was linked to this server at some time. */
export interface KnownAgent {
  readonly agent: string;
  readonly version: string;
  readonly kernel: string;
  readonly os: string;
  readonly dialledBy: 'agent' | 'server';
  readonly address: string | null;
  readonly tls: boolean;
  /** RFC 3339. */
  readonly firstSeen: string;
  readonly lastSeen: string;
}

/** Agents that are remembered at most; those that were not seen for the longest time go. */
export const maxKnownAgents = 10_000;

/** The part of a store that knows agents. Every method rejects with NM_STORE when it cannot be used. */
export interface AgentStore {
  /** Saves agents; of one that is known the first time at which it was seen stays. */
  saveAgents(agents: readonly KnownAgent[]): Promise<void>;
  /** All of them, by name. */
  readAgents(): Promise<readonly KnownAgent[]>;
  /** What an agent's records lack, the newest first. */
  readGaps(agent: string, limit: number): Promise<readonly GapRow[]>;
  /** Addresses of agents that this server dials, in the order in which they were added. */
  readDials(): Promise<readonly string[]>;
  addDial(address: string): Promise<void>;
  /** Whether there was one. */
  removeDial(address: string): Promise<boolean>;
}
