/**
 * The monitors of this agent: takes the orders for them, keeps them on disk, carries them out, and tells of each round,
 * for good (a durable record), to who watches, and in its own memory. It goes on without a server.
 */
import { describeError, type ErrorCode, NetmonError } from '../../base/errors.ts';
import type { Component } from '../../platform/lifecycle.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { DurableRecord } from '../../wire/link.ts';
import type { Assignment, MonitorResult } from '../../wire/monitor.ts';
import type { AgentDescription, Order, OrderAnswer } from '../../wire/orders.ts';
import type { Probe } from '../../wire/probe.ts';
import type { OrderHandler, OrderOwner, ResultFeed } from '../orders/handler.ts';
import { makeRound, type RoundParts } from '../probes/round.ts';
import { AssignmentBook, type Entry } from './book.ts';
import { CarriedMonitor } from './carried.ts';
import { Connectivity, type NetworkView, type OtherWitness } from './connectivity.ts';
import { RoundHistory } from './history.ts';
import { Scheduler } from './scheduler.ts';
import { SetParts } from './set-parts.ts';
import { isSilence } from './silence.ts';

/** Single rounds on request that may be under way. */
const maxTrials = 16;
/** Time for a target that is asked whether the network is there. */
const askMs = 1_000;
/** Of more monitors than this a list is brief, so that it stays within what an answer may be long. */
const maxWholeList = 1_000;

/** What is told of the agent beside its monitors. */
export type OwnDescription = Omit<AgentDescription, 'monitors' | 'probes_per_minute' | 'late_p99_ms'>;

export interface RunnerParts extends RoundParts {
  /** Where the monitors are kept; null for memory. */
  readonly file: string | null;
  readonly record: (record: DurableRecord) => void;
  readonly reporter: Reporter;
  /** The machine's network, asked when a round has failed. */
  readonly network: () => NetworkView;
  /** Who can be asked beside targets whether the network is there. */
  readonly witnesses?: () => readonly OtherWitness[];
  readonly describe: () => OwnDescription;
}

export class MonitorRunner implements Component, OrderHandler, ResultFeed {
  readonly name = 'monitors';
  readonly #parts: RunnerParts;
  readonly #book: AssignmentBook;
  readonly #history = new RoundHistory();
  readonly #connectivity: Connectivity;
  readonly #scheduler = new Scheduler();
  readonly #carried = new Map<string, CarriedMonitor>();
  readonly #sets = { server: new SetParts(), console: new SetParts() };
  readonly #listeners = new Set<(result: MonitorResult) => void>();
  readonly #trials = new Set<AbortController>();
  readonly #asking = new Set<AbortController>();
  #consoleRevision = 0;
  #isStopped = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#connectivity = new Connectivity({
      look: parts.network,
      monotonic: parts.monotonic,
      ask: (probe) => this.#ask(probe),
      others: () => parts.witnesses?.() ?? [],
    });
    this.#book = new AssignmentBook({
      path: parts.file,
      onFailure: (reason) => parts.reporter.error('the monitors of this agent could not be read', { reason }),
    });
  }

  /** Of the server's set of monitors, null for none; also before the start. */
  get revision(): number | null {
    return this.#book.revision;
  }

  /** Begins with what was carried out last time. */
  start(): void {
    for (const entry of this.#book.list()) this.#carry(entry, false);
    const { metrics } = this.#parts.reporter;
    const gauge = metrics.gauge('netmon_monitors', 'Monitors that this agent has.');
    const missed = metrics.gauge('netmon_rounds_missed', 'Rounds that did not take place in time.');
    metrics.onExpose(() => {
      gauge.set(this.#carried.size);
      missed.set(this.#scheduler.missed);
    });
  }

  /** Ends what is under way; a round that has not ended is not recorded. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const under of [...this.#trials, ...this.#asking]) under.abort();
    await this.#scheduler.stop();
  }

  onResult(listener: (result: MonitorResult) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async handle(order: Order, owner: OrderOwner): Promise<OrderAnswer> {
    try {
      if (this.#isStopped) throw new NetmonError('NM_UNAVAILABLE', 'this agent is stopping');
      return await this.#carryOut(order, owner);
    } catch (thrown) {
      const code: ErrorCode = thrown instanceof NetmonError ? thrown.code : 'NM_INTERNAL';
      return { type: 'refused', code, message: describeError(thrown).slice(0, 512).toWellFormed() };
    }
  }

  async #carryOut(order: Order, owner: OrderOwner): Promise<OrderAnswer> {
    switch (order.type) {
      case 'monitors.set':
        return this.#set(order, owner);
      case 'monitor.put':
        return this.#put(order.monitor, owner, order.revision);
      case 'monitor.remove':
        return this.#remove(order.monitor, owner, order.revision);
      case 'monitor.start':
        return this.#setStopped(order.monitor, false);
      case 'monitor.stop':
        return this.#setStopped(order.monitor, true);
      case 'monitors.list':
        return this.#list(owner);
      case 'probe.run':
        return this.#try(order);
      case 'results.list':
        this.#find(order.monitor);
        return { type: 'results', results: this.#history.list(order.monitor, order.limit) };
      case 'agent.describe':
        return { type: 'agent', agent: this.#describe() };
      case 'results.watch':
        throw new NetmonError('NM_NOT_SUPPORTED', 'rounds are watched on a connection of a console');
    }
  }

  async #set(order: Extract<Order, { type: 'monitors.set' }>, owner: OrderOwner): Promise<OrderAnswer> {
    const monitors = this.#sets[owner].add(order);
    if (monitors === null) return { type: 'done' };
    const wanted = new Set(monitors.map(({ id }) => id));
    if (owner === 'console') for (const id of wanted) this.#checkOwner(id, owner);
    for (const { monitor, owner: whose } of this.#book.list()) {
      if (whose === owner && !wanted.has(monitor.id)) this.#drop(monitor.id);
    }
    this.#setRevision(owner, undefined);
    for (const monitor of monitors) this.#replace(monitor, owner, false);
    this.#setRevision(owner, order.revision);
    return this.#done();
  }

  async #put(monitor: Assignment, owner: OrderOwner, revision: number | undefined): Promise<OrderAnswer> {
    if (owner === 'console') {
      this.#checkOwner(monitor.id, owner);
      // Who is at a console can mend it; what a server sends, it sends to many.
      makeRound(monitor, this.#parts);
    }
    this.#replace(monitor, owner, true);
    this.#setRevision(owner, revision);
    return this.#done();
  }

  async #remove(id: string, owner: OrderOwner, revision: number | undefined): Promise<OrderAnswer> {
    if (owner === 'console') {
      this.#find(id);
      this.#checkOwner(id, owner);
    }
    // A server's order comes again after an answer that was lost; what a console has put is not its to remove.
    if (this.#book.get(id)?.owner === owner) this.#drop(id);
    this.#setRevision(owner, revision);
    return this.#done();
  }

  async #setStopped(id: string, stopped: boolean): Promise<OrderAnswer> {
    const { entry } = this.#find(id);
    if (entry.stopped === stopped) return { type: 'done' };
    this.#book.put({ ...entry, stopped });
    this.#carry({ ...entry, stopped }, true);
    return this.#done();
  }

  async #list(owner: OrderOwner): Promise<OrderAnswer> {
    const brief = this.#carried.size > maxWholeList;
    const monitors = Array.from(this.#carried.values(), (carried) => carried.describe(brief));
    const revision = owner === 'server' ? (this.#book.revision ?? 0) : this.#consoleRevision;
    return { type: 'monitors', revision, monitors };
  }

  async #try(order: Extract<Order, { type: 'probe.run' }>): Promise<OrderAnswer> {
    const round = makeRound(order, this.#parts);
    if (this.#trials.size >= maxTrials) {
      throw new NetmonError('NM_RATE', `this agent tries ${maxTrials} probes at a time; wait a moment`);
    }
    const controller = new AbortController();
    this.#trials.add(controller);
    try {
      const result = await round.run(controller.signal);
      if (!result) throw new NetmonError('NM_UNAVAILABLE', 'this agent is stopping');
      return { type: 'result', result };
    } finally {
      this.#trials.delete(controller);
    }
  }

  /** Whether anything is heard of a target, asked once more; null where the agent cannot tell. */
  async #ask(probe: Probe): Promise<boolean | null> {
    const controller = new AbortController();
    this.#asking.add(controller);
    try {
      const order = { probe, timeout_ms: askMs, retries: 0, assertions: [] };
      const result = await makeRound(order, this.#parts).run(controller.signal);
      return !result || result.outcome === 'unknown' ? null : !isSilence(result);
    } catch {
      return null;
    } finally {
      this.#asking.delete(controller);
    }
  }

  #describe(): AgentDescription {
    const { perMinute, lateP99Ms } = this.#scheduler.measure();
    return {
      ...this.#parts.describe(),
      monitors: this.#carried.size,
      probes_per_minute: perMinute,
      late_p99_ms: lateP99Ms,
    };
  }

  /** Takes in a monitor, unless it is there as it is. One of another owner makes way. */
  #replace(monitor: Assignment, owner: OrderOwner, soon: boolean): void {
    const before = this.#book.get(monitor.id);
    const entry: Entry = { monitor, owner, stopped: before?.stopped ?? false };
    if (before && JSON.stringify(before) === JSON.stringify(entry)) return;
    this.#book.put(entry);
    this.#carry(entry, soon);
  }

  #carry(entry: Entry, soon: boolean): void {
    const { id, interval_ms } = entry.monitor;
    const carried = new CarriedMonitor(entry, this.#parts, this.#carried.get(id));
    this.#carried.set(id, carried);
    if (entry.stopped) this.#scheduler.remove(id);
    else this.#scheduler.put(id, interval_ms, (signal) => this.#run(carried, signal), soon);
  }

  #drop(id: string): void {
    this.#scheduler.remove(id);
    this.#book.remove(id);
    this.#carried.delete(id);
    this.#history.forget(id);
  }

  async #run(carried: CarriedMonitor, signal: AbortSignal): Promise<void> {
    const { probe } = carried.entry.monitor;
    try {
      const result = await carried.run(signal, (found) => this.#connectivity.check(found, probe));
      if (result) this.#tell(result);
    } catch (error) {
      this.#parts.reporter.error('a round of a monitor failed', { monitor: carried.entry.monitor.id, error });
    }
  }

  #tell(result: MonitorResult): void {
    this.#history.add(result);
    this.#parts.record({ kind: 'probe', result });
    this.#parts.reporter.metrics
      .counter('netmon_rounds_total', 'Rounds of monitors, by what they found.', ['outcome'])
      .add(1, result.outcome);
    for (const listener of this.#listeners) listener(result);
  }

  #find(id: string): CarriedMonitor {
    const carried = this.#carried.get(id);
    if (!carried) throw new NetmonError('NM_NOT_FOUND', `this agent has no monitor ${id}`);
    return carried;
  }

  #checkOwner(id: string, owner: OrderOwner): void {
    const other = this.#book.get(id)?.owner;
    if (other === undefined || other === owner) return;
    throw new NetmonError('NM_CONFLICT', `monitor ${id} belongs to the server of this agent`);
  }

  #setRevision(owner: OrderOwner, revision: number | undefined): void {
    if (owner === 'server') this.#book.revision = revision ?? null;
    else this.#consoleRevision = revision ?? this.#consoleRevision + 1;
  }

  /** Once what was ordered is on disk. Otherwise the server is not to think that it is. */
  async #done(): Promise<OrderAnswer> {
    try {
      await this.#book.save();
    } catch (thrown) {
      this.#book.revision = null;
      throw thrown;
    }
    return { type: 'done' };
  }
}
