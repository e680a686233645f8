/**
 * The state of a monitor at one agent, from the outcomes of its rounds.
 *
 * Two latches, one for rounds that are down and one for rounds that are anything but up, each go on and off by the same
 * thresholds. A round that says nothing of the target moves neither; after some of them in a row the state is unknown
 * until the next that does, and then what it was before.
 */
import type { MonitorState, Thresholds } from '../../wire/monitor.ts';
import type { Outcome } from '../../wire/probe.ts';

export type TrackState = Extract<MonitorState, 'up' | 'degraded' | 'down' | 'unknown' | 'pending'>;

/** Rounds in a row that say nothing before nothing is known any more; more where more must fail to go down. */
const leastUnknown = 3;

/** What a track goes on from, as JSON. While nothing changes that matters, it stays the same. */
export interface SavedTrack {
  readonly state: TrackState;
  readonly since: number | null;
  /** Whether each latch is on; null before the first decision. */
  readonly down: boolean | null;
  readonly degraded: boolean | null;
  /** Severities of the last rounds, newest last: a digit each, 0 for up, 1 for degraded, 2 for down. */
  readonly recent: string;
  readonly unknown: number;
}

const severities: Readonly<Record<Exclude<Outcome, 'unknown'>, number>> = { up: 0, degraded: 1, down: 2 };

/** Follows the rounds of one monitor at one agent. Times are Unix milliseconds of rounds. */
export class MonitorTrack {
  #thresholds: Thresholds;
  #state: TrackState;
  #since: number | null;
  #down: boolean | null;
  #degraded: boolean | null;
  #recent: string;
  #unknown: number;

  constructor(thresholds: Thresholds, saved?: SavedTrack) {
    this.#thresholds = thresholds;
    this.#state = saved?.state ?? 'pending';
    this.#since = saved?.since ?? null;
    this.#down = saved?.down ?? null;
    this.#degraded = saved?.degraded ?? null;
    this.#recent = saved?.recent ?? '';
    this.#unknown = saved?.unknown ?? 0;
  }

  get state(): TrackState {
    return this.#state;
  }

  /** The round with which the state began; null while it is pending. */
  get sinceMs(): number | null {
    return this.#since;
  }

  /** Takes in the next round; whether the state is another one. */
  add(outcome: Outcome, atMs: number): boolean {
    if (outcome === 'unknown') {
      this.#unknown = Math.min(this.#unknown + 1, this.#unknownAfter());
    } else {
      this.#unknown = 0;
      this.#recent = (this.#recent + severities[outcome]).slice(-roundsKept(this.#thresholds));
      this.#down = decide(this.#recent, 2, this.#down, this.#thresholds);
      this.#degraded = decide(this.#recent, 1, this.#degraded, this.#thresholds);
    }
    const state = this.#read();
    if (state === this.#state) return false;
    this.#state = state;
    this.#since = atMs;
    return true;
  }

  save(): SavedTrack {
    return {
      state: this.#state,
      since: this.#since,
      down: this.#down,
      degraded: this.#degraded,
      recent: this.#recent,
      unknown: this.#unknown,
    };
  }

  #unknownAfter(): number {
    return Math.max(leastUnknown, this.#thresholds.failures);
  }

  #read(): TrackState {
    if (this.#unknown >= this.#unknownAfter()) return 'unknown';
    if (this.#down === true) return 'down';
    if (this.#degraded === true) return 'degraded';
    return this.#down === null ? 'pending' : 'up';
  }
}

/** Rounds that a decision looks back on. */
function roundsKept({ failures, successes, share }: Thresholds): number {
  return share?.rounds ?? Math.max(failures, successes);
}

/** Whether a latch is on after the last round, for rounds of this severity and worse. */
function decide(
  recent: string,
  severity: number,
  before: boolean | null,
  thresholds: Thresholds,
): boolean | null {
  const { failures, successes, share } = thresholds;
  if (!share) {
    if (countLast(recent, (digit) => digit >= severity) >= failures) return true;
    return countLast(recent, (digit) => digit < severity) >= successes ? false : before;
  }
  let failed = 0;
  for (const digit of recent) if (Number(digit) >= severity) failed++;
  // Before there are as many rounds as are looked at, those that are not there yet have not failed.
  // Without division: 29 of 100 times 100 would be less than 29.
  if (failed * 100 >= share.raise_percent * share.rounds) return true;
  return failed * 100 <= share.clear_percent * recent.length ? false : before;
}

/** How many of the newest rounds in a row this holds for. */
function countLast(recent: string, holds: (severity: number) => boolean): number {
  let count = 0;
  while (count < recent.length && holds(Number(recent[recent.length - 1 - count]))) count++;
  return count;
}
