/** Runs tasks one after the other; one that needs no waiting (returns null) runs at once when none is before it. */
export class Lane {
  readonly #onFailure: (thrown: unknown) => void;
  readonly #tasks: Array<() => Promise<void> | null> = [];
  #running = false;

  /** A task that throws or rejects ends the lane: `onFailure` is told and nothing runs any more. */
  constructor(onFailure: (thrown: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Tasks that wait, with the one that runs. */
  get length(): number {
    return this.#tasks.length;
  }

  push(task: () => Promise<void> | null): void {
    this.#tasks.push(task);
    if (!this.#running) this.#run();
  }

  #run(): void {
    this.#running = true;
    try {
      while (this.#tasks.length > 0) {
        const wait = this.#tasks[0]();
        if (wait) {
          wait.then(() => this.#next()).catch(this.#onFailure);
          return;
        }
        this.#tasks.shift();
      }
      this.#running = false;
    } catch (thrown) {
      this.#onFailure(thrown);
    }
  }

  #next(): void {
    this.#tasks.shift();
    this.#run();
  }
}
