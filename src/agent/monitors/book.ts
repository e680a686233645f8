import { readFileSync, renameSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { describeError, NetmonError } from '../../base/errors.ts';
import { type Assignment, assignmentSchema, maxMonitors } from '../../wire/monitor.ts';
import type { OrderOwner } from '../orders/handler.ts';

/** What the file may be long; bodies of probes make a monitor up to 100 kB. */
const maxLength = 64 * 1024 * 1024;

/** A monitor that this agent has. */
export interface Entry {
  readonly monitor: Assignment;
  readonly owner: OrderOwner;
  /** Stopped here until it is started again, whoever replaces it meanwhile. */
  readonly stopped: boolean;
}

export interface BookOptions {
  /** A file, made with mode 0600; null keeps all in memory. */
  readonly path: string | null;
  /** Told when the file cannot be used; it is set aside then. */
  readonly onFailure?: (message: string) => void;
}

const fileSchema = z.strictObject({
  version: z.literal(1),
  revision: z.number().int().min(0).nullable(),
  carried: z
    .array(
      z.strictObject({
        owner: z.enum(['server', 'console']),
        stopped: z.boolean(),
        monitor: assignmentSchema,
      }),
    )
    .max(maxMonitors),
});

/**
 * The monitors that this agent has, by id, each owned by the server or by consoles. What `save` has resolved for is on
 * disk; several changes at once are one write.
 */
export class AssignmentBook {
  readonly #options: BookOptions;
  /** Null before the file was read. */
  #entries: Map<string, { readonly entry: Entry; readonly text: string }> | null = null;
  #revision: number | null = null;
  #length = 0;
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(options: BookOptions) {
    this.#options = options;
  }

  /** Of the server's set; null for one that is not known, or none. */
  get revision(): number | null {
    this.#open();
    return this.#revision;
  }

  set revision(revision: number | null) {
    this.#open();
    this.#revision = revision;
  }

  get size(): number {
    return this.#open().size;
  }

  get(id: string): Entry | undefined {
    return this.#open().get(id)?.entry;
  }

  list(): Entry[] {
    return Array.from(this.#open().values(), ({ entry }) => entry);
  }

  /** Throws NM_TOO_LARGE when there is no room. */
  put(entry: Entry): void {
    const entries = this.#open();
    const text = JSON.stringify(entry);
    const before = entries.get(entry.monitor.id);
    const length = this.#length + text.length - (before?.text.length ?? 0);
    if (length > maxLength || (!before && entries.size >= maxMonitors)) {
      throw new NetmonError(
        'NM_TOO_LARGE',
        `this agent has room for ${maxMonitors} monitors and 64 MB of them`,
      );
    }
    entries.set(entry.monitor.id, { entry, text });
    this.#length = length;
  }

  remove(id: string): void {
    const entries = this.#open();
    this.#length -= entries.get(id)?.text.length ?? 0;
    entries.delete(id);
  }

  /** Resolves once all that was changed before is on disk. Rejects with NM_SYSTEM; the changes then hold in memory. */
  save(): Promise<void> {
    const { path } = this.#options;
    if (path === null) return Promise.resolve();
    this.#next ??= this.#writing.then(() => {
      this.#next = null;
      const written = this.#write(path);
      this.#writing = written.catch(() => {});
      return written;
    });
    return this.#next;
  }

  async #write(path: string): Promise<void> {
    const texts = Array.from(this.#open().values(), ({ text }) => text);
    const text = `{"version":1,"revision":${this.#revision},"carried":[\n${texts.join(',\n')}\n]}\n`;
    const draft = `${path}.new`;
    try {
      await rm(draft, { force: true });
      await using file = await open(draft, 'wx', 0o600);
      await file.writeFile(text);
      await file.sync();
      await rename(draft, path);
      await using folder = await open(dirname(path), 'r');
      await folder.sync();
    } catch (cause) {
      throw new NetmonError('NM_SYSTEM', `unable to write ${path}; a restart forgets the change`, { cause });
    }
  }

  #open(): Map<string, { readonly entry: Entry; readonly text: string }> {
    if (this.#entries) return this.#entries;
    this.#entries = new Map();
    const { path, onFailure } = this.#options;
    if (path === null) return this.#entries;
    try {
      const file = readBook(path);
      this.#revision = file?.revision ?? null;
      for (const entry of file?.carried ?? []) this.put(entry);
    } catch (thrown) {
      this.#entries = new Map();
      this.#length = 0;
      this.#revision = null;
      renameSync(path, `${path}.bad`);
      onFailure?.(`${path} was set aside as ${path}.bad: ${describeError(thrown)}`);
    }
    return this.#entries;
  }
}

/** Null when there is none; throws when it cannot be read or is no such file. */
function readBook(path: string): z.infer<typeof fileSchema> | null {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return null;
  if (size > 4 * maxLength) throw new Error(`${size} bytes are more than it can be`);
  return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}
