import type { Reporter } from '../../platform/reporter.ts';
import type { Monitor } from '../../wire/monitor.ts';
import type { Order } from '../../wire/orders.ts';
import { isAssigned, makeAssignment, makeSetOrders, readSetRevision } from './assignment.ts';
import type { AgentPort } from './ports.ts';

/** Changes that wait for an agent, beyond which it gets the whole set. */
const maxSingle = 20;
/** Until an agent that did not take its monitors is asked again; longer where its policy forbids them. */
const retryMs = 10_000;
const forbiddenRetryMs = 300_000;

interface Agent {
  /** What it is still to be told: all of it, or of which monitors. */
  wanted: 'set' | Set<string>;
  running: boolean;
  /** Why it does not have its monitors; null when it has, or is about to. */
  problem: string | null;
  timer: NodeJS.Timeout | undefined;
}

export interface DispatcherParts {
  readonly agents: AgentPort;
  readonly reporter: Reporter;
  /** All monitors, in a fixed order. */
  readonly monitors: () => Iterable<Monitor>;
  readonly monitor: (id: string) => Monitor | undefined;
}

/** Tells each linked agent which monitors it carries out: all of them once, and then what changes. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #agents = new Map<string, Agent>();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** `revision` is that of the set that the agent has, null for none. */
  connected(name: string, revision: number | null): void {
    this.disconnected(name);
    const same = revision === readSetRevision(this.#assigned(name));
    const agent: Agent = {
      wanted: same ? new Set() : 'set',
      running: false,
      problem: null,
      timer: undefined,
    };
    this.#agents.set(name, agent);
    this.#pump(name, agent);
  }

  disconnected(name: string): void {
    clearTimeout(this.#agents.get(name)?.timer);
    this.#agents.delete(name);
  }

  /** Has agents told of monitors that were added, changed or removed; both as they were and as they are. */
  changed(changes: readonly { readonly before: Monitor | null; readonly after: Monitor | null }[]): void {
    for (const [name, agent] of this.#agents) {
      for (const { before, after } of changes) {
        const concerned = [before, after].some((monitor) => monitor && isAssigned(monitor, name));
        const id = (after ?? before)?.id;
        if (concerned && id !== undefined && agent.wanted !== 'set') agent.wanted.add(id);
      }
      if (agent.wanted !== 'set' && agent.wanted.size > maxSingle) agent.wanted = 'set';
      this.#pump(name, agent);
    }
  }

  /** Why an agent does not have its monitors, null where nothing is wrong. */
  problem(agent: string): string | null {
    return this.#agents.get(agent)?.problem ?? null;
  }

  stop(): void {
    for (const name of this.#agents.keys()) this.disconnected(name);
  }

  #assigned(name: string): Monitor[] {
    return Array.from(this.#parts.monitors()).filter((monitor) => isAssigned(monitor, name));
  }

  #pump(name: string, agent: Agent): void {
    if (agent.running || agent.timer || (agent.wanted !== 'set' && agent.wanted.size === 0)) return;
    agent.running = true;
    void this.#send(name, agent).finally(() => {
      agent.running = false;
      if (this.#agents.get(name) === agent) this.#pump(name, agent);
    });
  }

  async #send(name: string, agent: Agent): Promise<void> {
    for (const order of this.#takeOrders(name, agent)) {
      const answer = await this.#parts.agents.order(name, order);
      if (this.#agents.get(name) !== agent) return;
      if (answer.type !== 'refused') continue;
      this.#retryLater(name, agent, answer);
      return;
    }
    agent.problem = null;
  }

  #takeOrders(name: string, agent: Agent): Order[] {
    const assigned = this.#assigned(name);
    const { wanted } = agent;
    agent.wanted = new Set();
    if (wanted === 'set') return makeSetOrders(assigned);
    const revision = readSetRevision(assigned);
    return Array.from(wanted, (id, i): Order => {
      const monitor = this.#parts.monitor(id);
      // Only with the last one the agent has the set of that revision.
      const whole = i === wanted.size - 1 ? { revision } : {};
      return monitor && isAssigned(monitor, name)
        ? { type: 'monitor.put', monitor: makeAssignment(monitor), ...whole }
        : { type: 'monitor.remove', monitor: id, ...whole };
    });
  }

  #retryLater(name: string, agent: Agent, { code, message }: { code: string; message: string }): void {
    const forbidden = code === 'NM_FORBIDDEN' || code === 'NM_NOT_SUPPORTED';
    agent.wanted = 'set';
    agent.problem = message;
    agent.timer = setTimeout(
      () => {
        agent.timer = undefined;
        this.#pump(name, agent);
      },
      forbidden ? forbiddenRetryMs : retryMs,
    );
    agent.timer.unref();
    this.#parts.reporter.warn('an agent does not take its monitors', { agent: name, code, reason: message });
  }
}
