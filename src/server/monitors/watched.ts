import type { MonitorTrack } from '../../rules/monitors/track.ts';
import type { Incident, Monitor, MonitorResult, MonitorState } from '../../wire/monitor.ts';
import type { Outcome, Phases, Reason } from '../../wire/probe.ts';

/** What is known of a monitor at one agent. */
export class Sight {
  track: MonitorTrack;
  /** When its last round came in, by a clock that nobody sets. */
  receivedAt = 0;
  /** Whether rounds are missing that should have come. */
  overdue = false;
  /** Whether its last round came late, so that newer ones are still to come; what they found so far is not shown. */
  behind = false;
  /** When its last round began, Unix milliseconds. */
  lastAt = Number.NEGATIVE_INFINITY;
  /** What late rounds found to be wrong and not to be over yet. */
  lately: { readonly state: Incident['state']; readonly at: number; readonly reason: Reason | null } | null =
    null;
  /** The last round as JSON of a probe's result, whole and without its detail, and what is told of it. */
  last: string | null = null;
  brief: string | null = null;
  outcome: Outcome | null = null;
  phases: Phases | null = null;
  reason: Reason | null = null;
  responseMs: number | null = null;
  echoes = 0;
  lost = 0;
  certificateUntil: number | null = null;
  #shown: MonitorState;
  #since: number | null;

  constructor(track: MonitorTrack) {
    this.track = track;
    this.#shown = track.state;
    this.#since = track.sinceMs;
  }

  get state(): MonitorState {
    return this.#shown;
  }

  get sinceMs(): number | null {
    return this.#since;
  }

  /** Shows what the rounds so far amount to, and gives since when that is so. */
  catchUp(): number | null {
    this.overdue = false;
    this.behind = false;
    this.#shown = this.track.state;
    this.#since = this.track.sinceMs;
    return this.#since;
  }

  /** Marks it as without news from now on. */
  lose(now: number): void {
    this.overdue = true;
    this.#shown = 'unknown';
    this.#since = now;
  }

  /** Keeps what is told of the last round. */
  show({ monitor, revision, ...result }: MonitorResult): void {
    this.last = JSON.stringify(result);
    this.brief = JSON.stringify({ ...result, detail: {} });
    this.outcome = result.outcome;
    this.phases = result.phases;
    this.reason = result.reason;
    this.responseMs = median(result.echoes.filter((echo) => echo !== null));
    this.echoes = result.echoes.length;
    this.lost = result.echoes.filter((echo) => echo === null).length;
    const until = result.detail.certificate?.not_after;
    this.certificateUntil = until === undefined ? null : Date.parse(until);
  }
}

/** A monitor with all that was made of its rounds. */
export class Watched {
  monitor: Monitor;
  readonly sights = new Map<string, Sight>();
  state: MonitorState = 'pending';
  sinceMs: number | null = null;
  reason: string | null = null;
  silenced: string | null = null;
  /** The states that its agents see, as they were told of last. */
  views = '';
  /** Its uptime as JSON, as it was told of last. */
  uptime = '';
  incident: Incident | null = null;
  /** The version at which anything of it changed last. */
  version = 0;
  /** What was saved of it last. */
  saved = '';

  constructor(monitor: Monitor) {
    this.monitor = monitor;
  }
}

/** The middle of some numbers, of an even count the mean of the two; null of none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
