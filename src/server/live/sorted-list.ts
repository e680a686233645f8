/** Longest chunk; a longer one is split in two. Inserting moves at most so many pointers. */
const maxChunk = 512;

/**
 * Values kept in order in chunks of up to 512, so that an insert or a removal costs a binary search and a short move
 * however many there are, and a window at any rank is a walk over chunk lengths. No two values may compare as equal,
 * and a value must not change its place while it is in the list.
 */
export class SortedList<Value> {
  readonly #compare: (a: Value, b: Value) => number;
  #chunks: Value[][] = [];
  #size = 0;

  constructor(compare: (a: Value, b: Value) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  /** Replaces everything. */
  fill(values: readonly Value[]): void {
    const sorted = values.toSorted(this.#compare);
    this.#chunks = [];
    for (let i = 0; i < sorted.length; i += maxChunk / 2) {
      this.#chunks.push(sorted.slice(i, i + maxChunk / 2));
    }
    this.#size = sorted.length;
  }

  insert(value: Value): void {
    const c = Math.min(this.#chunkOf(value), this.#chunks.length - 1);
    this.#size++;
    if (c < 0) {
      this.#chunks.push([value]);
      return;
    }
    const chunk = this.#chunks[c];
    chunk.splice(this.#rankIn(chunk, value), 0, value);
    if (chunk.length > maxChunk) this.#chunks.splice(c + 1, 0, chunk.splice(maxChunk / 2));
  }

  /** Takes a value out; false when it is not in the list. */
  remove(value: Value): boolean {
    const c = this.#chunkOf(value);
    const chunk = this.#chunks[c];
    if (!chunk) return false;
    const i = this.#rankIn(chunk, value);
    if (chunk[i] !== value) return false;
    chunk.splice(i, 1);
    if (chunk.length === 0) this.#chunks.splice(c, 1);
    this.#size--;
    return true;
  }

  /** Up to `count` values from rank `start` on. */
  slice(start: number, count: number): Value[] {
    const values: Value[] = [];
    let skip = start;
    for (const chunk of this.#chunks) {
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      for (let i = skip; i < chunk.length; i++) {
        if (values.length === count) return values;
        values.push(chunk[i]);
      }
      skip = 0;
    }
    return values;
  }

  /** The first chunk whose last value is not before this one; the number of chunks when there is none. */
  #chunkOf(value: Value): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = this.#chunks[middle];
      if (this.#compare(chunk[chunk.length - 1], value) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many values of the chunk are before this one. */
  #rankIn(chunk: readonly Value[], value: Value): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(chunk[middle], value) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
