import terminalKit from 'terminal-kit';
import { guardTerminal } from './guard.ts';
import type { Line, Style } from './line.ts';

type Attributes = terminalKit.ScreenBuffer.Attributes;

/** A terminal that was taken over, until `close`. */
export interface Screen {
  size(): { readonly columns: number; readonly rows: number };
  /** Shows these lines; what is as it was is not written again. */
  draw(lines: readonly Line[]): void;
  /** Gives the terminal to the shell until this process is continued. */
  suspend(): void;
  /** Leaves the terminal as it was. May be called again, and when the process is about to end. */
  close(): void;
}

export interface ScreenOptions {
  readonly colours: boolean;
  /** A key by terminal-kit's name for it, such as `UP`, `F1`, `CTRL_C`, or the character itself. */
  readonly onKey: (key: string) => void;
  readonly onResize: () => void;
}

/** The sixteen colours that every terminal has, so that the user's own palette decides. */
const looks: Readonly<Record<Style, Attributes>> = {
  plain: {},
  dim: { color: 'gray' },
  bold: { bold: true },
  good: { color: 'green' },
  warn: { color: 'yellow' },
  bad: { color: 'red', bold: true },
  up: { color: 'magenta' },
  down: { color: 'cyan' },
  head: { color: 'black', bgColor: 'green' },
  key: { bold: true },
  chosen: { color: 'black', bgColor: 'cyan' },
  alarm: { color: 'white', bgColor: 'red', bold: true },
};
/** The same without colours (https://no-color.org). */
const plainLooks: Readonly<Record<Style, Attributes>> = {
  plain: {},
  dim: {},
  bold: { bold: true },
  good: {},
  warn: { bold: true },
  bad: { bold: true },
  up: {},
  down: {},
  head: { inverse: true },
  key: { bold: true },
  chosen: { inverse: true, bold: true },
  alarm: { inverse: true, bold: true },
};

/** Takes the terminal of standard input and output over: the alternate screen, no cursor, keys one by one. */
export function openScreen({ colours, onKey, onResize }: ScreenOptions): Screen {
  const terminal = terminalKit.terminal;
  const attributes = makeAttributes(colours ? looks : plainLooks);
  let drawn: string[] = [];
  let buffer = makeBuffer(terminal);
  let isOpen = false;
  let dismiss = (): void => {};

  const open = (): void => {
    isOpen = true;
    dismiss = guardTerminal();
    terminal.alternateScreenBuffer(true);
    terminal.clear();
    terminal.hideCursor();
    terminal.grabInput(true);
    drawn = [];
    buffer = makeBuffer(terminal);
  };
  const resized = (): void => {
    if (!isOpen) return;
    drawn = [];
    buffer = makeBuffer(terminal);
    terminal.clear();
    onResize();
  };
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    terminal.grabInput(false);
    terminal.styleReset();
    terminal.hideCursor(false);
    // Not the library's `fullscreen`, whose line feed at the bottom leaves rows of ours behind in a terminal that has grown.
    terminal.clear();
    terminal.alternateScreenBuffer(false);
    dismiss();
  };
  const put = (y: number, line: Line): void => {
    let x = 0;
    for (const { text, style } of line) {
      buffer.put({ x, y, attr: attributes[style], wrap: false, dx: 1, dy: 0 }, '%s', text);
      x += terminalKit.stringWidth(text);
    }
  };
  terminal.on('key', onKey);
  terminal.on('resize', resized);
  open();
  return {
    size: () => ({ columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }),
    draw(lines) {
      if (!isOpen) return;
      for (const [y, line] of lines.entries()) {
        const key = line.map(({ text, style }) => `${style}:${text}`).join('\0');
        if (drawn[y] === key) continue;
        drawn[y] = key;
        put(y, line);
      }
      buffer.draw({ delta: true });
    },
    suspend() {
      close();
      process.once('SIGCONT', () => {
        open();
        onResize();
      });
      process.kill(process.pid, 'SIGTSTP');
    },
    close() {
      close();
      terminal.off('key', onKey);
      terminal.off('resize', resized);
    },
  };
}

function makeBuffer(terminal: terminalKit.Terminal): terminalKit.ScreenBuffer {
  const buffer = new terminalKit.ScreenBuffer({
    dst: terminal,
    width: process.stdout.columns || 80,
    height: process.stdout.rows || 24,
  });
  buffer.fill({ attr: { defaultColor: true, bgDefaultColor: true }, char: ' ' });
  return buffer;
}

function makeAttributes(from: Readonly<Record<Style, Attributes>>): Record<Style, Attributes> {
  const filled = Object.entries(from).map(([style, given]) => [
    style,
    {
      ...(given.color === undefined && { defaultColor: true }),
      ...(given.bgColor === undefined && { bgDefaultColor: true }),
      ...given,
    },
  ]);
  return Object.fromEntries(filled) as Record<Style, Attributes>;
}
