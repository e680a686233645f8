import { LiveClient, type LiveFrameMessage, type LiveStatus } from '../client/live.ts';
import { LiveTable } from '../client/table.ts';
import type { Health } from '../wire/api.ts';
import type { Connection } from '../wire/connection.ts';
import type { LiveStats } from '../wire/live.ts';
import type { InterfaceRow, ProcessRow } from '../wire/machine.ts';
import { isLoss } from '../wire/names.ts';
import type { AlertRow } from '../wire/traffic-api.ts';
import type { TrafficStatistics, TrafficWindow } from '../wire/traffic-statistics.ts';
import type { Picture, Rates } from './picture.ts';
import { History } from './spark.ts';

type AgentHealth = Health['agents'][number];

export interface SourceOptions {
  /** Of the server. */
  readonly url: string;
  /** Makes the WebSocket, with the headers that the server wants. */
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
  readonly #processes = new LiveTable<ProcessRow>('key');
  readonly #connections = new LiveTable<Connection>('id');
  readonly #errors = new LiveTable<Connection>('id');
  readonly #interfaces = new LiveTable<InterfaceRow>('name');
  readonly #alerts = new LiveTable<AlertRow>('id');
  readonly #health = new LiveTable<AgentHealth>('agent');
  readonly #traffic = new LiveTable<TrafficStatistics>('window');
  readonly #total = new RateHistory();
  readonly #rates = new Map<string, RateHistory>();
  #client: LiveClient | null = null;
  #status: LiveStatus = 'connecting';
  #stats: LiveStats | null = null;
  #window: ConnectionWindow | null = null;
  #trafficWindow: TrafficWindow | null = null;
  /** Of the window that the rows on show belong to. */
  #offset = 0;
  #sampling: NodeJS.Timeout | undefined;
  #asking: NodeJS.Timeout | undefined;
  #frames = 0;
  #failure: string | null = null;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /** Number of frames that have come; 0 until there is something to see. */
  get frames(): number {
    return this.#frames;
  }

  start(): void {
    this.#client = new LiveClient({
      url: this.#options.url,
      open: this.#options.open,
      onFrame: (frame) => this.#take(frame),
      onStatus: (status) => {
        this.#status = status;
        if (status === 'connecting') this.#failure = null;
        this.#options.onChange();
      },
      onProblem: ({ id, message }) => {
        // A filter that is being typed may be none yet; the rows stay as they are.
        if (id !== 'connections') this.#failure = message;
      },
    });
    for (const topic of ['processes', 'interfaces', 'errors', 'alerts', 'health'] as const)
      this.#client.subscribe({ kind: 'subscribe', id: topic, topic });
    this.#sampling = setInterval(() => this.#sample(), sampleMs);
  }

  stop(): void {
    clearTimeout(this.#asking);
    clearInterval(this.#sampling);
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
    const connected = this.#health.rows().filter((each) => each.connected);
    return {
      at: new Date(),
      status: this.#status,
      agents: connected.map(({ agent }) => agent),
      stats: this.#stats,
      total: this.#total.rates(),
      processes: this.#processes.rows(),
      connections: { rows: this.#connections.rows(), offset: this.#offset, total: this.#connections.total },
      errors: this.#errors.rows().slice(0, maxErrors),
      interfaces: name === null ? interfaces : interfaces.filter((row) => row.name === name),
      interfaceRates: new Map(Array.from(this.#rates, ([each, rates]) => [each, rates.rates()])),
      traffic: this.#traffic.rows()[0] ?? null,
      alerts: this.#alerts.rows(),
      notices: this.#listNotices(connected),
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
        case 'health':
          this.#health.apply(update);
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

  /** What is lost, and what a sensor cannot do. */
  #listNotices(connected: readonly AgentHealth[]): string[] {
    const lost = connected
      .flatMap(({ system }) => Object.entries(system?.lost ?? {}))
      .filter(([name, count]) => count > 0 && isLoss(name))
      .map(([name, count]) => `lost: ${count} ${name}`);
    const limits = connected.flatMap(({ sensors }) =>
      sensors.flatMap(({ name, reason }) => (reason === null ? [] : [`${name}: ${reason}`])),
    );
    return [...(this.#failure === null ? [] : [this.#failure]), ...lost, ...limits];
  }
}
