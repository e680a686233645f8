import { describeError, NetmonError } from '../base/errors.ts';
import { AgentRest } from '../client/agent-rest.ts';
import { MonitorRest } from '../client/monitor-rest.ts';
import { RestClient } from '../client/rest.ts';
import type { MonitorEvent, MonitorSettings } from '../wire/monitor.ts';
import { type MonitorFrame, monitorFrameSchema } from '../wire/monitor.ts';
import { type AgentRow, maxMonitorsPerPage, type NewMonitor } from '../wire/monitor-api.ts';
import { KeptSocket } from './kept-socket.ts';
import type { AgentResult, MonitorQuery, Station, StationEvent, StationMonitor, Trial } from './station.ts';

/** A server pings its viewers this often. */
const pingMs = 20_000;
/** Most agents that are listed. */
const agentLimit = 1000;

export interface ServerOptions {
  /** `http:` or `https:`, without a trailing slash. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Watcher {
  readonly onEvent: (event: StationEvent) => void;
  readonly results: boolean;
}

/** A server, by its REST API and its feed of monitors. The feed is open while somebody watches. */
export class ServerStation implements Station {
  readonly kind = 'server';
  readonly address: string;
  readonly name: string;
  readonly #monitors: MonitorRest;
  readonly #agents: AgentRest;
  readonly #socket: KeptSocket;
  readonly #watchers = new Set<Watcher>();
  /** Names and states of monitors, by id. */
  readonly #known = new Map<string, { name: string; state: string }>();
  #connected = false;
  #opened = false;

  constructor({ url, headers }: ServerOptions) {
    this.address = url;
    this.name = new URL(url).host;
    const client = new RestClient({ url, headers });
    this.#monitors = new MonitorRest(client);
    this.#agents = new AgentRest(client);
    this.#socket = new KeptSocket(
      {
        dial: () => ({ url: `${url.replace(/^http/, 'ws')}/ws?mode=monitors`, headers }),
        explain: (cause) => new NetmonError('NM_UNAVAILABLE', `unable to reach ${this.name}`, { cause }),
        pingMs,
      },
      {
        onText: (text) => this.#onText(text),
        onLink: (connected, reason) => this.#onLink(connected, reason),
      },
    );
  }

  get connected(): boolean {
    return this.#connected;
  }

  async list(query: MonitorQuery = {}): Promise<StationMonitor[]> {
    const found: StationMonitor[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await this.#monitors.list({
        ...query,
        limit: maxMonitorsPerPage,
        cursor: cursor ?? undefined,
      });
      found.push(...page.monitors);
      cursor = page.monitors.length === 0 ? null : page.next;
    } while (cursor !== null);
    return found;
  }

  read(id: string, secrets = false): Promise<StationMonitor> {
    return this.#monitors.read(id, secrets ? { secrets } : {});
  }

  add(settings: NewMonitor): Promise<StationMonitor> {
    return this.#monitors.add(settings);
  }

  change(id: string, settings: MonitorSettings, revision: number): Promise<StationMonitor> {
    return this.#monitors.change(id, { ...settings, revision });
  }

  remove(id: string): Promise<void> {
    return this.#monitors.remove(id);
  }

  move(id: string, move: 'start' | 'stop', agents?: readonly string[]): Promise<StationMonitor> {
    return this.#monitors.move(id, move, agents);
  }

  async results(id: string, limit: number, agent?: string): Promise<AgentResult[]> {
    const found: AgentResult[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await this.#monitors.results(id, {
        agent,
        limit: Math.min(limit - found.length, 1000),
        cursor: cursor ?? undefined,
      });
      for (const { agent: from, ...result } of page.results) found.push({ agent: from, result });
      cursor = page.results.length === 0 ? null : page.next;
    } while (cursor !== null && found.length < limit);
    return found;
  }

  async try({ probe, assertions, timeout_ms, retries, agents }: MonitorSettings): Promise<Trial[]> {
    const answer = await this.#monitors.try({
      probe,
      assertions,
      timeout_ms,
      retries,
      agents: agents === '*' ? agents : agents.slice(0, 100),
    });
    return answer.results;
  }

  async agentNames(): Promise<string[]> {
    return (await this.agents()).map(({ agent }) => agent);
  }

  async agents(): Promise<AgentRow[]> {
    return (await this.#agents.list({ limit: agentLimit })).agents;
  }

  watch(onEvent: (event: StationEvent) => void, results: boolean): () => void {
    const watcher = { onEvent, results };
    this.#watchers.add(watcher);
    if (!this.#opened) {
      this.#opened = true;
      this.#socket.open();
    }
    return () => void this.#watchers.delete(watcher);
  }

  close(): void {
    this.#watchers.clear();
    this.#socket.close();
  }

  #tell(event: StationEvent): void {
    for (const { onEvent, results } of this.#watchers) if (results || event.kind !== 'result') onEvent(event);
  }

  #onLink(connected: boolean, reason: NetmonError | null): void {
    if (connected === this.#connected && reason === null) return;
    this.#connected = connected;
    this.#tell({ kind: 'link', connected, reason: reason && describeError(reason) });
  }

  #onText(text: string): void {
    const frame = parseFrame(text);
    if (frame?.kind === 'events') for (const event of frame.events) this.#onEvent(event);
    if (frame?.kind !== 'snapshot') return;
    this.#known.clear();
    for (const { id, name, status } of frame.monitors) this.#known.set(id, { name, state: status.state });
  }

  #onEvent(event: MonitorEvent): void {
    switch (event.type) {
      case 'result': {
        const { agent, result } = event;
        this.#tell({ kind: 'result', agent, name: this.#nameOf(result.monitor), result });
        return;
      }
      case 'state':
        this.#onState(event.monitor, event.status);
        return;
      case 'monitor': {
        const { id, name } = event.monitor;
        this.#known.set(id, { name, state: this.#known.get(id)?.state ?? 'pending' });
        return;
      }
      case 'removed':
        this.#known.delete(event.monitor);
    }
  }

  /** Status is told whenever anything of it changes; here only a state that is another than before. */
  #onState(id: string, { state, reason }: StationMonitor['status']): void {
    const name = this.#nameOf(id);
    if (this.#known.get(id)?.state === state) return;
    this.#known.set(id, { name, state });
    this.#tell({ kind: 'state', id, name, state, reason });
  }

  #nameOf(id: string): string {
    return this.#known.get(id)?.name ?? id;
  }
}

function parseFrame(text: string): MonitorFrame | null {
  try {
    const parsed = monitorFrameSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
