import { maintenanceAt } from '../../rules/monitors/maintenance.ts';
import { type Judgement, judgeTarget } from '../../rules/monitors/target.ts';
import { MonitorTrack } from '../../rules/monitors/track.ts';
import type { Incident, Monitor, MonitorResult, MonitorState } from '../../wire/monitor.ts';
import { Sight, Watched } from './watched.ts';

/** An agent's clock that is further off than what a measurement may be is allowed for. */
const leastOffsetMs = 2_000;
/** Rounds that may be late before an agent counts as without news, and time on top of that. */
const lateRounds = 2;
const lateMs = 10_000;
/** An agent that carries out whatever there is and has been gone this long is forgotten. */
const forgottenMs = 86_400_000;

/** Agents that may see a monitor, as its status may name. */
const maxAgents = 1000;

/** States that are an incident, the worst last. */
const incidentStates: readonly MonitorState[] = ['degraded', 'partial', 'down'];
/** States that end one. */
const endStates: readonly MonitorState[] = ['up', 'stopped', 'pending'];

export interface JudgeParts {
  readonly now: () => number;
  /** Milliseconds of a clock that nobody sets, by which news are awaited. */
  readonly clock: () => number;
  /** Whether an agent is linked now. */
  readonly isConnected: (agent: string) => boolean;
  /** Names of all that are linked now. */
  readonly connected: () => Iterable<string>;
  /** The id of a new incident. */
  readonly nextIncident: () => number;
  /** Something of a monitor is other than before; `judged` when it is the state, its reason, what silences it, or an agent's view. */
  readonly onChange: (watched: Watched, judged: boolean) => void;
  /** An incident began, ended or is silenced now. */
  readonly onIncident: (incident: Incident) => void;
}

/** What is said while there is nobody to carry a monitor out. */
const nobody: Judgement = { state: 'pending', reason: 'no agent is linked', agents: [] };

/** Makes one judgement of each monitor from the rounds of all its agents. */
export class Judge {
  readonly #parts: JudgeParts;
  readonly #watched = new Map<string, Watched>();
  /** Monitors by what stands before them. */
  readonly #children = new Map<string, Set<string>>();

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  get(id: string): Watched | undefined {
    return this.#watched.get(id);
  }

  values(): Iterable<Watched> {
    return this.#watched.values();
  }

  /** Takes a monitor in, or its new settings. What other thresholds, or another probe, would have found is not known. */
  put(monitor: Monitor): Watched {
    const known = this.#watched.get(monitor.id);
    if (!known) {
      const watched = new Watched(monitor);
      this.#watched.set(monitor.id, watched);
      this.#link(monitor);
      return watched;
    }
    const before = known.monitor;
    this.#unlink(before);
    this.#link(monitor);
    known.monitor = monitor;
    const same = JSON.stringify([before.probe, before.thresholds, before.assertions]);
    if (same !== JSON.stringify([monitor.probe, monitor.thresholds, monitor.assertions]))
      known.sights.clear();
    return known;
  }

  remove(id: string): void {
    const watched = this.#watched.get(id);
    if (!watched) return;
    this.#unlink(watched.monitor);
    this.#watched.delete(id);
  }

  /**
   * Takes a round in that was committed just now; what is no longer asked for is left out. One that comes late, from the
   * spool of an agent that was away, counts for what follows and raises nothing by itself: the monitor is judged with the
   * first round that is of now. `offsetMs` is the agent's clock less the server's.
   */
  take(agent: string, result: MonitorResult, offsetMs = 0): void {
    const watched = this.#watched.get(result.monitor);
    if (!watched || !isCarrier(watched.monitor, agent)) return;
    const at = Date.parse(result.at) - (Math.abs(offsetMs) > leastOffsetMs ? offsetMs : 0);
    const sight = this.#sight(watched, agent);
    if (!sight) return;
    const isLate = this.#parts.now() - at > findLimit(watched.monitor);
    // What is older than what is known already changes nothing of it.
    if (isLate && at < sight.lastAt) return;
    sight.lastAt = at;
    sight.track.add(result.outcome, at);
    if (isLate || sight.lately) this.#followLate(watched, agent, sight, result, at);
    if (isLate) {
      sight.behind = true;
      this.#parts.onChange(watched, false);
      return;
    }
    sight.lately = null;
    const wasAway = sight.overdue || sight.behind;
    const since = sight.catchUp();
    sight.receivedAt = this.#parts.clock();
    sight.show(result);
    this.judge(watched, wasAway ? Math.min(at, since ?? at) : at);
  }

  /**
   * Judges anew; `time` is when what changed it took place, in Unix milliseconds. Rounds of several agents come in any
   * order: no state begins before the one that it follows, nor in the future.
   */
  judge(watched: Watched, time: number): void {
    const { monitor } = watched;
    const at = Math.max(Math.min(time, this.#parts.now()), watched.sinceMs ?? 0);
    const seen = this.listSeen(watched);
    const { state, reason, agents } =
      seen.length === 0 && monitor.enabled
        ? nobody
        : judgeTarget(
            seen.map(({ agent, state: view, sight }) => ({
              agent,
              state: view,
              reason: sight?.reason?.message ?? null,
            })),
            monitor.quorum,
          );
    const silenced = this.#findSilence(monitor, at);
    const changed = state !== watched.state;
    const views = seen.map(({ agent, state: view }) => `${agent} ${view}`).join();
    const judged =
      changed || reason !== watched.reason || silenced !== watched.silenced || views !== watched.views;
    watched.views = views;
    if (changed) {
      watched.state = state;
      watched.sinceMs = at;
    }
    watched.reason = reason;
    watched.silenced = silenced;
    const cause = seen.find(({ agent, sight }) => agent === agents[0] && sight)?.sight?.reason ?? null;
    this.#followIncident(watched, at, agents, cause);
    this.#parts.onChange(watched, judged);
    if (changed) this.#tellChildren(monitor.id, at);
  }

  /** Looks for agents that are without news and for windows that began or ended. */
  sweep(): void {
    const now = this.#parts.now();
    const clock = this.#parts.clock();
    for (const watched of this.#watched.values()) {
      const { monitor } = watched;
      let stale = monitor.maintenance.length > 0 && this.#findSilence(monitor, now) !== watched.silenced;
      const limit = findLimit(monitor);
      for (const [agent, sight] of watched.sights) {
        if (!isActive(monitor, agent)) continue;
        if (
          monitor.agents === '*' &&
          clock - sight.receivedAt > forgottenMs &&
          !this.#parts.isConnected(agent)
        ) {
          watched.sights.delete(agent);
          stale = true;
        } else if (!sight.overdue && clock - sight.receivedAt > limit) {
          sight.lose(now);
          stale = true;
        }
      }
      if (stale) this.judge(watched, now);
    }
  }

  /** How each agent that is to carry a monitor out sees it, by name. */
  listSeen({ monitor, sights }: Watched): { agent: string; state: MonitorState; sight: Sight | undefined }[] {
    const names = new Set(monitor.agents === '*' ? this.#parts.connected() : monitor.agents);
    if (monitor.agents === '*') for (const agent of sights.keys()) names.add(agent);
    return [...names].sort().map((agent) => {
      const sight = sights.get(agent);
      const state = isActive(monitor, agent) ? (sight?.state ?? 'pending') : 'stopped';
      return { agent, state, sight };
    });
  }

  #sight(watched: Watched, agent: string): Sight | null {
    let sight = watched.sights.get(agent);
    if (!sight) {
      if (watched.sights.size >= maxAgents) return null;
      sight = new Sight(new MonitorTrack(watched.monitor.thresholds));
      watched.sights.set(agent, sight);
    }
    return sight;
  }

  #findSilence(monitor: Monitor, at: number): string | null {
    const note = maintenanceAt(monitor.maintenance, at);
    if (note !== null) return `maintenance: ${note}`.slice(0, 256);
    const parent = monitor.parents.map((id) => this.#watched.get(id)).find((each) => each?.state === 'down');
    return parent ? `${parent.monitor.name} is down`.slice(0, 256) : null;
  }

  /** A stretch in which it was not well, told of by the worst of it; what is not known meanwhile does not end it. */
  #followIncident(watched: Watched, at: number, agents: readonly string[], reason: Incident['reason']): void {
    const { incident, monitor, state, silenced } = watched;
    const isBad = incidentStates.includes(state);
    if (incident && endStates.includes(state)) {
      const duration_ms = Math.max(0, at - Date.parse(incident.started_at));
      watched.incident = null;
      this.#parts.onIncident({ ...incident, ended_at: new Date(at).toISOString(), duration_ms });
    } else if (incident && isBad) {
      this.#updateIncident(watched, incident, agents, reason);
    } else if (isBad) {
      watched.incident = {
        id: this.#parts.nextIncident(),
        monitor: monitor.id,
        name: monitor.name,
        state: state as Incident['state'],
        started_at: new Date(at).toISOString(),
        ended_at: null,
        duration_ms: null,
        reason,
        agents: [...agents],
        silenced,
      };
      this.#parts.onIncident(watched.incident);
    }
  }

  /**
   * Keeps what late rounds alone tell: a stretch that was over before anybody heard of it is an incident for the list, and
   * silenced. Where several agents must agree nobody knows whether they did.
   */
  #followLate(watched: Watched, agent: string, sight: Sight, { reason }: MonitorResult, at: number): void {
    const { monitor } = watched;
    const carriers = this.listSeen(watched).length;
    const { state } = sight.track;
    if (Math.min(monitor.quorum, carriers) > 1 || watched.incident) return;
    if (state === 'down' || state === 'degraded') {
      const isWorse = state === 'down' && sight.lately?.state === 'degraded';
      if (!sight.lately || isWorse) sight.lately = { state, at: sight.lately?.at ?? at, reason };
    } else if (sight.lately && state === 'up') {
      const { lately } = sight;
      sight.lately = null;
      this.#parts.onIncident({
        id: this.#parts.nextIncident(),
        monitor: monitor.id,
        name: monitor.name,
        state: lately.state,
        started_at: new Date(lately.at).toISOString(),
        ended_at: new Date(at).toISOString(),
        duration_ms: Math.max(0, at - lately.at),
        reason: lately.reason,
        agents: [agent],
        silenced: this.#findSilence(monitor, lately.at) ?? 'it was over when it was reported',
      });
    }
  }

  /** An incident names all agents that saw it and the worst that it came to; it is silenced once its parent is down. */
  #updateIncident(
    watched: Watched,
    incident: Incident,
    agents: readonly string[],
    reason: Incident['reason'],
  ): void {
    const added = agents.filter((agent) => !incident.agents.includes(agent));
    const silenced = incident.silenced ?? watched.silenced;
    const isWorse = incidentStates.indexOf(watched.state) > incidentStates.indexOf(incident.state);
    if (added.length === 0 && silenced === incident.silenced && !isWorse) return;
    watched.incident = {
      ...incident,
      ...(isWorse && { state: watched.state as Incident['state'], reason }),
      agents: [...incident.agents, ...added].slice(0, maxAgents),
      silenced,
    };
    this.#parts.onIncident(watched.incident);
  }

  #tellChildren(id: string, at: number): void {
    for (const child of this.#children.get(id) ?? []) {
      const watched = this.#watched.get(child);
      if (watched && this.#findSilence(watched.monitor, at) !== watched.silenced) this.judge(watched, at);
    }
  }

  #link({ id, parents }: Monitor): void {
    for (const parent of parents) {
      const children = this.#children.get(parent) ?? new Set();
      this.#children.set(parent, children.add(id));
    }
  }

  #unlink({ id, parents }: Monitor): void {
    for (const parent of parents) {
      const children = this.#children.get(parent);
      children?.delete(id);
      if (children?.size === 0) this.#children.delete(parent);
    }
  }
}

/** Time after which there should be news of the round after next, in milliseconds. */
function findLimit({ interval_ms, retries, timeout_ms }: Monitor): number {
  return lateRounds * interval_ms + (1 + retries) * timeout_ms + lateMs;
}

/** Whether a monitor is meant for an agent, stopped there or not. */
function isCarrier({ agents }: Monitor, agent: string): boolean {
  return agents === '*' || agents.includes(agent);
}

function isActive(monitor: Monitor, agent: string): boolean {
  return monitor.enabled && isCarrier(monitor, agent) && !monitor.stopped_on.includes(agent);
}
