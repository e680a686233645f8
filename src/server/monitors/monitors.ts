/**
 * Monitors at the server. Order in which a round is dealt with:
 *
 * 1. the ingest commits it with its sequence number, and tells of it (`committed`)
 * 2. the judge makes a state of it, of all agents together
 * 3. listeners hear of it; within a second the state is on disk, with the id of the last round that it regards
 * 4. within two minutes it is part of the sums, again up to an id, and so of history and uptime
 *
 * What a kill cuts off between these is made up for at the next start from the rounds after those ids.
 */
import type { Component } from '../../platform/lifecycle.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { MonitorStore } from '../../store/monitors.ts';
import type { Monitor, MonitorEvent, MonitorResult, MonitorSettings } from '../../wire/monitor.ts';
import type { ChangedMonitor, NewMonitor } from '../../wire/monitor-api.ts';
import { MonitorBook } from './book.ts';
import { Dispatcher } from './dispatcher.ts';
import { Judge } from './judge.ts';
import { Keeper, restoreState } from './keeper.ts';
import { Plans } from './plans.ts';
import type { AgentPort, MonitorSink } from './ports.ts';
import { readStatus, type Seen, showMonitor, writeStatus } from './status.ts';
import { UptimeBook, uptimeDays, uptimeHours } from './uptime.ts';
import { Versions } from './versions.ts';
import type { Watched } from './watched.ts';

const sweepMs = 2_000;
const sumMs = 120_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** Rounds judged at a time while starting. */
const replayRounds = 1000;
/** Rounds looked at to find the last one of each agent. */
const lastRounds = 20;

export interface MonitorsParts {
  readonly store: MonitorStore;
  readonly agents: AgentPort;
  readonly reporter: Reporter;
  readonly now?: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly clock?: () => number;
}

/** Told of what happens, as JSON of a monitor event. */
export type EventListener = (event: string, type: MonitorEvent['type']) => void;

export class Monitors implements Component, MonitorSink {
  readonly name = 'monitors';
  readonly book = new MonitorBook();
  readonly judge: Judge;
  readonly uptime = new UptimeBook();
  /** Rise with every change of a monitor or its status. */
  readonly versions = new Versions();
  readonly #store: MonitorStore;
  readonly #reporter: Reporter;
  readonly #now: () => number;
  readonly #clock: () => number;
  readonly #dispatcher: Dispatcher;
  readonly #keeper: Keeper;
  readonly #plans = new Plans();
  readonly #connected = new Set<string>();
  readonly #listeners = new Set<EventListener>();
  readonly #texts = new WeakMap<Watched, { readonly version: number; readonly text: string }>();
  #nextIncident = 1;
  #loading = true;
  #sweepTimer: NodeJS.Timeout | undefined;
  #sumTimer: NodeJS.Timeout | undefined;
  /** Changes of the book, one after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor({ store, agents, reporter, now = Date.now, clock = () => performance.now() }: MonitorsParts) {
    this.#store = store;
    this.#reporter = reporter;
    this.#now = now;
    this.#clock = clock;
    this.#keeper = new Keeper(store, reporter);
    this.#dispatcher = new Dispatcher({
      agents,
      reporter,
      monitors: () => this.book.values(),
      monitor: (id) => this.book.get(id),
    });
    this.judge = new Judge({
      now,
      clock,
      isConnected: (agent) => this.#connected.has(agent),
      connected: () => this.#connected,
      nextIncident: () => this.#nextIncident++,
      onChange: (watched, judged) => this.#onChange(watched, judged),
      onIncident: (incident) => this.#keeper.addIncident(incident),
    });
  }

  /** Reads what was kept, judges what came after it, and begins to look for agents without news. */
  async start(): Promise<void> {
    this.versions.begin(this.#now());
    await this.#load();
    await this.sum();
    this.#loading = false;
    this.#sweepTimer = setInterval(() => this.judge.sweep(), sweepMs);
    this.#sumTimer = setInterval(() => void this.sum(), sumMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweepTimer);
    clearInterval(this.#sumTimer);
    this.#dispatcher.stop();
    await this.#changing;
    await this.#keeper.close();
  }

  connected(agent: string, revision: number | null): void {
    this.#connected.add(agent);
    this.#dispatcher.connected(agent, revision);
    this.#judgeAll((monitor) => monitor.agents === '*');
  }

  disconnected(agent: string): void {
    this.#connected.delete(agent);
    this.#dispatcher.disconnected(agent);
    this.#judgeAll((monitor) => monitor.agents === '*');
  }

  committed(agent: string, results: readonly MonitorResult[], last: number, offsetMs = 0): void {
    for (const result of results) {
      this.judge.take(agent, result, offsetMs);
      if (this.#listeners.size > 0) this.#emit({ type: 'result', agent, result });
    }
    this.#keeper.judged = last;
  }

  /** Whether an agent is linked now. */
  isConnected(agent: string): boolean {
    return this.#connected.has(agent);
  }

  /** Calls a listener with each event from now on, until the function that it gives is called. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** How each agent sees a monitor. */
  seen(watched: Watched): Seen[] {
    return this.judge.listSeen(watched);
  }

  /** The status of a monitor without what single agents see. */
  status(watched: Watched): ReturnType<typeof readStatus> {
    const now = this.#now();
    const seen = this.seen(watched);
    const status = readStatus(watched, seen, this.uptime.read(watched.monitor.id, now), now);
    return { ...status, reason: status.reason ?? this.#explainPending(watched, seen) };
  }

  /** A monitor with its status, as JSON; `secrets` shows credentials as they are. */
  read(watched: Watched, secrets: boolean): string {
    return this.#writeRow(watched, secrets, 'whole');
  }

  /** The same for a list: without the detail of last rounds, and kept until something changes. */
  row(watched: Watched, secrets = false): string {
    const known = this.#texts.get(watched);
    if (!secrets && known?.version === watched.version) return known.text;
    const text = this.#writeRow(watched, secrets, 'brief');
    if (!secrets) this.#texts.set(watched, { version: watched.version, text });
    return text;
  }

  /** All monitors, as the first frame of a viewer. */
  snapshot(): string {
    const rows = Array.from(this.judge.values(), (watched) => this.row(watched));
    return `{"kind":"snapshot","version":${this.versions.current},"monitors":[${rows.join(',')}]}`;
  }

  /** Saves new monitors and changed ones, all or none. Throws NM_VALIDATION, NM_CONFLICT, NM_NOT_FOUND, NM_STORE. */
  save(
    added: readonly NewMonitor[],
    changed: ReadonlyMap<string, ChangedMonitor> = new Map(),
  ): Promise<readonly Monitor[]> {
    return this.#inTurn(async () => {
      const monitors = this.plan(added, changed);
      await this.#adopt(monitors);
      return monitors;
    });
  }

  /** What `save` would save, checked. */
  plan(
    added: readonly NewMonitor[],
    changed: ReadonlyMap<string, ChangedMonitor> = new Map(),
  ): readonly Monitor[] {
    const now = this.#now();
    const taken = new Set<string>();
    const made = added.map((input) => {
      const monitor = this.book.make(input, now, taken);
      taken.add(monitor.id);
      return monitor;
    });
    const monitors = [...made, ...Array.from(changed, ([id, input]) => this.book.change(id, input, now))];
    this.book.check(monitors);
    return monitors;
  }

  /** Throws NM_VALIDATION for what is wrong with one monitor by itself; `id` is that of the one it would change. */
  checkAlone(input: NewMonitor, id: string | undefined): void {
    const { id: _, ...settings } = input;
    if (id !== undefined && this.book.get(id)) this.book.change(id, settings, this.#now());
    else this.book.make(input, this.#now());
  }

  /** Changes some fields of a monitor. Throws as `save` does. */
  edit(id: string, change: (monitor: Monitor) => Partial<MonitorSettings>): Promise<Monitor> {
    return this.#inTurn(async () => {
      const before = this.book.require(id);
      const { id: _, revision, created_at, changed_at, ...settings } = before;
      const after = this.book.change(id, { ...settings, ...change(before) }, this.#now());
      await this.#adopt([after]);
      return after;
    });
  }

  /** Removes a monitor with all that is kept of it; it is no longer the parent of others. Throws NM_NOT_FOUND. */
  remove(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const monitor = this.book.require(id);
      const orphans = Array.from(this.book.values()).filter(({ parents }) => parents.includes(id));
      const changed = orphans.map((orphan): Monitor => {
        const parents = orphan.parents.filter((parent) => parent !== id);
        const changed_at = new Date(this.#now()).toISOString();
        return { ...orphan, parents, revision: orphan.revision + 1, changed_at };
      });
      await this.#adopt(changed);
      await this.#store.removeMonitor(id);
      const watched = this.judge.get(id);
      if (watched) this.#keeper.forget(watched);
      this.book.delete(id);
      this.judge.remove(id);
      this.uptime.delete(id);
      this.#plans.delete(id);
      this.#dispatcher.changed([{ before: monitor, after: null }]);
      this.versions.addRemoved(id);
      this.#emit({ type: 'removed', monitor: id });
    });
  }

  /** Resolves when what was judged is on disk. */
  settle(): Promise<void> {
    return this.#keeper.save();
  }

  /** Adds what came since to the sums, so that uptime has it; done every two minutes by itself. */
  async sum(): Promise<void> {
    try {
      const rows = await this.#store.sumRounds((id) => {
        const monitor = this.book.get(id);
        if (!monitor) return undefined;
        const { quorum, interval_ms: intervalMs } = monitor;
        return { quorum, intervalMs, isPlanned: this.#plans.of(id) };
      });
      for (const row of rows) this.uptime.set(row);
      for (const id of new Set(rows.map(({ monitor }) => monitor))) {
        const watched = this.judge.get(id);
        if (watched) this.#tellUptime(watched);
      }
    } catch (error) {
      this.#reporter.error('unable to add up the rounds of monitors', { error });
    }
  }

  /** Viewers hear of an uptime only where it is another one. */
  #tellUptime(watched: Watched): void {
    watched.version = this.versions.next();
    const uptime = JSON.stringify(this.uptime.read(watched.monitor.id, this.#now()));
    if (uptime === watched.uptime) return;
    watched.uptime = uptime;
    this.#onChange(watched, true);
  }

  async #load(): Promise<void> {
    const now = this.#now();
    const { judged, states } = await this.#store.readJudged();
    this.#nextIncident = await this.#store.nextIncident();
    for (const [id, plans] of await this.#store.readWeeklyPlans()) this.#plans.load(id, plans);
    for (const monitor of await this.#store.readMonitors()) {
      this.book.set(monitor);
      this.#plans.put(monitor);
      const watched = this.judge.put(monitor);
      watched.version = this.versions.next();
      const state = states.get(monitor.id);
      if (state !== undefined) restoreState(watched, state, this.#clock(), now);
      await this.#showLast(watched);
    }
    const open = await this.#store.queryIncidents({ open: true, limit: 100_000 });
    for (const incident of open) {
      const watched = this.judge.get(incident.monitor);
      if (watched) watched.incident = incident;
    }
    await this.#replay(judged);
    for (const row of await this.#store.readUptime(now - uptimeHours * hourMs, now - uptimeDays * dayMs)) {
      this.uptime.set(row);
    }
  }

  async #showLast(watched: Watched): Promise<void> {
    if (watched.sights.size === 0) return;
    const rounds = await this.#store.queryRounds({ monitor: watched.monitor.id, limit: lastRounds });
    for (const { agent, result } of rounds.toReversed()) watched.sights.get(agent)?.show(result);
  }

  async #replay(judged: number): Promise<void> {
    this.#keeper.judged = judged;
    for (let after = judged; ; ) {
      const rounds = await this.#store.roundsAfter(after, replayRounds);
      const last = rounds.at(-1);
      if (!last) return;
      for (const { agent, result } of rounds) this.judge.take(agent, result);
      after = last.id;
      this.#keeper.judged = after;
    }
  }

  /** Saves monitors, and then has everybody know. */
  async #adopt(monitors: readonly Monitor[]): Promise<void> {
    const changes = monitors
      .map((after) => ({ before: this.book.get(after.id) ?? null, after }))
      .filter(({ before, after }) => before !== after);
    if (changes.length === 0) return;
    await this.#store.saveMonitors(changes.map(({ after }) => after));
    for (const { after } of changes) {
      this.book.set(after);
      this.#plans.put(after);
      const watched = this.judge.put(after);
      this.#emit({ type: 'monitor', monitor: showMonitor(after, false) });
      this.judge.judge(watched, this.#now());
    }
    this.#dispatcher.changed(changes);
    const isPlanChanged = changes.some(
      ({ before, after }) => JSON.stringify(before?.maintenance ?? []) !== JSON.stringify(after.maintenance),
    );
    if (isPlanChanged) void this.sum();
  }

  #judgeAll(which: (monitor: Monitor) => boolean): void {
    const now = this.#now();
    for (const watched of this.judge.values()) if (which(watched.monitor)) this.judge.judge(watched, now);
  }

  #onChange(watched: Watched, judged: boolean): void {
    watched.version = this.versions.next();
    this.#keeper.touch(watched);
    if (!judged || this.#loading || this.#listeners.size === 0) return;
    const status = writeStatus(this.status(watched), this.seen(watched), 'brief');
    const text = `{"type":"state","monitor":${JSON.stringify(watched.monitor.id)},"status":${status}}`;
    for (const listener of this.#listeners) listener(text, 'state');
  }

  #emit(event: MonitorEvent): void {
    if (this.#listeners.size === 0) return;
    const text = JSON.stringify(event);
    for (const listener of this.#listeners) listener(text, event.type);
  }

  #writeRow(watched: Watched, secrets: boolean, detail: 'whole' | 'brief'): string {
    const status = writeStatus(this.status(watched), this.seen(watched), detail);
    const monitor = JSON.stringify(showMonitor(watched.monitor, secrets));
    return `${monitor.slice(0, -1)},"status":${status}}`;
  }

  /** Why there is no round yet, where an agent said so. */
  #explainPending({ state }: Watched, seen: readonly Seen[]): string | null {
    if (state !== 'pending') return null;
    for (const { agent } of seen) {
      const problem = this.#dispatcher.problem(agent);
      if (problem !== null) return `${agent} does not carry it out: ${problem}`.slice(0, 1024);
    }
    return null;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => {});
    return done;
  }
}
