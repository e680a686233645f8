import { AgingMap } from '../base/aging-map.ts';
import { describeError } from '../base/errors.ts';
import { LiveClient, type LiveFrameMessage, type LiveStatus } from '../client/live.ts';
import { RestClient } from '../client/rest.ts';
import { LiveTable } from '../client/table.ts';
import type { AlertRow } from '../wire/traffic-api.ts';
import { openSocket } from './open-socket.ts';

export interface AlertWatchOptions {
  readonly url: string;
  readonly token: string | undefined;
  /** Hears of each alert that is raised from now on, also of those while the server was out of reach. */
  readonly onAlert: (alert: AlertRow) => void;
  readonly say: (line: string) => void;
}

const subscription = 'alerts';
/** Alerts that are remembered; a picture holds the newest 100. */
const maxKnown = 1000;

/** Follows the alerts of a server, and goes on trying when there is none. */
export class AlertWatch implements Disposable {
  readonly #options: AlertWatchOptions;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #table = new LiveTable<AlertRow>('id');
  readonly #client: LiveClient;
  /** Alerts that are known, by number and time: a server with a new database counts anew. */
  readonly #known = new AgingMap<string, true>();
  #begun = false;
  #reached: boolean | null = null;

  constructor(options: AlertWatchOptions) {
    this.#options = options;
    const { url, token } = options;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#client = new LiveClient({
      url,
      open: (address) => openSocket(address, this.#headers),
      onFrame: (frame) => this.#take(frame),
      onStatus: (status) => this.#onStatus(status),
    });
    this.#client.subscribe({ kind: 'subscribe', id: subscription, topic: 'alerts' });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #take({ updates }: LiveFrameMessage): void {
    for (const update of updates) {
      if (update.id !== subscription || !this.#table.apply(update)) continue;
      for (const alert of this.#table.rows()) this.#see(alert);
      this.#begun = true;
    }
  }

  #see(alert: AlertRow): void {
    const key = `${alert.id} ${alert.raised_at}`;
    if (this.#known.has(key)) return;
    this.#known.set(key, true);
    if (this.#known.size > maxKnown) this.#known.removeOldest();
    // What the first picture holds was raised before.
    if (this.#begun) this.#options.onAlert(alert);
  }

  #onStatus(status: LiveStatus): void {
    const { url, say } = this.#options;
    if (status === 'open' && this.#reached !== true) {
      this.#reached = true;
      say(`watching the alerts of ${url}`);
    } else if (status === 'waiting' && this.#reached !== false) {
      this.#reached = false;
      this.#explain().catch((thrown: unknown) => say(describeError(thrown)));
    }
  }

  /** Says why there is no server, which a WebSocket does not. */
  async #explain(): Promise<void> {
    const { url, say } = this.#options;
    const rest = new RestClient({ url, headers: this.#headers });
    const reason = await rest.health().then(() => 'it closed the connection', describeError);
    say(`the alerts of ${url} are out of reach (${reason}); trying again`);
  }
}
