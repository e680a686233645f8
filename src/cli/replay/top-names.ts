/** Names kept apart; past it the smaller half is counted together. */
const maxNames = 4096;

/** Amounts by name, of which the largest are of interest. Bounded: what was folded is in `other`. */
export class TopNames<Amounts extends Record<string, number>> {
  readonly #byName = new Map<string, Amounts>();
  readonly #make: () => Amounts;
  readonly #weigh: (amounts: Amounts) => number;
  other: Amounts | null = null;

  constructor(make: () => Amounts, weigh: (amounts: Amounts) => number) {
    this.#make = make;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** The amounts of a name, to be added to at once. */
  of(name: string): Amounts {
    const known = this.#byName.get(name);
    if (known) return known;
    if (this.#byName.size >= maxNames) this.#fold();
    const made = this.#make();
    this.#byName.set(name, made);
    return made;
  }

  /** The largest, largest first. */
  top(limit: number): readonly (readonly [string, Amounts])[] {
    return [...this.#byName].sort(([, a], [, b]) => this.#weigh(b) - this.#weigh(a)).slice(0, limit);
  }

  #fold(): void {
    this.other ??= this.#make();
    for (const [name, amounts] of this.top(maxNames).slice(maxNames / 2)) {
      for (const key of Object.keys(amounts)) add(this.other, key, amounts[key]);
      this.#byName.delete(name);
    }
  }
}

function add(amounts: Record<string, number>, key: string, amount: number): void {
  amounts[key] += amount;
}
