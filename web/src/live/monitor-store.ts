import { backoffMs } from '../../../src/base/backoff.ts';
import type { MonitorEvent, MonitorRow, MonitorState, MonitorStatus } from '../../../src/wire/monitor.ts';
import type { Outcome, ProbeResult } from '../../../src/wire/probe.ts';
import { responseOf, withResult } from '../lib/monitors.ts';

/** What comes over `/ws?mode=monitors`. */
type Frame =
  | { readonly kind: 'snapshot'; readonly version: number; readonly monitors: readonly MonitorRow[] }
  | { readonly kind: 'events'; readonly version: number; readonly events: readonly MonitorEvent[] };

/** A round as a small chart needs it. */
export interface Round {
  /** Unix ms of its beginning. */
  readonly at: number;
  readonly agent: string;
  readonly ms: number | null;
  readonly outcome: Outcome;
}
/** Rounds kept of a monitor for its small chart. */
export const maxRounds = 30;

/** The picture of all monitors; a new object whenever it changed. */
export interface MonitorsPicture {
  readonly rows: readonly MonitorRow[];
  /** Whether the first snapshot is here. */
  readonly ready: boolean;
  readonly phase: 'connecting' | 'live' | 'offline';
}

/** Listeners are told at once of a change of state or of settings; of rounds alone this often, since each has many. */
const roundsMs = 500;
/** The socket stays for a while when nobody looks, so that going from page to page fetches nothing anew. */
const idleMs = 10_000;

/** All monitors, live and outside React. Connected as long as somebody listens. */
export class MonitorStore {
  readonly #url: string;
  readonly #rows = new Map<string, MonitorRow>();
  readonly #rounds = new Map<string, Round[]>();
  /** Rounds that came while those before them were being read. */
  readonly #early = new Map<string, Round[]>();
  readonly #listeners = new Set<() => void>();
  #picture: MonitorsPicture = { rows: [], ready: false, phase: 'connecting' };
  #ready = false;
  #phase: MonitorsPicture['phase'] = 'connecting';
  #socket: WebSocket | null = null;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #telling: ReturnType<typeof setTimeout> | undefined;

  /** Of the server at `url` (`http:` or `https:`). */
  constructor(url: string) {
    const target = new URL('/ws?mode=monitors', url);
    target.protocol = target.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#url = target.href;
  }

  /** Calls back after each change; answers the way to stop. */
  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    clearTimeout(this.#idle);
    if (!this.#socket && this.#retry === undefined) this.#dial();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#idle = setTimeout(() => this.#close(), idleMs);
    };
  };

  readonly picture = (): MonitorsPicture => this.#picture;

  row(id: string): MonitorRow | undefined {
    return this.#rows.get(id);
  }

  /** The newest rounds, oldest first; a new array whenever there is one more. Undefined until `keepRounds`. */
  rounds(id: string): readonly Round[] | undefined {
    return this.#rounds.get(id);
  }

  /** Has the rounds of a monitor kept from now on; those before it are read, and then given to `keepRounds`. */
  awaitRounds(id: string): void {
    this.#early.set(id, []);
  }

  /** Begins with those that a list of the server has; which may hold some that are told of as well, before or after. */
  keepRounds(id: string, results: readonly (ProbeResult & { readonly agent: string })[]): void {
    const listed = results.map((result) => toRound(result.agent, result));
    const early = (this.#early.get(id) ?? []).filter((round) => !hasRound(listed, round));
    this.#early.delete(id);
    this.#rounds.set(id, [...listed, ...early].sort((a, b) => a.at - b.at).slice(-maxRounds));
    this.#tell(0);
  }

  /** Takes a monitor in that was just saved or read, before the server tells of it. */
  put(row: MonitorRow): void {
    this.#rows.set(row.id, row);
    this.#renew();
  }

  /** Leaves a monitor out that was just removed. */
  drop(id: string): void {
    this.#rows.delete(id);
    this.#rounds.delete(id);
    this.#renew();
  }

  #dial(): void {
    this.#retry = undefined;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#onMessage(data);
    socket.onclose = () => this.#onLost(socket);
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    // What is not heard of any more is old; the next snapshot has it all.
    this.#phase = 'connecting';
    this.#rounds.clear();
    this.#early.clear();
  }

  #onLost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#rounds.clear();
    this.#early.clear();
    this.#retry = setTimeout(() => this.#dial(), backoffMs(this.#failures++, Math.random()));
    this.#phase = 'offline';
    this.#tell(0);
  }

  #onMessage(data: unknown): void {
    const frame = parse(data);
    if (!frame) return;
    this.#failures = 0;
    this.#phase = 'live';
    if (frame.kind === 'snapshot') {
      this.#ready = true;
      this.#rows.clear();
      for (const row of frame.monitors) this.#rows.set(row.id, row);
      this.#renew();
      return;
    }
    let judged = false;
    for (const event of frame.events) {
      this.#apply(event);
      judged ||= event.type !== 'result';
    }
    if (judged) this.#renew();
    else this.#tell(roundsMs);
  }

  #apply(event: MonitorEvent): void {
    switch (event.type) {
      case 'result':
        this.#applyResult(event.agent, event.result.monitor, event.result);
        break;
      case 'state': {
        const row = this.#rows.get(event.monitor);
        if (row) this.#rows.set(event.monitor, { ...row, status: event.status });
        break;
      }
      case 'monitor': {
        const status = this.#rows.get(event.monitor.id)?.status ?? newStatus(event.monitor.enabled);
        this.#rows.set(event.monitor.id, { ...event.monitor, status });
        break;
      }
      case 'removed':
        this.#rows.delete(event.monitor);
        this.#rounds.delete(event.monitor);
        break;
    }
  }

  #applyResult(agent: string, id: string, result: ProbeResult): void {
    const row = this.#rows.get(id);
    if (row) this.#rows.set(id, { ...row, status: withResult(row.status, agent, result) });
    const round = toRound(agent, result);
    const early = this.#early.get(id);
    if (early && early.push(round) > maxRounds) early.shift();
    const rounds = this.#rounds.get(id);
    if (rounds && !hasRound(rounds, round)) this.#rounds.set(id, [...rounds.slice(1 - maxRounds), round]);
  }

  #renew(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#show();
  }

  #tell(ms: number): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#show();
    }, ms);
  }

  #show(): void {
    this.#picture = { rows: [...this.#rows.values()], ready: this.#ready, phase: this.#phase };
    for (const listener of this.#listeners) listener();
  }
}

function hasRound(rounds: readonly Round[], { at, agent }: Round): boolean {
  return rounds.some((round) => round.at === at && round.agent === agent);
}

function toRound(agent: string, result: ProbeResult): Round {
  return { at: Date.parse(result.at), agent, ms: responseOf(result), outcome: result.outcome };
}

function newStatus(enabled: boolean): MonitorStatus {
  const state: MonitorState = enabled ? 'pending' : 'stopped';
  return {
    state,
    since: null,
    reason: null,
    silenced: null,
    agents: [],
    response_ms: null,
    loss_ratio: null,
    certificate_days: null,
    uptime: { day: null, week: null, month: null, quarter: null },
  };
}

function parse(data: unknown): Frame | null {
  if (typeof data !== 'string') return null;
  try {
    return JSON.parse(data) as Frame;
  } catch {
    return null;
  }
}
