import type { Monitor, MonitorResult } from '../wire/monitor.ts';

/** A round of a monitor as it is stored. `id` rises with the order of storing. */
export interface StoredRound {
  readonly id: number;
  readonly agent: string;
  readonly result: MonitorResult;
}

export interface RoundQuery {
  readonly monitor: string;
  readonly agent?: string;
  /** Unix milliseconds of a round's beginning, both included. */
  readonly since?: number;
  readonly until?: number;
  /** Only what is older than this round, in the order of time and then of storing. */
  readonly before?: { readonly at: number; readonly id: number };
  readonly limit: number;
}

/** The part of a store that keeps monitors and what was found. Every method rejects with NM_STORE when it cannot be used. */
export interface MonitorStore {
  /** All monitors, in the order in which they were first saved. */
  readMonitors(): Promise<readonly Monitor[]>;
  /** Saves monitors, new ones and changed ones, all of them or none. */
  saveMonitors(monitors: readonly Monitor[]): Promise<void>;
  /** Removes a monitor with all that is kept of it; its rounds go bit by bit with `retain`. */
  removeMonitor(id: string): Promise<void>;
  /** Newest first, by the time at which a round began. */
  queryRounds(query: RoundQuery): Promise<readonly StoredRound[]>;
}
