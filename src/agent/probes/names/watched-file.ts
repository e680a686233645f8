import { readFileSync, statSync } from 'node:fs';

/** A file is looked at again after this time. */
const freshMs = 1000;
/** A longer file is taken for an empty one. */
const maxBytes = 32 << 20;

/** What a small file of the system says, read anew when it has changed. */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  #version: string | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #value: T | undefined;

  /** `parse` takes any text, the empty one for a file that cannot be read. */
  constructor(path: string, parse: (text: string) => T) {
    this.#path = path;
    this.#parse = parse;
  }

  /** The same object as long as the file has not changed; up to a second old. */
  read(): T {
    const now = performance.now();
    if (this.#value !== undefined && now - this.#lookedAt < freshMs) return this.#value;
    this.#lookedAt = now;
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    const version = stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : '';
    if (this.#value !== undefined && version === this.#version) return this.#value;
    this.#version = version;
    this.#value = this.#parse(stat && stat.size <= maxBytes ? readText(this.#path) : '');
    return this.#value;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
