import type { Terminal } from '../support/terminal.ts';
import { until } from '../support/until.ts';

/** Generous, for a machine that has something else to do. */
const withinMs = 120_000;

/**
 * A console in a terminal, read as one text from its start, so that nothing scrolls out of sight, and by command, so that
 * nothing from before is taken for the answer.
 */
export class Session {
  readonly terminal: Terminal;
  /** Where in the text the answer to the last command begins. */
  #from = 0;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  /** Starts it from the shell. */
  async open(command: string): Promise<void> {
    await this.#type(command, 'ready>');
  }

  /** Types a command when the prompt is there, and waits for its answer. */
  async tell(command: string, answer: RegExp): Promise<RegExpExecArray> {
    await this.#type(command, '>');
    return this.see(answer);
  }

  /** Types a command that asks questions. */
  type(command: string): Promise<void> {
    return this.#type(command, '>');
  }

  /** Waits for something that comes after the last command, and returns what matched. */
  see(pattern: RegExp): Promise<RegExpExecArray> {
    return until(`${pattern} below the last command`, () => pattern.exec(this.#text()) ?? undefined, {
      withinMs,
      describe: () => this.terminal.transcript().split('\n').slice(-60),
    });
  }

  async #type(command: string, prompt: string): Promise<void> {
    const describe = (): string[] => this.terminal.screen();
    await until('a prompt', () => this.terminal.transcript().endsWith(prompt) || undefined, {
      withinMs,
      describe,
    });
    const typed = new RegExp(`${RegExp.escape(`${prompt} ${command}`)} *$`, 'gm');
    const echoes = (): RegExpExecArray[] => [...this.terminal.transcript().matchAll(typed)];
    const before = echoes().length;
    this.terminal.run(command);
    const last = await until(
      `${command} at the prompt`,
      () => {
        const found = echoes();
        return found.length > before ? found.at(-1) : undefined;
      },
      { withinMs, describe },
    );
    this.#from = last.index + last[0].length;
  }

  #text(): string {
    return this.terminal.transcript().slice(this.#from);
  }
}
