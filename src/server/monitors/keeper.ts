import type { Reporter } from '../../platform/reporter.ts';
import type { SavedTrack } from '../../rules/monitors/track.ts';
import { MonitorTrack } from '../../rules/monitors/track.ts';
import type { MonitorStore } from '../../store/monitors.ts';
import type { Incident, MonitorState } from '../../wire/monitor.ts';
import { Sight, type Watched } from './watched.ts';

/** Longest wait until what became of rounds is on disk; rounds after it are judged anew at the next start. */
const saveMs = 1000;

/** What is kept of a monitor's state. */
interface SavedState {
  readonly state: MonitorState;
  readonly since: number | null;
  readonly reason: string | null;
  readonly silenced: string | null;
  /** `behind` where the last round came late. */
  readonly agents: Readonly<Record<string, SavedTrack & { readonly behind?: boolean }>>;
}

/** Writes down what was made of rounds, and up to which of them that goes. */
export class Keeper {
  readonly #store: MonitorStore;
  readonly #reporter: Reporter;
  readonly #dirty = new Set<Watched>();
  readonly #incidents = new Map<number, Incident>();
  #judged = 0;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(store: MonitorStore, reporter: Reporter) {
    this.#store = store;
    this.#reporter = reporter;
  }

  /** The last round that has been judged. */
  set judged(id: number) {
    this.#judged = Math.max(this.#judged, id);
    this.#saveLater();
  }

  get judged(): number {
    return this.#judged;
  }

  touch(watched: Watched): void {
    this.#dirty.add(watched);
    this.#saveLater();
  }

  addIncident(incident: Incident): void {
    this.#incidents.set(incident.id, incident);
    this.#saveLater();
  }

  forget(watched: Watched): void {
    this.#dirty.delete(watched);
    for (const [id, { monitor }] of this.#incidents) {
      if (monitor === watched.monitor.id) this.#incidents.delete(id);
    }
  }

  /** Writes what is to be written; what cannot be is tried again. */
  save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  /** Writes what is left; what cannot be written now is made up for at the next start. */
  close(): Promise<void> {
    this.#closed = true;
    return this.save();
  }

  #saveLater(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => void this.save(), saveMs);
  }

  async #save(): Promise<void> {
    const dirty = [...this.#dirty];
    const incidents = [...this.#incidents.values()];
    this.#dirty.clear();
    this.#incidents.clear();
    const states = new Map<string, string>();
    for (const watched of dirty) {
      const text = writeState(watched);
      if (text !== watched.saved) states.set(watched.monitor.id, text);
    }
    try {
      await this.#store.saveJudged({ judged: this.#judged, states }, incidents);
      for (const watched of dirty) {
        const text = states.get(watched.monitor.id);
        if (text !== undefined) watched.saved = text;
      }
    } catch (error) {
      this.#reporter.error('unable to save the state of monitors', { error });
      for (const watched of dirty) this.#dirty.add(watched);
      for (const incident of incidents) {
        if (!this.#incidents.has(incident.id)) this.#incidents.set(incident.id, incident);
      }
      this.#saveLater();
    }
  }
}

function writeState({ state, sinceMs, reason, silenced, sights }: Watched): string {
  const agents = Object.fromEntries(
    Array.from(sights, ([agent, { track, behind }]) => [
      agent,
      { ...track.save(), ...(behind && { behind }) },
    ]),
  );
  return JSON.stringify({ state, since: sinceMs, reason, silenced, agents } satisfies SavedState);
}

/** Brings back what was kept of a monitor. Its agents have time for their next rounds from `clock` on; `now` is Unix time. */
export function restoreState(watched: Watched, text: string, clock: number, now: number): void {
  const saved = JSON.parse(text) as SavedState;
  watched.state = saved.state;
  watched.sinceMs = saved.since;
  watched.reason = saved.reason;
  watched.silenced = saved.silenced;
  watched.saved = text;
  for (const [agent, track] of Object.entries(saved.agents)) {
    const sight = new Sight(new MonitorTrack(watched.monitor.thresholds, track));
    sight.receivedAt = clock;
    if (track.behind) {
      sight.behind = true;
      sight.lose(now);
    }
    watched.sights.set(agent, sight);
  }
}
