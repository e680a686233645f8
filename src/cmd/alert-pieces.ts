import { describeError, NetmonError } from '../base/errors.ts';
import type { PieceSink } from './last-pieces.ts';
import { RecentPieces } from './recent-pieces.ts';

export interface AlertPiecesOptions {
  /** What is saved of before an alert, and of after it. */
  readonly lastMs: number;
  readonly afterMs: number;
  /** Writes a file; the answer says what became of it. */
  readonly save: (pieces: readonly Uint8Array[]) => Promise<string>;
  readonly say: (line: string) => void;
}

interface Pending {
  readonly fromMs: number;
  readonly dueMs: number;
}

/** Keeps what came last, and writes it to a file of its own a while after each alert. */
export class AlertPieces implements PieceSink {
  readonly #options: AlertPiecesOptions;
  readonly #recent: RecentPieces;
  #first: Uint8Array | null = null;
  #pending: Pending | null = null;
  #saving: Promise<void> | null = null;
  #nowMs = 0;
  #failed = 0;

  constructor(options: AlertPiecesOptions) {
    this.#options = options;
    this.#recent = new RecentPieces(options.lastMs + options.afterMs);
  }

  /** An alert was raised. One that comes while another's time is not over goes into the same file. */
  onAlert(): void {
    const { lastMs, afterMs } = this.#options;
    this.#pending ??= { fromMs: this.#nowMs - lastMs, dueMs: this.#nowMs + afterMs };
  }

  add(bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    if (bytes.length > 0) {
      // The first piece describes the interfaces, and begins each file.
      if (this.#first) this.#recent.add(bytes, nowMs);
      else this.#first = bytes.slice();
    }
    if (this.#pending && nowMs >= this.#pending.dueMs) this.#save();
  }

  /** Saves what an alert is still waiting for. */
  async end(): Promise<void> {
    await this.#saving;
    this.#save();
    await this.#saving;
    if (this.#failed > 0)
      throw new NetmonError('NM_SYSTEM', `${this.#failed} captures of alerts could not be saved`);
  }

  #save(): void {
    if (!this.#pending || !this.#first || this.#saving) return;
    const pieces = [this.#first, ...this.#recent.since(this.#pending.fromMs)];
    this.#pending = null;
    this.#saving = this.#options
      .save(pieces)
      .then(this.#options.say, (thrown: unknown) => {
        this.#failed++;
        this.#options.say(`unable to save the packets of an alert: ${describeError(thrown)}`);
      })
      .finally(() => {
        this.#saving = null;
      });
  }
}
