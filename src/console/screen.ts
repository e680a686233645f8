import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import { cutText } from '../cli/escape.ts';

/** Lines that are held while a question is on the screen. */
const maxHeld = 200;
/** Lines a second that come by themselves; what is beyond is counted. */
const maxPerSecond = 20;
const secondMs = 1000;

/** Words that the last one may become, and that last one. */
export type Completion = [string[], string];
type Completed = (error: null, found: Completion) => void;

export interface ScreenOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly history: readonly string[];
  readonly complete: (line: string) => Promise<Completion>;
}

/**
 * The terminal of a console: a prompt in the last line and what happens above it. What comes by itself never tears the
 * prompt, and waits while a command or a question has the terminal.
 */
export class Screen {
  readonly #options: ScreenOptions;
  #readline: Interface | null = null;
  #history: string[];
  #prompt = '';
  #isAsking = false;
  #held: string[] = [];
  #leftOut = 0;
  #shown = 0;
  #second: NodeJS.Timeout | undefined;
  #closed = false;
  /** Lines that came before they were asked for: all of a pipe's may come at once. */
  readonly #lines: string[] = [];
  #waiting: ((line: string | null) => void) | null = null;

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#history = [...options.history];
  }

  get isTerminal(): boolean {
    return this.#options.output.isTTY && this.#options.input.isTTY;
  }

  get width(): number {
    return this.#options.output.isTTY ? this.#options.output.columns || 80 : Number.POSITIVE_INFINITY;
  }

  /** Newest first. */
  get history(): readonly string[] {
    return this.#history;
  }

  /** The next line that is typed; null at the end of input. Ctrl-C gives up the line that is being typed. */
  async ask(prompt: string): Promise<string | null> {
    const readline = this.#open();
    this.#prompt = prompt;
    readline.setPrompt(prompt);
    this.#isAsking = true;
    if (this.isTerminal) readline.prompt();
    this.#release();
    const line = await this.#next();
    this.#isAsking = false;
    return line;
  }

  /** Hands the terminal over to questions, and takes it back. */
  async lend<Answer>(use: () => Promise<Answer>): Promise<Answer> {
    this.#renew();
    try {
      return await use();
    } finally {
      this.#options.input.resume();
    }
  }

  /** Lines that a command says. */
  print(lines: readonly string[]): void {
    for (const line of lines) this.#write(line);
  }

  /** A line that comes by itself. */
  tell(line: string): void {
    if (this.#closed) return;
    this.#second ??= setTimeout(() => this.#nextSecond(), secondMs);
    if (this.#shown >= maxPerSecond) this.#leftOut++;
    else if (!this.#isAsking) this.#hold(line);
    else {
      this.#shown++;
      this.#write(line);
    }
  }

  close(): void {
    clearTimeout(this.#second);
    this.#renew();
    this.#end();
  }

  #open(): Interface {
    const { input, output } = this.#options;
    if (this.#readline) return this.#readline;
    const readline = createInterface({
      input,
      output,
      terminal: this.isTerminal,
      history: [...this.#history],
      historySize: 1000,
      removeHistoryDuplicates: true,
      completer: (line: string, done: Completed) => void this.#complete(line, done),
    });
    readline.on('history', (history: string[]) => {
      this.#history = [...history];
    });
    readline.on('line', (line) => this.#take(line));
    // One that was let go of is closed as well.
    readline.on('close', () => {
      if (readline === this.#readline) this.#end();
    });
    readline.on('SIGINT', () => this.#giveUp(readline));
    this.#readline = readline;
    return readline;
  }

  /** Ends the line that is being typed without a command, and leaves it on the screen. */
  #giveUp(readline: Interface): void {
    const { rows } = readline.getCursorPos();
    // What is typed is drawn anew as many lines up as the cursor was.
    this.#options.output.write(`^C\n${'\n'.repeat(rows)}`);
    readline.write(null, { ctrl: true, name: 'u' });
    readline.write(null, { ctrl: true, name: 'k' });
  }

  async #complete(line: string, done: Completed): Promise<void> {
    const found = await this.#options.complete(line).catch((): Completion => [[], line]);
    done(null, found);
  }

  #next(): Promise<string | null> {
    const line = this.#lines.shift();
    if (line !== undefined || this.#closed) return Promise.resolve(line ?? null);
    const { promise, resolve } = Promise.withResolvers<string | null>();
    this.#waiting = resolve;
    return promise;
  }

  #take(line: string): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) waiting(line);
    else this.#lines.push(line);
  }

  #end(): void {
    this.#closed = true;
    this.#waiting?.(null);
    this.#waiting = null;
  }

  /** Lets go of the line editor; the next question makes another, with the same history. */
  #renew(): void {
    const readline = this.#readline;
    this.#readline = null;
    readline?.close();
  }

  #hold(line: string): void {
    if (this.#held.length < maxHeld) this.#held.push(line);
    else this.#leftOut++;
  }

  #release(): void {
    for (const line of this.#held.splice(0)) this.#write(line);
  }

  #nextSecond(): void {
    this.#second = undefined;
    this.#shown = 0;
    if (this.#leftOut > 0 && this.#isAsking) {
      this.#write(`(${this.#leftOut} more)`);
      this.#leftOut = 0;
    }
  }

  /** A line above the prompt, which is drawn anew with what was typed so far. */
  #write(line: string): void {
    const { output } = this.#options;
    const readline = this.#readline;
    if (!this.#isAsking || !readline || !this.isTerminal) {
      output.write(`${line}\n`);
      return;
    }
    const { rows } = readline.getCursorPos();
    moveCursor(output, 0, -rows);
    cursorTo(output, 0);
    clearScreenDown(output);
    // The prompt is drawn as many lines up as its cursor was, so that is how far it has to be moved down.
    output.write(`${cutText(line, this.width)}\n${'\n'.repeat(rows)}`);
    readline.setPrompt(this.#prompt);
    readline.prompt(true);
  }
}
