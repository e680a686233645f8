/**
 * The terminal monitor. Order of a run:
 *
 * 1. the source connects to the server
 * 2. the terminal is taken over; from here on every way out gives it back
 * 3. a picture is drawn at most every `drawMs`, and at once after a key
 * 4. it ends by a key, by its time, or when `end` says so
 */
import { drawPlain, drawScreen, type Looks, type Screenful } from './draw.ts';
import { type Effect, press } from './keys.ts';
import type { Owner } from './pages/page.ts';
import { pages } from './pages/registry.ts';
import type { Picture } from './picture.ts';
import { openScreen, type Screen } from './screen.ts';
import { type ConnectionWindow, Source, type SourceOptions, windowRows } from './source.ts';
import { makeState, type SignalName, type State } from './state.ts';

export interface TopOptions {
  readonly source: Omit<SourceOptions, 'onChange'>;
  /** What rows must hold at first. */
  readonly filter: string;
  readonly colours: boolean;
  readonly ascii: boolean;
  /** Sends a signal to exactly that process; what came of it, for people. */
  readonly signal: (owner: Owner, signal: SignalName) => string;
  /** Why no signal can be sent to what these agents show; null when it can. */
  readonly whyNoSignals: (agents: readonly string[]) => string | null;
  /** Ends it: by its time, or by a signal. */
  readonly end: AbortSignal;
}

/** Shortest time between two pictures without a key: more often nobody can read them. */
const drawMs = 500;
/** Longest wait for the first frame, for a single picture. */
const firstMs = 10_000;
/** A single picture is taken after this long, so that it has rates. */
const settleMs = 2_200;

/** Shows what a server knows on the terminal until the user or `end` ends it. */
export async function runTop(options: TopOptions): Promise<void> {
  const top = new Top(options);
  await top.run();
}

class Top {
  readonly #options: TopOptions;
  readonly #source: Source;
  readonly #done = Promise.withResolvers<void>();
  #screen: Screen | null = null;
  #state: State;
  #shown: Screenful | null = null;
  /** What is shown while it is frozen. */
  #frozen: Picture | null = null;
  #timer: NodeJS.Timeout | undefined;
  #drawnAt = 0;

  constructor(options: TopOptions) {
    this.#options = options;
    this.#state = makeState(options.filter);
    this.#source = new Source({ ...options.source, onChange: () => this.#drawSoon() });
  }

  async run(): Promise<void> {
    const giveBack = (): void => this.#screen?.close();
    const finish = (): void => this.#done.resolve();
    process.once('exit', giveBack);
    this.#options.end.addEventListener('abort', finish, { once: true });
    process.stdout.once('error', finish);
    try {
      this.#screen = openScreen({
        colours: this.#options.colours,
        onKey: (key) => this.#press(key),
        onResize: () => this.#draw(),
      });
      this.#source.start();
      this.#draw();
      if (this.#options.end.aborted) finish();
      await this.#done.promise;
    } finally {
      clearTimeout(this.#timer);
      this.#source.stop();
      giveBack();
      process.off('exit', giveBack);
    }
  }

  #press(key: string): void {
    if (this.#shown === null) return;
    if (key === 'CTRL_Z') {
      this.#screen?.suspend();
      return;
    }
    const { view, height } = this.#shown;
    const picture = this.#picture();
    const owner = view.chosen === undefined ? null : (view.page.owner?.(view.chosen, picture) ?? null);
    const wasFrozen = this.#state.frozen;
    const { state, effect } = press(this.#state, key, {
      view,
      height,
      owner,
      noSignals: this.#options.whyNoSignals(picture.agents),
    });
    this.#state = state;
    if (state.frozen !== wasFrozen) {
      this.#frozen = state.frozen ? this.#source.picture() : null;
      this.#source.setPace(state.frozen);
    }
    if (effect) this.#perform(effect);
    this.#draw();
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'quit':
        this.#done.resolve();
        break;
      case 'signal':
        this.#state = { ...this.#state, message: this.#options.signal(effect.owner, effect.signal) };
        break;
    }
  }

  #picture(): Picture {
    return this.#frozen ?? this.#source.picture();
  }

  #drawSoon(): void {
    if (this.#timer !== undefined || this.#screen === null) return;
    const waitMs = Math.max(0, this.#drawnAt + drawMs - performance.now());
    this.#timer = setTimeout(() => this.#draw(), waitMs);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#screen === null) return;
    this.#drawnAt = performance.now();
    const looks: Looks = { ...this.#screen.size(), ascii: this.#options.ascii };
    this.#shown = drawScreen(this.#picture(), this.#state, looks);
    this.#state = this.#shown.view.state;
    if (!this.#state.frozen) {
      this.#source.want(wantedWindow(this.#state));
      this.#source.wantTraffic(this.#state.window);
    }
    this.#screen.draw(this.#shown.lines);
  }
}

/** Prints one picture of every page as text, for what is no terminal. Throws what keeps the server from answering. */
export async function printTop(options: TopOptions, columns: number): Promise<void> {
  const { promise: came, resolve } = Promise.withResolvers<void>();
  let state = makeState(options.filter);
  const source: Source = new Source({ ...options.source, onChange: () => source.frames > 0 && resolve() });
  const timers: NodeJS.Timeout[] = [];
  const wait = (ms: number, what: Promise<void>): Promise<void> =>
    Promise.race([what, ended(options.end), new Promise<void>((end) => timers.push(setTimeout(end, ms)))]);
  // A reader that has seen enough, such as head(1), is no failure.
  process.stdout.once('error', () => {});
  try {
    source.start();
    source.want(wantedWindow(state));
    source.wantTraffic(state.window);
    await wait(firstMs, came);
    await wait(settleMs, new Promise(() => {}));
    for (const page of pages.keys()) {
      state = { ...state, page };
      process.stdout.write(`${drawPlain(source.picture(), state, columns, page === 0)}\n`);
    }
  } finally {
    for (const timer of timers) clearTimeout(timer);
    source.stop();
  }
}

function ended(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}

/** The part of the connections around the cursor, in steps of a third, so that few keys ask the server. */
function wantedWindow(state: State): ConnectionWindow {
  const index = pages.findIndex(({ remote }) => remote);
  const { cursor, order, descending } = state.pages[index];
  const sort = pages[index].columns.find(({ title }) => title === order)?.sort ?? 'speed';
  const step = windowRows / 3;
  return {
    text: state.filter,
    sort: descending ? `-${sort}` : sort,
    offset: Math.max(0, Math.floor(cursor / step) - 1) * step,
  };
}
