/**
 * An interactive console. Each line that is typed goes, in this order:
 *
 * 1. into words, and to the command that the first of them names
 * 2. the command's answer is printed, or why it failed; the console goes on in any case
 * 3. what came by itself meanwhile is shown, and the next prompt
 *
 * Without a terminal lines are read as from a script: what fails is told on the standard error with the number of its line.
 */
import { describeError, NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';
import { holdsSecret } from '../cli/monitors/describe.ts';
import { completeLine } from './complete.ts';
import type { ConsoleContext, Watch } from './context.ts';
import { writeEvent } from './event-line.ts';
import { describeCommands, findCommand } from './help.ts';
import { Cancelled } from './prompts.ts';
import { Saved } from './saved.ts';
import { Screen } from './screen.ts';
import type { Station, StationEvent } from './station.ts';
import { Stations } from './stations.ts';
import { splitWords } from './words.ts';

export interface ConsoleOptions {
  /** To connect to at first; without any, those of the last time are offered. */
  readonly addresses: readonly string[];
  /** Of the user, for what is kept. */
  readonly folder: string;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  /** For what fails without a terminal. */
  readonly errors: NodeJS.WritableStream;
  /** Makes the station at an address, which may be an agent or a server; it need not answer. Throws NetmonError. */
  readonly open: (address: string, tokenFile: string | undefined) => Promise<Station>;
  readonly tokenFile: string | undefined;
  /** Has this console's certificate renewed where that is due; tells what a user should know. */
  readonly keepEnrolled: (tell: (line: string) => void) => Promise<void>;
  /** Ends it from outside. */
  readonly end: AbortSignal;
}

/** Until a connection that is made must have come, before it is said that it did not yet; a script waits for longer. */
const connectMs = 3_000;
const scriptConnectMs = 20_000;
/** How often the certificate is looked at. */
const enrolledMs = 3_600_000;

/**
 * Runs a console until the user, the end of input or the signal ends it. The answer is the first failure of a console
 * without a terminal, otherwise null.
 */
export async function runConsole(options: ConsoleOptions): Promise<NetmonError | null> {
  const shell = new ConsoleShell(options);
  const onAbort = (): void => shell.close();
  options.end.addEventListener('abort', onAbort);
  try {
    await shell.run();
    return shell.failure;
  } finally {
    options.end.removeEventListener('abort', onAbort);
    shell.close();
  }
}

class ConsoleShell {
  readonly #options: ConsoleOptions;
  readonly #saved: Saved;
  readonly #screen: Screen;
  readonly #stations = new Stations();
  readonly #context: ConsoleContext;
  readonly #unwatch = new Map<Station, () => void>();
  /** What was told last of each connection, so that it is not told at each attempt. */
  readonly #links = new WeakMap<Station, string>();
  #watching: Watch;
  /** Of the line that is carried out; 0 before the first. */
  #line = 0;
  #failure: NetmonError | null = null;
  #enrolledTimer: NodeJS.Timeout | undefined;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#saved = new Saved(options.folder);
    this.#screen = new Screen({
      input: options.input,
      output: options.output,
      history: this.#saved.history(),
      complete: (line) => completeLine(line, this.#stations),
    });
    this.#watching = this.#screen.isTerminal ? 'on' : 'off';
    this.#context = {
      stations: this.#stations,
      saved: this.#saved,
      screen: this.#screen,
      connect: (address) => this.#connect(address),
      fail: (error, where) => this.#fail(error, where),
      watch: (what) => {
        this.#watching = what;
        for (const station of this.#stations.all) this.#follow(station);
      },
    };
  }

  /** The first one, where there is no terminal. */
  get failure(): NetmonError | null {
    return this.#screen.isTerminal ? null : this.#failure;
  }

  async run(): Promise<void> {
    if (this.#screen.isTerminal)
      this.#screen.print(['netmon console: "help" lists the commands, Tab completes, Ctrl-D ends']);
    this.#keepEnrolled();
    await this.#begin();
    for (;;) {
      const line = await this.#screen.ask(this.#prompt());
      if (line === null || /^(?:quit|exit)$/.test(line.trim())) return;
      this.#line++;
      await this.#carryOut(line);
    }
  }

  close(): void {
    clearInterval(this.#enrolledTimer);
    const typed = this.#screen.history.filter((line) => !holdsSecret(line));
    this.#screen.close();
    this.#stations.close();
    if (this.#screen.isTerminal) this.#saved.keepHistory(typed);
  }

  #keepEnrolled(): void {
    const look = (): void => void this.#options.keepEnrolled((line) => this.#screen.tell(line));
    look();
    this.#enrolledTimer = setInterval(look, enrolledMs);
  }

  async #begin(): Promise<void> {
    const { addresses } = this.#options;
    if (addresses.length === 0 && this.#saved.connections.length === 0) {
      this.#screen.print(['not connected yet: try "connect ADDRESS", such as connect 127.0.0.1:65240']);
      return;
    }
    await this.#carryOut(['connect', ...addresses.map((address) => JSON.stringify(address))].join(' '));
  }

  async #carryOut(line: string): Promise<void> {
    try {
      const [name, ...words] = splitWords(line);
      if (name === undefined || name.startsWith('#')) return;
      if (name === 'help') this.#screen.print(describeCommands(words, this.#screen.width));
      else this.#screen.print(await findCommand(name).run(this.#context, words));
    } catch (error) {
      if (error instanceof Cancelled) this.#screen.print(['nothing was changed']);
      else this.#fail(error);
    }
  }

  #fail(error: unknown, where = ''): void {
    const reason = describeError(error);
    const text = escapeText(where === '' || reason.startsWith(where) ? reason : `${where}: ${reason}`);
    this.#failure ??= error instanceof NetmonError ? error : new NetmonError('NM_INTERNAL', text);
    if (this.#screen.isTerminal) this.#screen.print([`! ${text}`]);
    else this.#options.errors.write(`netmon: ${this.#line === 0 ? '' : `line ${this.#line}: `}${text}\n`);
  }

  async #connect(address: string): Promise<void> {
    const known = this.#saved.connections.find((each) => each.address === address);
    const tokenFile = this.#options.tokenFile ?? known?.token_file;
    const station = await this.#options.open(address, tokenFile);
    try {
      this.#stations.add(station);
    } catch (error) {
      station.close();
      throw error;
    }
    const settled = this.#settle(station);
    this.#saved.keepConnection({
      address: station.address,
      kind: station.kind,
      ...(tokenFile !== undefined && { token_file: tokenFile }),
    });
    const reason = await settled;
    this.#links.set(station, `${reason === null} ${reason ?? ''}`);
    this.#follow(station);
    const what = `${station.kind} ${station.name}`;
    if (reason === null) this.#screen.print([escapeText(`connected to ${what}`)]);
    else this.#fail(new NetmonError('NM_UNAVAILABLE', `${what} is not connected yet: ${reason}`));
  }

  /** Why a station is not connected yet; null once it is. */
  #settle(station: Station): Promise<string | null> {
    if (station.connected) return Promise.resolve(null);
    const { promise, resolve } = Promise.withResolvers<string | null>();
    const waitMs = this.#screen.isTerminal ? connectMs : scriptConnectMs;
    const timer = setTimeout(() => resolve('it does not answer'), waitMs);
    const stop = station.watch((event) => {
      if (event.kind === 'link') resolve(event.connected ? null : (event.reason ?? 'it does not answer'));
    }, false);
    return promise.finally(() => {
      clearTimeout(timer);
      stop();
    });
  }

  #follow(station: Station): void {
    this.#unwatch.get(station)?.();
    const stop = station.watch((event) => this.#onEvent(station, event), this.#watching === 'on');
    this.#unwatch.set(station, stop);
  }

  #onEvent(station: Station, event: StationEvent): void {
    if (!this.#stations.all.includes(station) || (event.kind === 'state' && this.#watching === 'off')) return;
    if (event.kind === 'link' && !this.#isNews(station, event)) return;
    const label = event.kind === 'link' || this.#stations.all.length > 1 ? station.name : null;
    this.#screen.tell(writeEvent(event, label, Date.now()));
  }

  #isNews(station: Station, { connected, reason }: Extract<StationEvent, { kind: 'link' }>): boolean {
    const text = `${connected} ${reason ?? ''}`;
    const isNews = this.#links.get(station) !== text;
    this.#links.set(station, text);
    return isNews;
  }

  #prompt(): string {
    const [first, ...others] = this.#stations.all;
    if (!first) return 'netmon> ';
    return `${escapeText(first.name)}${others.length > 0 ? ` +${others.length}` : ''}> `;
  }
}
