import type { LiveStatus } from '../client/live.ts';
import type { Connection } from '../wire/connection.ts';
import type { LiveStats } from '../wire/live.ts';
import type { InterfaceRow, ProcessRow } from '../wire/machine.ts';
import type { AlertRow } from '../wire/traffic-api.ts';
import type { TrafficStatistics } from '../wire/traffic-statistics.ts';

/** Rates of an interface once a second, in bytes per second, oldest first. */
export interface Rates {
  readonly up: readonly number[];
  readonly down: readonly number[];
}

/** All that can be shown at one moment. Nothing in it changes later: a frozen screen keeps its picture. */
export interface Picture {
  readonly at: Date;
  readonly status: LiveStatus;
  /** Names of the machines whose agents are connected. */
  readonly agents: readonly string[];
  readonly stats: LiveStats | null;
  /** All traffic of the connections, as rates of an interface are kept. */
  readonly total: Rates;
  readonly processes: readonly ProcessRow[];
  /** The window on them that is subscribed to: from row `offset` of `total`. */
  readonly connections: {
    readonly rows: readonly Connection[];
    readonly offset: number;
    readonly total: number;
  };
  /** Newest first. */
  readonly errors: readonly Connection[];
  readonly interfaces: readonly InterfaceRow[];
  readonly interfaceRates: ReadonlyMap<string, Rates>;
  /** Null when the server tells nothing of inspected traffic. */
  readonly traffic: TrafficStatistics | null;
  /** Newest first. */
  readonly alerts: readonly AlertRow[];
  /** What is not as it should be, for the user: a sensor that is off, losses. */
  readonly notices: readonly string[];
}
