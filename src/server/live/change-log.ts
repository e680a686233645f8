import type { LiveRow } from './row.ts';

/** Which connections changed or went since the views last looked; empty and idle while nobody does. */
export class ChangeLog {
  #touched = new Set<LiveRow>();
  #gone = new Set<LiveRow>();
  #watched = false;

  /** Whether somebody looks; what happened before does not matter to them. */
  watch(watched: boolean): void {
    if (watched === this.#watched) return;
    this.#watched = watched;
    this.take();
  }

  touch(row: LiveRow): void {
    if (!this.#watched) return;
    this.#touched.add(row);
    this.#gone.delete(row);
  }

  remove(row: LiveRow): void {
    if (!this.#watched) return;
    this.#gone.add(row);
    this.#touched.delete(row);
  }

  /** What is noted, which is then forgotten. */
  take(): { readonly touched: ReadonlySet<LiveRow>; readonly gone: ReadonlySet<LiveRow> } {
    const taken = { touched: this.#touched, gone: this.#gone };
    if (this.#touched.size > 0) this.#touched = new Set();
    if (this.#gone.size > 0) this.#gone = new Set();
    return taken;
  }
}
