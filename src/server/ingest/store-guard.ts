import { setTimeout as wait } from 'node:timers/promises';
import { backoffMs } from '../../base/backoff.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { Store } from '../../store/store.ts';

/** Between two attempts to write. */
const retry = { firstMs: 200, longestMs: 5_000 };

/**
 * Has what agents sent wait while the database cannot be written (its disk is full, another process holds it), instead of
 * cutting their links: what is not acknowledged they keep. It is said once, and once when it is over.
 */
export class StoreGuard {
  readonly #store: Pick<Store, 'stats'>;
  readonly #reporter: Reporter;
  /** Attempts are made by one at a time, each of which may hold the process up for a moment. */
  #turn: Promise<void> = Promise.resolve();
  #failures = 0;

  constructor(store: Pick<Store, 'stats'>, reporter: Reporter) {
    this.#store = store;
    this.#reporter = reporter;
  }

  /**
   * Gives what `write` resolves to, however often it has to be tried. Rejects with what it rejects with once that will
   * not pass, or nobody wants the result any more.
   */
  async insist<T>(write: () => Promise<T>, isWanted: () => boolean): Promise<T> {
    if (this.#failures === 0) {
      try {
        return await write();
      } catch (thrown) {
        this.#note(thrown);
      }
    }
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      return await this.#tryAgain(write, isWanted);
    } finally {
      resolve();
    }
  }

  async #tryAgain<T>(write: () => Promise<T>, isWanted: () => boolean): Promise<T> {
    for (;;) {
      if (this.#failures > 0) {
        await wait(backoffMs(this.#failures - 1, Math.random(), retry), undefined, { ref: false });
      }
      try {
        const result = await write();
        if (this.#failures > 0) this.#reporter.info('the database can be written again');
        this.#failures = 0;
        return result;
      } catch (thrown) {
        this.#note(thrown);
        if (!isWanted()) throw thrown;
      }
    }
  }

  /** Throws on what will not pass. */
  #note(thrown: unknown): void {
    const { problem } = this.#store.stats();
    if (problem === null) throw thrown;
    if (this.#failures++ > 0) return;
    this.#reporter.error('unable to write to the database; agents keep what they record', {
      reason: problem,
    });
  }
}
