import type { MonitorResult } from '../../wire/monitor.ts';

/** JSON text of all rounds together, in UTF-16 units. */
const defaultBudget = 16 * 1024 * 1024;
/** Rounds of one monitor, as many as can be asked for. */
const maxRounds = 1_000;

interface Ring {
  readonly texts: string[];
  length: number;
}

/** The last rounds of each monitor, in memory. Each monitor has an equal share of the room; its last round is always kept. */
export class RoundHistory {
  readonly #budget: number;
  readonly #rings = new Map<string, Ring>();

  constructor(budget = defaultBudget) {
    this.#budget = budget;
  }

  add(result: MonitorResult): void {
    let ring = this.#rings.get(result.monitor);
    if (!ring) {
      ring = { texts: [], length: 0 };
      this.#rings.set(result.monitor, ring);
    }
    const text = JSON.stringify(result);
    ring.texts.push(text);
    ring.length += text.length;
    const share = this.#budget / this.#rings.size;
    while (ring.texts.length > 1 && (ring.length > share || ring.texts.length > maxRounds)) {
      ring.length -= ring.texts.shift()!.length;
    }
  }

  /** The newest first. */
  list(monitor: string, limit: number): MonitorResult[] {
    const texts = this.#rings.get(monitor)?.texts ?? [];
    return texts
      .slice(-limit)
      .reverse()
      .map((text) => JSON.parse(text) as MonitorResult);
  }

  forget(monitor: string): void {
    this.#rings.delete(monitor);
  }
}
