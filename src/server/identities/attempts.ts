import { AgingMap } from '../../base/aging-map.ts';
import { NetmonError } from '../../base/errors.ts';

/** Wrong tokens of one caller in a window. Their 192 bits cannot be guessed, but every try has its cost. */
const maxFailures = 20;
const windowMs = 60_000;
/** Callers that are remembered; the one that began first is forgotten for another. */
const maxCallers = 1_000;

interface Window {
  readonly since: number;
  failures: number;
}

/**
 * Counts wrong tokens. Beyond their number that caller does not get in until its window ends, whatever the token; nobody
 * else is kept out by it.
 */
export class Attempts {
  readonly #now: () => number;
  readonly #windows = new AgingMap<string, Window>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Throws NM_RATE. */
  check(caller: string): void {
    const window = this.#windows.get(caller);
    if (!window) return;
    // A clock that was set back ends a window as well.
    if (Math.abs(this.#now() - window.since) >= windowMs) this.#windows.delete(caller);
    else if (window.failures >= maxFailures) {
      throw new NetmonError('NM_RATE', 'too many wrong tokens; wait a minute');
    }
  }

  fail(caller: string): void {
    const window = this.#windows.get(caller);
    if (window) {
      window.failures++;
      return;
    }
    this.#windows.set(caller, { since: this.#now(), failures: 1 });
    if (this.#windows.size > maxCallers) this.#windows.removeOldest();
  }
}
