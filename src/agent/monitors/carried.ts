import { describeError } from '../../base/errors.ts';
import { MonitorTrack } from '../../rules/monitors/track.ts';
import type { Assignment, MonitorResult } from '../../wire/monitor.ts';
import type { Carried } from '../../wire/orders.ts';
import type { Detail, ProbeResult } from '../../wire/probe.ts';
import { makeRound, type Round, type RoundParts } from '../probes/round.ts';
import { makeReason, noPhases } from '../probes/run.ts';
import type { Entry } from './book.ts';

/** One monitor that is carried out here: its rounds, and what its thresholds make of them. */
export class CarriedMonitor {
  readonly entry: Entry;
  readonly #round: Round;
  readonly #track: MonitorTrack;
  #last: ProbeResult | null;
  #before: Detail | undefined;

  /** `before` is the same monitor in its last revision. One that this agent cannot carry out says so in its rounds. */
  constructor(entry: Entry, parts: RoundParts, before?: CarriedMonitor) {
    this.entry = entry;
    this.#round = prepare(entry.monitor, parts);
    const isSame = before !== undefined && isSameTarget(before.entry.monitor, entry.monitor);
    this.#track = new MonitorTrack(entry.monitor.thresholds, isSame ? before.#track.save() : undefined);
    this.#last = isSame ? before.#last : null;
    this.#before = isSame ? before.#before : undefined;
  }

  /** Carries out a round; null when it was ended from outside. `check` has a last look at what was found. */
  async run(
    signal: AbortSignal,
    check: (result: ProbeResult) => Promise<ProbeResult>,
  ): Promise<MonitorResult | null> {
    const found = await this.#round.run(signal, this.#before);
    if (!found) return null;
    const result = await check(found);
    if (signal.aborted) return null;
    this.#last = result;
    if (result.outcome !== 'unknown') this.#before = result.detail;
    this.#track.add(result.outcome, Date.parse(result.at));
    const { id, revision } = this.entry.monitor;
    return { ...result, monitor: id, revision };
  }

  /** In `brief` the last round has nothing of its detail but the certificate. */
  describe(brief = false): Carried {
    const { monitor, owner, stopped } = this.entry;
    const { state, sinceMs } = this.#track;
    const since = sinceMs === null ? null : new Date(sinceMs).toISOString();
    const last = brief && this.#last ? { ...this.#last, detail: shorten(this.#last.detail) } : this.#last;
    return { monitor, owner, running: !stopped, state, since, last };
  }
}

function shorten({ certificate }: Detail): Detail {
  return certificate ? { certificate } : {};
}

/** Rounds that say why there are none, where they cannot be prepared: an older agent, a kind that is not there. */
function prepare(monitor: Assignment, parts: RoundParts): Round {
  try {
    return makeRound(monitor, parts);
  } catch (thrown) {
    const message = describeError(thrown);
    return {
      run: async () => ({
        at: new Date(parts.now()).toISOString(),
        outcome: 'unknown',
        duration_ms: 0,
        reason: makeReason('NOT_SUPPORTED', message, 'agent'),
        attempts: 1,
        address: null,
        phases: noPhases,
        echoes: [],
        detail: {},
      }),
    };
  }
}

/** Whether what is known of the one holds for the other. */
function isSameTarget(a: Assignment, b: Assignment): boolean {
  return JSON.stringify([a.probe, a.assertions]) === JSON.stringify([b.probe, b.assertions]);
}
