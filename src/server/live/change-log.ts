import type { LiveRow } from './row.ts';

/** What happened to connections: whatever of it may have changed, only what a LinkChange holds, or that it went. */
export interface Changes {
  /** Changed in one way or the other. */
  readonly touched: ReadonlySet<LiveRow>;
  /** Those of them of which more than what a LinkChange holds may have changed. */
  readonly revised: ReadonlySet<LiveRow>;
  readonly gone: ReadonlySet<LiveRow>;
}

/** Which connections changed or went since the views last looked; empty and idle while nobody does. */
export class ChangeLog {
  #touched = new Set<LiveRow>();
  #revised = new Set<LiveRow>();
  #gone = new Set<LiveRow>();
  #watched = false;

  /** Whether somebody looks; what happened before does not matter to them. */
  watch(watched: boolean): void {
    if (watched === this.#watched) return;
    this.#watched = watched;
    this.take();
  }

  /** A row is new, or anything of it changed. */
  touch(row: LiveRow): void {
    if (!this.#watched) return;
    this.#touched.add(row);
    this.#revised.add(row);
    this.#gone.delete(row);
  }

  /** A LinkChange was applied to a row that is not gone. */
  count(row: LiveRow): void {
    if (this.#watched) this.#touched.add(row);
  }

  remove(row: LiveRow): void {
    if (!this.#watched) return;
    this.#gone.add(row);
    this.#touched.delete(row);
    this.#revised.delete(row);
  }

  /** What is noted, which is then forgotten. */
  take(): Changes {
    const taken = { touched: this.#touched, revised: this.#revised, gone: this.#gone };
    if (this.#touched.size > 0) this.#touched = new Set();
    if (this.#revised.size > 0) this.#revised = new Set();
    if (this.#gone.size > 0) this.#gone = new Set();
    return taken;
  }
}
