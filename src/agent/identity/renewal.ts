import type { IssuedCertificate } from '../../wire/monitor-api.ts';
import type { IdentityKeeper } from './keeper.ts';

/** Longest time between two looks at the clock, which may be set; and how long an answer may take. */
const lookMs = 3_600_000;
const answerMs = 60_000;

/** Asks for a new certificate over one link, when it is due. */
export class Renewal {
  readonly #keeper: IdentityKeeper;
  readonly #send: (csr: string) => void;
  readonly #onFailure: (thrown: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(keeper: IdentityKeeper, send: (csr: string) => void, onFailure: (thrown: unknown) => void) {
    this.#keeper = keeper;
    this.#send = send;
    this.#onFailure = onFailure;
    this.#arm(0);
  }

  /** Takes what the server answered. Throws as `IdentityKeeper.accept`. */
  take(issued: IssuedCertificate): void {
    this.#keeper.accept(issued);
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #arm(leastMs: number): void {
    const waitMs = Math.max(leastMs, this.#keeper.dueAt - Date.now());
    this.#timer = setTimeout(() => void this.#look(), Math.min(waitMs, lookMs));
  }

  async #look(): Promise<void> {
    if (Date.now() < this.#keeper.dueAt) {
      this.#arm(0);
      return;
    }
    try {
      const csr = await this.#keeper.request();
      if (!this.#ended) this.#send(csr);
    } catch (thrown) {
      this.#onFailure(thrown);
    }
    if (!this.#ended) this.#arm(answerMs);
  }
}
