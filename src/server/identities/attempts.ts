import { NetmonError } from '../../base/errors.ts';

/** Wrong tokens in a window, over all who try: 192 bits cannot be guessed at that pace. */
const maxFailures = 20;
const windowMs = 60_000;

/** Counts wrong tokens. Beyond their number nobody gets in until the window ends, whatever the token. */
export class Attempts {
  readonly #now: () => number;
  #since = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Throws NM_RATE. */
  check(): void {
    // A clock that was set back ends a window as well.
    if (Math.abs(this.#now() - this.#since) >= windowMs) this.#failures = 0;
    if (this.#failures >= maxFailures)
      throw new NetmonError('NM_RATE', 'too many wrong tokens; wait a minute');
  }

  fail(): void {
    if (this.#failures++ === 0) this.#since = this.#now();
  }
}
