/** Requests for a frame that wait for it; more wait for the last of these. */
const maxSyncs = 64;

/** Requests for a fresh frame, by number, until a frame answers them. */
export class Syncs {
  readonly #send: (sync: number) => void;
  readonly #waiting = new Map<number, () => void>();
  #next = 1;
  #last: Promise<void> = Promise.resolve();

  constructor(send: (sync: number) => void) {
    this.#send = send;
  }

  /** Resolves with the frame that answers, or with the end. */
  ask(): Promise<void> {
    if (this.#waiting.size >= maxSyncs) return this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    const sync = this.#next++;
    this.#waiting.set(sync, resolve);
    this.#last = promise;
    this.#send(sync);
    return promise;
  }

  /** A frame has come that answers all requests up to this one. */
  answer(last: number): void {
    for (const [sync, resolve] of this.#waiting) {
      if (sync > last) return;
      this.#waiting.delete(sync);
      resolve();
    }
  }

  end(): void {
    for (const resolve of this.#waiting.values()) resolve();
    this.#waiting.clear();
  }
}
