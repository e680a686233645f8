import { LiveClient, type LiveFrameMessage, type LiveStatus } from '../client/live.ts';
import { RestClient } from '../client/rest.ts';
import { LiveTable } from '../client/table.ts';
import type { Connection } from '../wire/connection.ts';
import type { LiveStats } from '../wire/live.ts';
import type { InterfaceRow, ProcessRow } from '../wire/machine.ts';
import { isLoss } from '../wire/names.ts';
import type { AlertRow } from '../wire/traffic-api.ts';
import type { TrafficStatistics, TrafficWindow } from '../wire/traffic-statistics.ts';
import type { Picture, Rates } from './picture.ts';
import { History } from './spark.ts';

export interface SourceOptions {
  /** Of the server. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Makes the WebSocket, with the headers. */
  readonly open: (url: string) => WebSocket;
  /** Only this interface is shown; null for all. */
  readonly interface: string | null;
  /** After each frame. */
  readonly onChange: () => void;
}

/** The part of the connections that is wanted. */
export interface ConnectionWindow {
  readonly text: string;
  readonly sort: string;
  readonly offset: number;
}

/** Seconds of rates that are kept for the small bars. */
const historyLength = 120;
/** Rows of connections that are subscribed to at once. */
export const windowRows = 300;
const sampleMs = 1000;
/** Time between two looks at the server's health, and until there is an agent. */
const healthMs = 5000;
const firstHealthMs = 500;
/** Shortest time between two such questions: the server takes ten a second, and a filter is typed faster. */
const askMs = 120;
/** Failures that are shown, newest first. */
const maxErrors = 200;

class RateHistory {
  readonly #up = new History(historyLength);
  readonly #down = new History(historyLength);

  add(up: number, down: number): void {
    this.#up.add(up);
    this.#down.add(down);
  }

  rates(): Rates {
    return { up: [...this.#up.values()], down: [...this.#down.values()] };
  }
}

/** What a server tells, kept up to date from `start` to `stop`. */
export class Source {
  readonly #options: SourceOptions;
  readonly #rest: RestClient;
  readonly #processes = new LiveTable<ProcessRow>('key');
  readonly #connections = new LiveTable<Connection>('id');
  readonly #errors = new LiveTable<Connection>('id');
  readonly #interfaces = new LiveTable<InterfaceRow>('name');
  readonly #alerts = new LiveTable<AlertRow>('id');
  readonly #traffic = new LiveTable<TrafficStatistics>('window');
  readonly #total = new RateHistory();
  readonly #rates = new Map<string, RateHistory>();
  #client: LiveClient | null = null;
  #status: LiveStatus = 'connecting';
  #stats: LiveStats | null = null;
  #agents: readonly string[] = [];
  #notices: readonly string[] = [];
  #window: ConnectionWindow | null = null;
  #trafficWindow: TrafficWindow | null = null;
  /** Of the window that the rows on show belong to. */
  #offset = 0;
  #timers: NodeJS.Timeout[] = [];
  #asking: NodeJS.Timeout | undefined;
  #isStopped = false;
  #frames = 0;
  #failure: string | null = null;

  constructor(options: SourceOptions) {
    this.#options = options;
    this.#rest = new RestClient({ url: options.url, headers: options.headers });
  }

  /** Number of frames that have come; 0 until there is something to see. */
  get frames(): number {
    return this.#frames;
  }

  /** Why the server does not answer as it should; null when it does. */
  get failure(): string | null {
    return this.#failure;
  }

  start(): void {
    this.#client = new LiveClient({
      url: this.#options.url,
      open: this.#options.open,
      onFrame: (frame) => this.#take(frame),
      onStatus: (status) => {
        this.#status = status;
        this.#options.onChange();
      },
      onProblem: ({ id, message }) => {
        // A filter that is being typed may be none yet; the rows stay as they are.
        if (id !== 'connections') this.#failure = message;
      },
    });
    for (const topic of ['processes', 'interfaces', 'errors', 'alerts'] as const)
      this.#client.subscribe({ kind: 'subscribe', id: topic, topic });
    this.#timers = [setInterval(() => this.#sample(), sampleMs)];
    void this.#watchHealth();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#asking);
    for (const timer of this.#timers) clearInterval(timer);
    this.#client?.close();
  }

  /** Asks for another part of the connections; the rows follow. */
  want(window: ConnectionWindow): void {
    const { text, sort, offset } = window;
    const now = this.#window;
    if (now && now.text === text && now.sort === sort && now.offset === offset) return;
    this.#window = window;
    this.#asking ??= setTimeout(() => this.#ask(), askMs);
  }

  /** Asks for the sums of inspected traffic over that window; they follow. */
  wantTraffic(window: TrafficWindow): void {
    if (window === this.#trafficWindow) return;
    this.#trafficWindow = window;
    this.#client?.subscribe({ kind: 'subscribe', id: 'traffic', topic: 'traffic', window });
  }

  /** Less often while nobody looks. */
  setPace(slow: boolean): void {
    this.#client?.setHidden(slow);
  }

  picture(): Picture {
    const name = this.#options.interface;
    const interfaces = this.#interfaces.rows();
    return {
      at: new Date(),
      status: this.#status,
      agents: this.#agents,
      stats: this.#stats,
      total: this.#total.rates(),
      processes: this.#processes.rows(),
      connections: { rows: this.#connections.rows(), offset: this.#offset, total: this.#connections.total },
      errors: this.#errors.rows().slice(0, maxErrors),
      interfaces: name === null ? interfaces : interfaces.filter((row) => row.name === name),
      interfaceRates: new Map(Array.from(this.#rates, ([each, rates]) => [each, rates.rates()])),
      traffic: this.#traffic.rows()[0] ?? null,
      alerts: this.#alerts.rows(),
      notices: this.#failure === null ? this.#notices : [this.#failure, ...this.#notices],
    };
  }

  #ask(): void {
    this.#asking = undefined;
    if (this.#window === null) return;
    const { text, sort, offset } = this.#window;
    this.#client?.subscribe({
      kind: 'subscribe',
      id: 'connections',
      topic: 'connections',
      filter: text === '' ? {} : { text },
      sort,
      offset,
      limit: windowRows,
    });
  }

  #take(frame: LiveFrameMessage): void {
    this.#stats = frame.stats;
    for (const update of frame.updates) {
      switch (update.id) {
        case 'processes':
          this.#processes.apply(update);
          break;
        case 'connections':
          if (update.snapshot) this.#offset = this.#window?.offset ?? 0;
          this.#connections.apply(update);
          break;
        case 'interfaces':
          this.#interfaces.apply(update);
          break;
        case 'errors':
          this.#errors.apply(update);
          break;
        case 'alerts':
          this.#alerts.apply(update);
          break;
        case 'traffic':
          this.#traffic.apply(update);
          break;
      }
    }
    this.#frames++;
    this.#options.onChange();
  }

  #sample(): void {
    this.#total.add(this.#stats?.upload_speed ?? 0, this.#stats?.download_speed ?? 0);
    const present = new Set<string>();
    for (const { name, upload_speed, download_speed } of this.#interfaces.rows()) {
      present.add(name);
      const rates = this.#rates.get(name) ?? new RateHistory();
      rates.add(upload_speed, download_speed);
      this.#rates.set(name, rates);
    }
    for (const name of this.#rates.keys()) if (!present.has(name)) this.#rates.delete(name);
  }

  async #watchHealth(): Promise<void> {
    await this.#readHealth();
    if (this.#isStopped) return;
    const waitMs = this.#agents.length === 0 ? firstHealthMs : healthMs;
    this.#timers[1] = setTimeout(() => void this.#watchHealth(), waitMs);
  }

  async #readHealth(): Promise<void> {
    try {
      const { agents, server } = await this.#rest.health();
      const connected = agents.filter((agent) => agent.connected);
      const lost = [server.lost, ...connected.map(({ system }) => system?.lost ?? {})]
        .flatMap(Object.entries)
        .filter(([name, count]) => count > 0 && isLoss(name));
      this.#agents = connected.map(({ agent }) => agent);
      this.#notices = [
        ...lost.map(([name, count]) => `lost: ${count} ${name}`),
        ...connected.flatMap(({ sensors }) =>
          sensors.flatMap(({ name, reason }) => (reason === null ? [] : [`${name}: ${reason}`])),
        ),
      ];
      this.#failure = null;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }
}
