import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parse, stringify, TomlError } from 'smol-toml';
import { z } from 'zod';
import { describeError, NetmonError } from '../base/errors.ts';
import { type KindName, kindNames, nameKind, writeTarget } from '../cli/monitors/probe-fields.ts';
import { type Answers, listChosen, makeSettings } from '../cli/monitors/settings.ts';
import type { MonitorSettings } from '../wire/monitor.ts';

/** What is kept of each kind at most; the oldest go first. */
const maxConnections = 100;
const maxMonitors = 200;
const maxLines = 1000;
/** Longest file that is read. */
const maxBytes = 4 * 1024 * 1024;

const connectionSchema = z.strictObject({
  address: z
    .string()
    .max(512)
    .regex(/^[\x21-\x7e]+$/, 'expected an address'),
  kind: z.enum(['server', 'agent']),
  token_file: z.string().max(4096).optional(),
});
export type SavedConnection = z.infer<typeof connectionSchema>;

/** A monitor as it was set up, in the words of the flags. */
const monitorSchema = z
  .object({ kind: z.enum(kindNames as [KindName, ...KindName[]]), target: z.string().max(2048) })
  .catchall(z.union([z.string(), z.array(z.string())]));
export type SavedMonitor = z.infer<typeof monitorSchema>;

const fileSchema = z.object({
  connections: z.array(connectionSchema).default([]),
  monitors: z.array(monitorSchema).default([]),
});

/**
 * What a console keeps from one time to the next, in two files that only their user may read: `console.toml` with
 * connections and monitors (credentials among them), and `console-history` with what was typed.
 */
export class Saved {
  readonly #folder: string;
  #connections: readonly SavedConnection[] = [];
  #monitors: readonly SavedMonitor[] = [];

  /** `folder` is the user's for netmon, which need not exist. Throws NM_BAD_CONFIG for a file that cannot be used. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#load();
  }

  get path(): string {
    return join(this.#folder, 'console.toml');
  }

  /** Newest last. */
  get connections(): readonly SavedConnection[] {
    return this.#connections;
  }

  /** Newest last. */
  get monitors(): readonly SavedMonitor[] {
    return this.#monitors;
  }

  keepConnection(connection: SavedConnection): void {
    this.#load();
    const others = this.#connections.filter(({ address }) => address !== connection.address);
    this.#connections = [...others, connection].slice(-maxConnections);
    this.#write();
  }

  forgetConnection(address: string): void {
    this.#load();
    this.#connections = this.#connections.filter((each) => each.address !== address);
    this.#write();
  }

  /** Keeps what a monitor was made of; one of the same kind and target takes the place of the earlier. */
  keepMonitor(settings: MonitorSettings): void {
    this.#load();
    const monitor = saveSettings(settings);
    const others = this.#monitors.filter(
      ({ kind, target }) => kind !== monitor.kind || target !== monitor.target,
    );
    this.#monitors = [...others, monitor].slice(-maxMonitors);
    this.#write();
  }

  /** Lines that were typed, newest first. */
  history(): string[] {
    return (this.#read('console-history') ?? '')
      .split('\n')
      .filter((line) => line !== '' && !/\p{Cc}/u.test(line))
      .slice(0, maxLines);
  }

  keepHistory(lines: readonly string[]): void {
    const kept = lines.filter((line) => !/\p{Cc}/u.test(line)).slice(0, maxLines);
    this.#replace('console-history', kept.map((line) => `${line}\n`).join(''));
  }

  #write(): void {
    const head = '# Written by netmon console. Connections and monitors that it offers again.\n\n';
    this.#replace(
      'console.toml',
      head + stringify({ connections: this.#connections, monitors: this.#monitors }),
    );
  }

  /** What is in the file now: another console of the same user may have written it. */
  #load(): void {
    const text = this.#read('console.toml');
    if (text === null) return;
    const parsed = fileSchema.safeParse(parseToml(text, this.path));
    if (!parsed.success) {
      const [{ path, message }] = parsed.error.issues;
      throw refuse(`${this.path}${findLine(text, path)}: ${path.join('.')}: ${message}`);
    }
    for (const [i, monitor] of parsed.data.monitors.entries()) {
      try {
        readSaved(monitor);
      } catch (error) {
        throw refuse(`${this.path}${findLine(text, ['monitors', i])}: ${describeError(error)}`);
      }
    }
    this.#connections = parsed.data.connections;
    this.#monitors = parsed.data.monitors;
  }

  /** Null where there is none. Throws NM_BAD_CONFIG for a file that somebody else may have written, or may read. */
  #read(name: string): string | null {
    const path = join(this.#folder, name);
    let file: number | null = null;
    try {
      file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const { uid, mode, size } = fstatSync(file);
      const isOwn = uid === process.getuid?.() || uid === 0;
      if ((mode & constants.S_IFMT) !== constants.S_IFREG || size > maxBytes || !isOwn)
        throw refuse(`${path} is no file of netmon's for this user`);
      if ((mode & 0o077) !== 0)
        throw refuse(
          `${path}: others may read or change it: look at what is in it, and run "chmod 600 ${path}"`,
        );
      return readFileSync(file, 'utf8');
    } catch (cause) {
      if (cause instanceof NetmonError) throw cause;
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new NetmonError('NM_BAD_CONFIG', `unable to read ${path}`, { cause });
    } finally {
      if (file !== null) closeSync(file);
    }
  }

  /** A file is whole at any time: it is written beside, and then takes the place of the one before. */
  #replace(name: string, text: string): void {
    const path = join(this.#folder, name);
    const beside = `${path}.${process.pid}`;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writeFileSync(beside, text, { mode: 0o600 });
      chmodSync(beside, 0o600);
      renameSync(beside, path);
    } catch (cause) {
      rmSync(beside, { force: true });
      throw new NetmonError('NM_SYSTEM', `unable to write ${path}`, { cause });
    }
  }
}

/** Settings in the words of the flags: what is other than usual. */
function saveSettings(settings: MonitorSettings): SavedMonitor {
  const { agents: _, stopped_on: __, ...plain } = settings;
  const own: MonitorSettings = { ...plain, agents: '*', stopped_on: [], parents: [] };
  const chosen = listChosen(own).map(({ field, texts }) => [
    field.name,
    field.coding.many ? [...texts] : (texts[0] ?? ''),
  ]);
  return {
    kind: nameKind(settings.probe),
    target: writeTarget(settings.probe),
    name: settings.name,
    ...(Object.fromEntries(chosen) as Record<string, string | string[]>),
  };
}

/** The settings that a saved monitor stands for. Throws NM_BAD_FLAG where the file says what is no setting. */
export function readSaved({ kind, target, ...rest }: SavedMonitor): MonitorSettings {
  const answers: Answers = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, typeof value === 'string' ? [value] : value]),
  );
  return makeSettings(kind, target, answers);
}

function parseToml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw refuse(`${path} is no TOML: ${describeError(error)}`);
    const reason = error.message.replace(/^Invalid TOML document: /, '').split('\n', 1)[0];
    throw refuse(`${path}, line ${error.line}, column ${error.column}: no TOML: ${reason}`);
  }
}

/** `, line 7` of a value such as `monitors.1.name`, in a file as it is written here; empty where it is not found. */
function findLine(text: string, [table, index, key]: readonly PropertyKey[]): string {
  const lines = text.split('\n');
  const heads = lines.flatMap((line, i) => (line.trim() === `[[${String(table)}]]` ? [i] : []));
  const head = heads[Number(index)];
  if (head === undefined) return '';
  const end = lines.findIndex((line, i) => i > head && line.startsWith('['));
  const own = lines.slice(head, end === -1 ? undefined : end);
  const at = own.findIndex((line) => /^\s*"?([\w-]+)"?\s*=/.exec(line)?.[1] === key);
  return `, line ${head + Math.max(0, at) + 1}`;
}

function refuse(message: string): NetmonError {
  return new NetmonError('NM_BAD_CONFIG', message);
}
