import type { HistoryStep, Incident, Maintenance, Monitor, MonitorResult } from '../wire/monitor.ts';

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

/** What the sums of rounds have to know of a monitor. */
export interface SummedMonitor {
  readonly quorum: number;
  readonly intervalMs: number;
  /** Whether a time (Unix milliseconds) is one of maintenance, which no uptime regards; absent where none is. */
  readonly isPlanned?: (atMs: number) => boolean;
}

/** Weekly windows of maintenance that were in force from a time (Unix milliseconds) on. */
export interface WeeklyPlan {
  readonly since: number;
  readonly windows: readonly Maintenance[];
}

/** For how long of an hour or a day (`lengthMs`, from `at` on) something is known of a monitor, and it was down. */
export interface UptimeRow {
  readonly monitor: string;
  readonly lengthMs: number;
  readonly at: number;
  readonly knownMs: number;
  readonly downMs: number;
}

export interface HistoryQuery {
  readonly monitor: string;
  readonly agent?: string;
  /** Unix milliseconds. */
  readonly since: number;
  readonly until: number;
}

export interface History {
  readonly stepMs: number;
  /** By agent, oldest first; steps without a round are absent. */
  readonly agents: ReadonlyMap<string, readonly HistoryStep[]>;
}

export interface IncidentQuery {
  readonly monitor?: string;
  /** Only those that last. */
  readonly open?: boolean;
  /** Incidents that lasted into this range, RFC 3339. */
  readonly since?: string;
  readonly until?: string;
  /** Only what is older than the incident of that id. */
  readonly before?: number;
  readonly limit: number;
}

/** What was made of rounds: `judged` is the id of the last round that it regards. */
export interface Judged {
  readonly judged: number;
  /** By monitor's id, JSON. */
  readonly states: ReadonlyMap<string, string>;
}

/** The part of a store that keeps monitors and what was found. Every method rejects with NM_STORE when it cannot be used. */
export interface MonitorStore {
  /** All monitors, in the order in which they were first saved. */
  readMonitors(): Promise<readonly Monitor[]>;
  /** Which weekly windows each monitor had since when, the oldest first; the newest 50 changes. */
  readWeeklyPlans(): Promise<ReadonlyMap<string, readonly WeeklyPlan[]>>;
  /** Saves monitors, new ones and changed ones, all of them or none. */
  saveMonitors(monitors: readonly Monitor[]): Promise<void>;
  /** Removes a monitor with all that is kept of it; its rounds go bit by bit. */
  removeMonitor(id: string): Promise<void>;
  /** Newest first, by the time at which a round began. */
  queryRounds(query: RoundQuery): Promise<readonly StoredRound[]>;
  /** In the order of storing, those after the round of that id. */
  roundsAfter(id: number, limit: number): Promise<readonly StoredRound[]>;
  /**
   * Adds the rounds that came since the last call to the sums, each exactly once, works out again what windows that were
   * changed meanwhile cover, and gives the uptimes that changed. `describe` tells of a monitor; undefined for one that is
   * not there.
   */
  sumRounds(describe: (id: string) => SummedMonitor | undefined): Promise<readonly UptimeRow[]>;
  /** The sums of a monitor's rounds, in the shortest steps that reach back so far. */
  readHistory(query: HistoryQuery): Promise<History>;
  /** Of all monitors, the hours and the days since then. */
  readUptime(hoursSince: number, daysSince: number): Promise<readonly UptimeRow[]>;
  /** What was last saved with `saveJudged`. */
  readJudged(): Promise<Judged>;
  /** Saves what became of some monitors, with incidents that are new (by their id) or other than before. */
  saveJudged(judged: Judged, incidents: readonly Omit<Incident, 'name'>[]): Promise<void>;
  /** The id that the next incident may have. */
  nextIncident(): Promise<number>;
  /** Newest first. */
  queryIncidents(query: IncidentQuery): Promise<readonly Incident[]>;
}
