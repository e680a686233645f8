import { connect, type LiveClient, type LiveFrameMessage } from '../../../src/client/live.ts';
import { LiveTable } from '../../../src/client/table.ts';
import type { LiveStats, LiveUpdate, SubscribeInput } from '../../../src/wire/live.ts';
import { bandwidthPoints } from '../../../src/wire/names.ts';
import { ColumnBuffer } from './column-buffer.ts';

/** What a subscription asks for, without the envelope. */
export type Topic = SubscribeInput extends infer One
  ? One extends unknown
    ? Omit<One, 'id' | 'kind'>
    : never
  : never;

const keyFields = {
  connections: 'id',
  errors: 'id',
  processes: 'key',
  interfaces: 'name',
  health: 'agent',
  bandwidth: 'key',
  alerts: 'id',
  totals: 'of',
  traffic: 'window',
} as const;

/** The picture of a subscription at one frame; a new object whenever it changed. */
export interface RowsView<Row> {
  readonly rows: readonly Row[];
  /** Rows that match on the server, of which these are a part. */
  readonly total: number;
  /** Place of the first row among them. */
  readonly offset: number;
  /** Whether the first snapshot is here. */
  readonly ready: boolean;
  /** Why the server refused, if it did. */
  readonly problem: string | null;
}
export const emptyView: RowsView<never> = { rows: [], total: 0, offset: 0, ready: false, problem: null };

/** Connection to the server as the reader sees it. */
export interface LinkState {
  readonly phase: 'connecting' | 'live' | 'offline';
  /** Unix ms of the next attempt, when one is planned. */
  readonly retryAt: number | null;
}

interface Subscription {
  readonly table: LiveTable<Record<string, unknown>>;
  readonly samples: ColumnBuffer;
  readonly offset: number;
  view: RowsView<unknown>;
  dirty: boolean;
  problem: string | null;
}

/**
 * All live data of the page, outside React. A frame is taken in when it comes; listeners are told once per animation
 * frame, and read immutable pictures by selector.
 */
export class LiveStore {
  readonly #client: LiveClient;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #listeners = new Set<() => void>();
  #nextId = 1;
  #scheduled = false;
  #link: LinkState = { phase: 'connecting', retryAt: null };
  #stats: LiveStats | null = null;
  #agents = 0;
  #lastFrameAt: number | null = null;
  #skewMs = 0;

  /** Connects to the server at `url` (`http:` or `https:`) at once. */
  constructor(url: string) {
    this.#client = connect({
      url,
      onFrame: (frame) => this.#onFrame(frame),
      onStatus: (status, retryAt) => this.#onStatus(status, retryAt),
      onProblem: (problem) => this.#onProblem(problem.id, problem.message),
    });
  }

  get link(): LinkState {
    return this.#link;
  }

  /** Totals of the newest frame, null before the first. */
  get stats(): LiveStats | null {
    return this.#stats;
  }

  /** Agents connected to the server at the newest frame. */
  get agents(): number {
    return this.#agents;
  }

  /** Unix ms, by this browser's clock, of the newest frame. */
  get lastFrameAt(): number | null {
    return this.#lastFrameAt;
  }

  /** Unix ms, by the server's clock, of the newest frame; 0 before the first. */
  get frameTime(): number {
    return this.#lastFrameAt === null ? 0 : this.#lastFrameAt + this.#skewMs;
  }

  /** Now by the server's clock, in whole seconds of Unix time, standing still while disconnected. */
  get serverSecond(): number {
    const at = this.#link.phase === 'live' ? Date.now() : (this.#lastFrameAt ?? Date.now());
    return Math.floor((at + this.#skewMs) / 1000);
  }

  /** Calls back after each animation frame with news; answers the way to stop. */
  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Starts a subscription and answers its id for `view`, `samples` and `close`. */
  open(topic: Topic): string {
    const id = `s${this.#nextId++}`;
    this.#subscriptions.set(id, {
      table: new LiveTable(keyFields[topic.topic]),
      samples: new ColumnBuffer(bandwidthPoints),
      offset: ('offset' in topic ? topic.offset : 0) ?? 0,
      view: emptyView,
      dirty: false,
      problem: null,
    });
    this.#client.subscribe({ kind: 'subscribe', id, ...topic } as SubscribeInput);
    return id;
  }

  close(id: string): void {
    if (this.#subscriptions.delete(id)) this.#client.unsubscribe(id);
  }

  view(id: string | null): RowsView<unknown> {
    return (id !== null && this.#subscriptions.get(id)?.view) || emptyView;
  }

  /** The bounded history of a bandwidth subscription. */
  samples(id: string | null): ColumnBuffer | null {
    return id === null ? null : (this.#subscriptions.get(id)?.samples ?? null);
  }

  retryNow(): void {
    this.#client.retryNow();
  }

  setHidden(hidden: boolean): void {
    this.#client.setHidden(hidden);
  }

  #onFrame(frame: LiveFrameMessage): void {
    this.#lastFrameAt = Date.now();
    this.#skewMs = Date.parse(frame.timestamp) - this.#lastFrameAt;
    this.#stats = frame.stats;
    this.#agents = frame.agents;
    for (const update of frame.updates) this.#apply(update);
    this.#schedule();
  }

  #apply(update: LiveUpdate): void {
    const subscription = this.#subscriptions.get(update.id);
    if (!subscription) return;
    if (update.snapshot) {
      subscription.samples.clear();
      subscription.problem = null;
    }
    for (const sample of update.samples ?? []) subscription.samples.push(sample);
    if (subscription.table.apply(update)) subscription.dirty = true;
  }

  #onStatus(status: string, retryAt: number | null): void {
    const waiting = status === 'waiting' || (status === 'connecting' && this.#link.phase === 'offline');
    this.#link = { phase: status === 'open' ? 'live' : waiting ? 'offline' : 'connecting', retryAt };
    this.#schedule();
  }

  #onProblem(id: string | undefined, message: string): void {
    const subscription = id === undefined ? undefined : this.#subscriptions.get(id);
    if (!subscription) return;
    subscription.problem = message;
    subscription.dirty = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    for (const one of this.#subscriptions.values()) {
      if (!one.dirty) continue;
      one.dirty = false;
      const { table, offset, problem } = one;
      one.view = { rows: table.rows(), total: table.total, offset, ready: true, problem };
    }
    for (const listener of this.#listeners) listener();
  }
}
