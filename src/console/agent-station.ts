import { describeError, NetmonError } from '../base/errors.ts';
import { compareKeys } from '../base/order.ts';
import type { MonitorResult, MonitorSettings } from '../wire/monitor.ts';
import type { AgentRow, NewMonitor } from '../wire/monitor-api.ts';
import type { Carried, Order, OrderAnswer } from '../wire/orders.ts';
import { AgentOrders, type AgentSocketOptions, type Hello } from './agent-orders.ts';
import { chooseId, isAsked, makeAssignment, readCarried } from './carried-monitor.ts';
import type { AgentResult, MonitorQuery, Station, StationEvent, StationMonitor, Trial } from './station.ts';

/** Most rounds that an order asks for. */
const maxRounds = 1000;

type AnswerOf<T extends OrderAnswer['type']> = Extract<OrderAnswer, { type: T }>;

/** One agent that waits for consoles (`netmon agent --listen`), commanded by orders. */
export class AgentStation implements Station {
  readonly kind = 'agent';
  readonly address: string;
  readonly #orders: AgentOrders;
  readonly #watchers = new Map<(event: StationEvent) => void, boolean>();
  /** Names of its monitors, by id. */
  readonly #names = new Map<string, string>();
  #name: string | null = null;
  #reason: NetmonError | null = null;
  #listening = false;
  #settled: (() => void)[] = [];

  /** `address` is as the user wrote it. It connects at once, and again after each end. */
  constructor(address: string, options: AgentSocketOptions) {
    this.address = address;
    this.#orders = new AgentOrders(options, {
      onLink: (hello, reason) => this.#onLink(hello, reason),
      onResult: (result) => this.#onResult(result),
    });
    this.#orders.open();
  }

  get name(): string {
    return this.#name ?? this.address;
  }

  get connected(): boolean {
    return this.#orders.hello !== null;
  }

  /** Waits until the agent has said who it is. Throws why it did not. */
  async ready(): Promise<void> {
    if (!this.connected && !this.#reason) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#settled.push(resolve);
      await promise;
    }
    if (!this.connected)
      throw this.#reason ?? new NetmonError('NM_UNAVAILABLE', 'the agent is not connected');
  }

  async list(query: MonitorQuery = {}): Promise<StationMonitor[]> {
    return (await this.#carried())
      .map((carried) => readCarried(carried, this.name, false))
      .filter((monitor) => isAsked(monitor, query))
      .sort((a, b) => compareKeys(a.name, b.name) || compareKeys(a.id, b.id));
  }

  async read(id: string, secrets = false): Promise<StationMonitor> {
    return readCarried(await this.#find(id), this.name, secrets);
  }

  async add(settings: NewMonitor): Promise<StationMonitor> {
    const taken = new Set((await this.#carried()).map(({ monitor }) => monitor.id));
    const id = settings.id ?? chooseId(settings.name, taken);
    if (taken.has(id)) throw new NetmonError('NM_CONFLICT', `${this.name} has a monitor ${id} already`);
    await this.#give('done', { type: 'monitor.put', monitor: makeAssignment(settings, id, 1) });
    if (!settings.enabled) await this.#give('done', { type: 'monitor.stop', monitor: id });
    return this.read(id);
  }

  async change(id: string, settings: MonitorSettings, revision: number): Promise<StationMonitor> {
    const { monitor, running } = await this.#find(id);
    if (monitor.revision !== revision) {
      throw new NetmonError(
        'NM_CONFLICT',
        `monitor ${id} was changed meanwhile: it has revision ${monitor.revision}, not ${revision}`,
      );
    }
    await this.#give('done', { type: 'monitor.put', monitor: makeAssignment(settings, id, revision + 1) });
    if (settings.enabled !== running) return this.move(id, settings.enabled ? 'start' : 'stop');
    return this.read(id);
  }

  async remove(id: string): Promise<void> {
    await this.#give('done', { type: 'monitor.remove', monitor: id });
  }

  async move(id: string, move: 'start' | 'stop', agents?: readonly string[]): Promise<StationMonitor> {
    const other = agents?.find((agent) => agent !== this.name);
    if (other !== undefined) throw new NetmonError('NM_NOT_FOUND', `this is ${this.name}, not ${other}`);
    await this.#give('done', { type: `monitor.${move}`, monitor: id });
    return this.read(id);
  }

  async results(id: string, limit: number): Promise<AgentResult[]> {
    const order: Order = { type: 'results.list', monitor: id, limit: Math.min(limit, maxRounds) };
    const { results } = await this.#give('results', order);
    return results.map((result) => ({ agent: this.name, result }));
  }

  async try({ probe, assertions, timeout_ms, retries }: MonitorSettings): Promise<Trial[]> {
    const order: Order = { type: 'probe.run', probe, assertions, timeout_ms, retries };
    const { result } = await this.#give('result', order, timeout_ms * (1 + retries));
    return [{ agent: this.name, result, problem: null }];
  }

  async agentNames(): Promise<string[]> {
    return [this.name];
  }

  async agents(): Promise<AgentRow[]> {
    const { agent } = await this.#give('agent', { type: 'agent.describe' });
    return [describeSelf(agent, this.address)];
  }

  watch(onEvent: (event: StationEvent) => void, results: boolean): () => void {
    this.#watchers.set(onEvent, results);
    this.#listen();
    return () => {
      this.#watchers.delete(onEvent);
      this.#listen();
    };
  }

  close(): void {
    this.#watchers.clear();
    this.#orders.close();
  }

  async #carried(): Promise<readonly Carried[]> {
    const { monitors } = await this.#give('monitors', { type: 'monitors.list' });
    this.#names.clear();
    for (const { monitor } of monitors) this.#names.set(monitor.id, monitor.name);
    return monitors;
  }

  async #find(id: string): Promise<Carried> {
    const found = (await this.#carried()).find(({ monitor }) => monitor.id === id);
    if (found) return found;
    throw new NetmonError('NM_NOT_FOUND', `${this.name} has no monitor ${id}`);
  }

  async #give<T extends OrderAnswer['type']>(type: T, order: Order, furtherMs = 0): Promise<AnswerOf<T>> {
    await this.ready();
    const answer = await this.#orders.give(order, furtherMs);
    if (answer.type === type) return answer as AnswerOf<T>;
    throw new NetmonError('NM_UNAVAILABLE', `${this.name} answered something else than ${type}`);
  }

  #tell(event: StationEvent): void {
    for (const [onEvent, results] of this.#watchers) if (results || event.kind !== 'result') onEvent(event);
  }

  #onLink(hello: Hello | null, reason: NetmonError | null): void {
    if (hello) this.#name = hello.agent;
    this.#reason = reason;
    this.#listening = false;
    for (const resolve of this.#settled.splice(0)) resolve();
    this.#tell({ kind: 'link', connected: hello !== null, reason: reason && describeError(reason) });
    if (hello) this.#listen();
  }

  /** Has the agent tell rounds while somebody wants them; names come with the list. */
  #listen(): void {
    const on = [...this.#watchers.values()].includes(true);
    if (!this.connected || on === this.#listening) return;
    this.#listening = on;
    const failed = (error: unknown): void =>
      this.#tell({ kind: 'link', connected: this.connected, reason: describeError(error) });
    this.#give('done', { type: 'results.watch', on }).catch(failed);
    if (on) this.#carried().catch(failed);
  }

  #onResult(result: MonitorResult): void {
    const name = this.#names.get(result.monitor) ?? result.monitor;
    this.#tell({ kind: 'result', agent: this.name, name, result });
  }
}

/** What an agent says of itself, in the form of a server's list. */
function describeSelf(description: NonNullable<AgentRow['description']>, address: string): AgentRow {
  const { agent, version, kernel, os, spooled_records, spooled_bytes, lost_records } = description;
  const now = Date.now();
  const startedAt = Math.max(0, now - description.uptime_s * 1000);
  return {
    agent,
    version,
    kernel,
    os,
    connected: true,
    dialled_by: 'server',
    address,
    tls: false,
    certificate_until: null,
    revoked_at: null,
    first_seen: new Date(startedAt).toISOString(),
    last_seen: new Date(now).toISOString(),
    reason: null,
    sensors: [],
    lag_ms: null,
    clock_offset_ms: null,
    spooled_records,
    spooled_bytes,
    lost_records,
    cpu_percent: description.cpu_percent,
    memory_bytes: description.memory_bytes,
    monitors: description.monitors,
    gaps: [],
    description,
  };
}
