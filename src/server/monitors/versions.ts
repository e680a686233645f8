/** Removed monitors that are remembered, for those who ask what changed. */
const maxRemoved = 1000;

/** Numbers the changes of monitors, and remembers which are gone. */
export class Versions {
  /** Removed ids with the version of their going; the oldest first. */
  readonly #removed = new Map<string, number>();
  /** The version before which removals are not remembered. */
  #rememberedFrom = 0;
  #current = 0;

  /** Begins with a version later than any of a run before, as long as less than a thousand things change a millisecond. */
  begin(now: number): void {
    this.#current = now * 1000;
    this.#rememberedFrom = this.#current;
  }

  get current(): number {
    return this.#current;
  }

  next(): number {
    return ++this.#current;
  }

  addRemoved(id: string): void {
    this.#removed.delete(id);
    this.#removed.set(id, this.next());
    const [oldest] = this.#removed;
    if (this.#removed.size <= maxRemoved || !oldest) return;
    this.#removed.delete(oldest[0]);
    this.#rememberedFrom = oldest[1];
  }

  /** Ids that were removed since a version; null where that is too long ago to know. */
  removedSince(version: number): string[] | null {
    if (version < this.#rememberedFrom || version > this.#current) return null;
    return Array.from(this.#removed)
      .filter(([, at]) => at > version)
      .map(([id]) => id);
  }
}
