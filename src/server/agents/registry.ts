import type { Reporter } from '../../platform/reporter.ts';
import type { AgentStore, KnownAgent } from '../../store/agents.ts';
import type { Order, OrderAnswer } from '../../wire/orders.ts';
import { refused } from '../ingest/order-book.ts';
import type { AgentPort } from '../monitors/ports.ts';

/** How a link came about. */
export interface LinkOrigin {
  readonly dialledBy: 'agent' | 'server';
  /** Of the other end; null for one on this machine's socket. */
  readonly address: string | null;
  readonly tls: boolean;
  /** What the agent's certificate says; null without one. */
  readonly identity: { readonly agent: string; readonly serial: string; readonly until: string } | null;
}

/** What a link tells of itself. */
export interface LinkFacts {
  readonly lagMs: number | null;
  readonly clockOffsetMs: number | null;
  readonly spool: { readonly records: number; readonly bytes: number; readonly lost: number } | null;
}

/** A linked agent, as its session shows it. */
export interface LinkedAgent {
  readonly hello: {
    readonly agent: string;
    readonly version: string;
    readonly kernel: string;
    readonly os: string;
  };
  readonly origin: LinkOrigin;
  facts(): LinkFacts;
  order(order: Order): Promise<OrderAnswer>;
  /** Ends the link for a reason that the agent is told. */
  refuse(code: string, reason: string): void;
  /** Tells it which consoles are shut out. */
  tellRevoked(): void;
}

/** Reasons that are remembered of links that ended. */
const maxReasons = 1_000;

/** The agents that are linked now, and a note in the store of all that ever were. */
export class AgentRegistry implements AgentPort {
  readonly #store: AgentStore;
  readonly #reporter: Reporter;
  readonly #now: () => number;
  readonly #linked = new Map<string, LinkedAgent>();
  readonly #reasons = new Map<string, string>();

  constructor(store: AgentStore, reporter: Reporter, now: () => number = Date.now) {
    this.#store = store;
    this.#reporter = reporter;
    this.#now = now;
  }

  connected(): readonly string[] {
    return [...this.#linked.keys()];
  }

  get(agent: string): LinkedAgent | undefined {
    return this.#linked.get(agent);
  }

  order(agent: string, order: Order): Promise<OrderAnswer> {
    const linked = this.#linked.get(agent);
    return linked?.order(order) ?? Promise.resolve(refused('NM_UNAVAILABLE', `${agent} is not connected`));
  }

  /** Why an agent that was linked is not any more; null where nothing is known. */
  reason(agent: string): string | null {
    return this.#reasons.get(agent) ?? null;
  }

  add(linked: LinkedAgent): void {
    this.#linked.set(linked.hello.agent, linked);
    this.#reasons.delete(linked.hello.agent);
    this.#note([linked]);
  }

  remove(linked: LinkedAgent, reason: string): void {
    const { agent } = linked.hello;
    if (this.#linked.get(agent) !== linked) return;
    this.#linked.delete(agent);
    this.#reasons.set(agent, reason.slice(0, 512));
    const [oldest] = this.#reasons.keys();
    if (this.#reasons.size > maxReasons) this.#reasons.delete(oldest);
    this.#note([linked]);
  }

  /** Ends the links of an agent, or tells all agents of a console, whose certificates were revoked. */
  shutOut(role: 'agent' | 'console', name: string, reason: string): void {
    if (role === 'agent') this.#linked.get(name)?.refuse('NM_FORBIDDEN', reason);
    else for (const linked of this.#linked.values()) linked.tellRevoked();
  }

  /** Notes that the linked agents are there still. */
  touch(): void {
    if (this.#linked.size > 0) this.#note([...this.#linked.values()]);
  }

  #note(linked: readonly LinkedAgent[]): void {
    const at = new Date(this.#now()).toISOString();
    const known = linked.map(({ hello, origin }): KnownAgent => {
      const { agent, version, kernel, os } = hello;
      const { dialledBy, address, tls } = origin;
      return { agent, version, kernel, os, dialledBy, address, tls, firstSeen: at, lastSeen: at };
    });
    this.#store.saveAgents(known).catch((error: unknown) => {
      this.#reporter.error('unable to note which agents are there', { error });
    });
  }
}
