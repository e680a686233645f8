import type { MonitorResult } from '../../wire/monitor.ts';
import type { Order, OrderAnswer } from '../../wire/orders.ts';

/** The linked agents, as those who give orders see them. */
export interface AgentPort {
  /** Names of those that are linked now. */
  connected(): readonly string[];
  /**
   * Gives an order and waits for the answer. An agent that is not linked, does not answer in time or refuses gives an
   * answer of type `refused` with the code; never rejects.
   */
  order(agent: string, order: Order): Promise<OrderAnswer>;
}

/** Who is told of agents and of what they found. */
export interface MonitorSink {
  /** `revision` is that of the set of monitors that the agent has, null for none. */
  connected(agent: string, revision: number | null): void;
  disconnected(agent: string): void;
  /**
   * Rounds that were just committed, in the order in which the agent recorded them; none comes twice. Those of monitors
   * that are not there are left out. `last` is the id under which the last of them is stored, `offsetMs` the agent's clock
   * less the server's.
   */
  committed(agent: string, results: readonly MonitorResult[], last: number, offsetMs?: number): void;
}
