import type { MonitorResult, MonitorRow, MonitorSettings, MonitorState } from '../wire/monitor.ts';
import type { AgentRow, NewMonitor } from '../wire/monitor-api.ts';
import type { ProbeResult } from '../wire/probe.ts';

/** A monitor as a station has it; `owner` says so where a console, not a server, set it up on an agent. */
export type StationMonitor = Omit<MonitorRow, 'created_at' | 'changed_at'> & {
  readonly owner?: 'server' | 'console';
};

export interface MonitorQuery {
  readonly state?: string;
  readonly kind?: string;
  readonly label?: string;
  readonly agent?: string;
  readonly text?: string;
}

/** A round with the agent that carried it out. */
export interface AgentResult {
  readonly agent: string;
  readonly result: MonitorResult;
}

/** A probe that was tried from one agent. */
export interface Trial {
  readonly agent: string;
  readonly result: ProbeResult | null;
  /** Why there is no result. */
  readonly problem: string | null;
}

/** What a station tells by itself, once it is watched. */
export type StationEvent =
  | { readonly kind: 'result'; readonly agent: string; readonly name: string; readonly result: MonitorResult }
  | {
      readonly kind: 'state';
      readonly id: string;
      readonly name: string;
      readonly state: MonitorState;
      readonly reason: string | null;
    }
  | { readonly kind: 'link'; readonly connected: boolean; readonly reason: string | null };

/** What a console commands: a server with its agents, or one agent that waits for consoles. Calls throw NetmonError. */
export interface Station {
  readonly kind: 'server' | 'agent';
  /** As the user gave it, `http://host:port` or `host:port`. */
  readonly address: string;
  /** What it is called on the screen: the agent's name, or the server's host and port. */
  readonly name: string;
  readonly connected: boolean;
  list(query?: MonitorQuery): Promise<StationMonitor[]>;
  /** With `secrets`, credentials as they are. */
  read(id: string, secrets?: boolean): Promise<StationMonitor>;
  add(settings: NewMonitor): Promise<StationMonitor>;
  /** Throws NM_CONFLICT when it is of another revision by now. */
  change(id: string, settings: MonitorSettings, revision: number): Promise<StationMonitor>;
  remove(id: string): Promise<void>;
  /** On the agents that are named, or on all. */
  move(id: string, move: 'start' | 'stop', agents?: readonly string[]): Promise<StationMonitor>;
  /** Rounds, newest first. */
  results(id: string, limit: number, agent?: string): Promise<AgentResult[]>;
  try(settings: MonitorSettings): Promise<Trial[]>;
  /** Names of the agents that it has. */
  agentNames(): Promise<string[]>;
  agents(): Promise<AgentRow[]>;
  /** Tells what happens from now on, until the answer is called; with `results`, each round as well. */
  watch(onEvent: (event: StationEvent) => void, results: boolean): () => void;
  close(): void;
}
