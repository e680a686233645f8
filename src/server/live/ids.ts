import type { Store } from '../../store/store.ts';

/** Ids reserved at a time; below half of it the next block is fetched. */
const blockSize = 20_000;

/** Ids for live connections, so that one keeps its id when it is stored. */
export class IdPool {
  readonly #store: Pick<Store, 'reserveIds'>;
  #blocks: Array<{ next: number; end: number }> = [];
  #left = 0;
  #fetching: Promise<void> | null = null;

  constructor(store: Pick<Store, 'reserveIds'>) {
    this.#store = store;
  }

  /** Resolves when `count` ids can be taken; at once, as `null`, when they can be now. Rejects with NM_STORE. */
  ensure(count: number): Promise<void> | null {
    if (this.#left >= count) {
      if (this.#left - count < blockSize / 2) this.#fetch(blockSize).catch(() => {});
      return null;
    }
    return this.#fetch(Math.max(blockSize, count)).then(() => this.ensure(count) ?? undefined);
  }

  /** The next id; `ensure` has made sure of it. */
  take(): number {
    const block = this.#blocks[0];
    if (!block) throw new Error('an id was taken without one reserved');
    this.#left--;
    const id = block.next++;
    if (block.next === block.end) this.#blocks.shift();
    return id;
  }

  #fetch(count: number): Promise<void> {
    this.#fetching ??= this.#store
      .reserveIds(count)
      .then((first) => {
        this.#blocks.push({ next: first, end: first + count });
        this.#left += count;
      })
      .finally(() => {
        this.#fetching = null;
      });
    return this.#fetching;
  }
}
