import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { backoffMs } from '../../base/backoff.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { Store } from '../../store/store.ts';

/** Between two attempts to write. */
const retry = { firstMs: 200, longestMs: 5_000 };

/**
 * Writes what agents sent, one frame in each turn of the event loop: a commit on a slow disk holds the process up, and between
 * two of them others are let in, heard and answered. While the database cannot be written (its disk is full, another process
 * holds it) frames wait, instead of links being cut: what is not acknowledged the agents keep. It is said once, and once when
 * it is over.
 */
export class StoreGuard {
  readonly #store: Pick<Store, 'stats'>;
  readonly #reporter: Reporter;
  /** Resolves when the last who asked has had his turn. */
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
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      return await this.#tryAgain(write, isWanted);
    } finally {
      void nextTurn().then(resolve);
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
