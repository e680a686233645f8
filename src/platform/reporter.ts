import { type Metrics, makeMetrics } from './metrics.ts';

/** Levels of the log, lowest first. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where a part of the program says what happens: a line of log, or a number in `metrics`. A message is a constant
 * text; what varies goes into the fields. Values may be hostile: a record is always one line and holds no control or
 * bidirectional character.
 */
export interface Reporter {
  readonly metrics: Metrics;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log and metrics, with these fields on each line. */
  with(fields: LogFields): Reporter;
}

export interface ReporterOptions {
  readonly level?: LogLevel;
  /** `json` is one object a line, `text` is for people; by default as the stream is a terminal or not. */
  readonly format?: 'json' | 'text';
  readonly write?: (line: string) => void;
  readonly now?: () => number;
}

/** Lines of one message in `windowMs`; more are counted and named on the next line as `suppressed`. */
const linesPerWindow = 20;
const windowMs = 10_000;
/** Messages whose rate is watched; they are constants, so a program has fewer. */
const maxMessages = 512;
/** Longest value of a field in a line. */
const maxValueLength = 4096;

/** Makes a reporter that writes to standard error. */
export function makeReporter(options: ReporterOptions = {}): Reporter {
  const lowest = logLevels.indexOf(options.level ?? 'info');
  const format = options.format ?? (process.stderr.isTTY ? 'text' : 'json');
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const now = options.now ?? Date.now;
  const admit = makeRateLimit(now);

  const emit = (level: LogLevel, message: string, fields: LogFields): void => {
    if (logLevels.indexOf(level) < lowest) return;
    const suppressed = admit(message);
    if (suppressed < 0) return;
    const all = suppressed > 0 ? { ...fields, suppressed } : fields;
    write(format === 'json' ? jsonLine(now(), level, message, all) : textLine(now(), level, message, all));
  };
  return bind(makeMetrics(), emit, {});
}

type Emit = (level: LogLevel, message: string, fields: LogFields) => void;

function bind(metrics: Metrics, emit: Emit, fixed: LogFields): Reporter {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void =>
      emit(level, message, { ...fixed, ...fields });
  return {
    metrics,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => bind(metrics, emit, { ...fixed, ...fields }),
  };
}

/** Counts lines per message; the answer is how many were suppressed before this one, or -1 to suppress it. */
function makeRateLimit(now: () => number): (message: string) => number {
  const windows = new Map<string, { since: number; lines: number; suppressed: number }>();
  return (message) => {
    const window = windows.get(message);
    // A clock that was set back begins a window as well.
    if (!window || Math.abs(now() - window.since) >= windowMs) {
      if (!window && windows.size >= maxMessages) windows.clear();
      windows.set(message, { since: now(), lines: 1, suppressed: 0 });
      return window?.suppressed ?? 0;
    }
    if (window.lines < linesPerWindow) {
      window.lines++;
      return 0;
    }
    window.suppressed++;
    return -1;
  };
}

function jsonLine(at: number, level: LogLevel, message: string, fields: LogFields): string {
  const record: Record<string, unknown> = { time: new Date(at).toISOString(), level, message };
  for (const [name, value] of Object.entries(fields)) if (!(name in record)) record[name] = plain(value);
  return `${escapeUnsafe(JSON.stringify(record))}\n`;
}

function textLine(at: number, level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${quote(plain(value))}`);
  return escapeUnsafe(`${new Date(at).toISOString()} ${level.padEnd(5)} ${message}${pairs.join('')}`).concat(
    '\n',
  );
}

/** A value as JSON can hold it: errors with their causes, big integers as text, long text cut. */
function plain(value: unknown): unknown {
  if (typeof value === 'string')
    return value.length > maxValueLength ? `${value.slice(0, maxValueLength)}…` : value;
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Error) {
    const cause = value.cause === undefined ? '' : `: ${String(plain(value.cause))}`;
    const code = 'code' in value && typeof value.code === 'string' ? `${value.code} ` : '';
    return plain(`${code}${value.message}${cause}`);
  }
  if (typeof value !== 'object' || value === null) return value;
  const text = JSON.stringify(value) ?? '';
  return text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : JSON.parse(text);
}

function quote(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:@[\]+-]+$/.test(value)) return value;
  return JSON.stringify(value) ?? 'undefined';
}

/** Control characters (C0, DEL, C1), line separators and bidirectional controls (Unicode UAX 9). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Writes every character that could forge a line or move a terminal's cursor as `\uXXXX`. */
export function escapeUnsafe(text: string): string {
  return text.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
