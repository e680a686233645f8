import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { maxOrderMs } from '../../wire/orders.ts';

/** What an agent's clock may differ from that of who gives orders. */
export const clockToleranceMs = 30_000;
/** An order that was accepted is no longer acceptable after this long, by any clock that keeps its pace. */
const windowMs = maxOrderMs + 2 * clockToleranceMs;
/** Ids that are remembered, 1 MB; so many orders in three minutes are what an agent takes at most. */
const defaultMaxIds = 10_000;
/** `id` of 36 characters and a line feed. */
const lineLength = 37;

export interface SeenOptions {
  /** A file, made with mode 0600; null keeps the ids in memory. */
  readonly path: string | null;
  readonly maxIds?: number;
  /** A clock that nobody sets, in milliseconds. */
  readonly monotonic?: () => number;
  /** Told when the file cannot be written; ids are then remembered by this process alone. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * The ids of the orders that were accepted, over a restart as well. An id is only forgotten to make room, and only
 * when its order is too old for any clock: so setting the clock back brings no order to life again.
 */
export class SeenOrders {
  readonly #options: SeenOptions;
  readonly #maxIds: number;
  readonly #monotonic: () => number;
  /** When each was accepted, oldest first; null before the file was read. */
  #ids: Map<string, number> | null = null;
  /** What the file had, which leaves the room of this process as it is. */
  #kept = 0;
  #lines = 0;

  constructor(options: SeenOptions) {
    this.#options = options;
    this.#maxIds = options.maxIds ?? defaultMaxIds;
    this.#monotonic = options.monotonic ?? (() => performance.now());
  }

  has(id: string): boolean {
    return this.#open().has(id);
  }

  /** Remembers an id; false when there are too many young ones to remember another. */
  add(id: string): boolean {
    const ids = this.#open();
    const now = this.#monotonic();
    for (const [oldest, at] of ids) {
      if (ids.size < this.#maxIds + this.#kept) break;
      if (now - at <= windowMs) return false;
      ids.delete(oldest);
      if (this.#kept > 0) this.#kept--;
    }
    ids.set(id, now);
    this.#append(id, ids);
    return true;
  }

  /** Reads the file when it is first needed. What is in it counts as young, since nobody knows when it came. */
  #open(): Map<string, number> {
    if (this.#ids) return this.#ids;
    const now = this.#monotonic();
    this.#ids = new Map(readIds(this.#options.path, this.#maxIds).map((id) => [id, now]));
    this.#kept = this.#ids.size;
    this.#rewrite(this.#ids);
    return this.#ids;
  }

  #append(id: string, ids: ReadonlyMap<string, number>): void {
    const { path, onFailure } = this.#options;
    if (path === null) return;
    if (this.#lines >= 2 * this.#maxIds) {
      this.#rewrite(ids);
      return;
    }
    try {
      appendFileSync(path, `${id}\n`, { mode: 0o600 });
      this.#lines++;
    } catch (error) {
      onFailure?.(error);
    }
  }

  #rewrite(ids: ReadonlyMap<string, number>): void {
    const { path, onFailure } = this.#options;
    if (path === null) return;
    try {
      const text = [...ids.keys()].map((id) => `${id}\n`).join('');
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
      this.#lines = ids.size;
    } catch (error) {
      onFailure?.(error);
    }
  }
}

/** The last ids of the file; none of one that is missing, or longer than this program writes. */
function readIds(path: string | null, maxIds: number): string[] {
  try {
    if (path === null || statSync(path).size > 3 * maxIds * lineLength) return [];
    const ids = readFileSync(path, 'latin1').match(/^[0-9a-f-]{36}$/gm) ?? [];
    return ids.slice(-maxIds);
  } catch {
    return [];
  }
}
