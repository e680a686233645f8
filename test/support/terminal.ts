import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

/** State of a terminal that a program must leave as it was. */
export interface TerminalState {
  /** All of stty(1). */
  readonly stty: string;
  readonly alternateScreen: boolean;
  readonly cursor: boolean;
}

/** A real terminal with a shell in it, from tmux(1), each with a server of its own. */
export class Terminal implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'netmon-terminal-'));

  constructor(columns: number, rows: number, env: Readonly<Record<string, string>> = {}) {
    const set = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const size = ['-x', String(columns), '-y', String(rows)];
    const shell = 'exec env PS1="ready> " bash --norc --noprofile -i';
    const keeping = ['start-server', ';', 'set-option', '-g', 'history-limit', '50000', ';'];
    this.#tmux('-f', '/dev/null', ...keeping, 'new-session', '-d', ...set, ...size, shell);
  }

  /** What is on the screen, a line each. */
  screen(): string[] {
    return this.#tmux('capture-pane', '-p').split('\n').slice(0, -1);
  }

  /** All that was ever on the screen, with lines that went on in the next one whole, up to the last thing in it. */
  transcript(): string {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-').trimEnd();
  }

  /** What is on the screen with the sequences for colours. */
  colours(): string {
    return this.#tmux('capture-pane', '-p', '-e');
  }

  /** Presses keys by tmux's names: `Enter`, `C-c`, `F6`, or characters. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  /** Types a command line. */
  run(command: string): void {
    this.#tmux('send-keys', '-l', command);
    this.press('Enter');
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  state(): TerminalState {
    const [tty, alternate, cursor] = this.#tmux(
      'display-message',
      '-p',
      '#{pane_tty} #{alternate_on} #{cursor_flag}',
    )
      .trim()
      .split(' ');
    const stty = execFileSync('stty', ['-a', '-F', tty], { encoding: 'utf8' });
    return { stty, alternateScreen: alternate === '1', cursor: cursor === '1' };
  }

  /** Process id of the program that the shell runs. */
  child(): number {
    const shell = this.#tmux('display-message', '-p', '#{pane_pid}').trim();
    return Number(readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ').at(-1));
  }

  /** Waits until the screen matches, and returns what matched. */
  see(pattern: RegExp, withinMs = 60_000): Promise<RegExpExecArray> {
    return until(`${pattern} on the screen`, () => pattern.exec(this.screen().join('\n')) ?? undefined, {
      withinMs,
      describe: () => this.screen(),
    });
  }

  [Symbol.dispose](): void {
    this.#tmux('kill-server');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-S', join(this.#folder, 'socket'), ...args], { encoding: 'utf8' });
  }
}
