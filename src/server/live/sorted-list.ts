/** Longest chunk; a longer one is cut into halves of it. */
const maxChunk = 512;

/** With fewer changes than its length over this, a chunk is searched for each instead of passed over once. */
const fewShare = 16;

/** What stands in a list. It belongs to the list, and must not change its place while it is in it. */
export interface Listed {
  /** Used by the list alone. */
  leaving: boolean;
}

/**
 * Values kept in order in chunks of up to 512. Values come and go in batches: each costs a binary search, and a
 * chunk in which much changed one pass however many of its values did; a window at any rank is a walk over chunk
 * lengths. No two values may compare as equal.
 */
export class SortedList<Value extends Listed> {
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
    this.#chunks = cut(sorted);
    this.#size = sorted.length;
  }

  /** Puts values in; the array is sorted. */
  insertAll(values: Value[]): void {
    if (this.#chunks.length === 0) {
      this.fill(values);
      return;
    }
    values.sort(this.#compare);
    this.#size += values.length;
    let from = 0;
    while (from < values.length) {
      const c = Math.min(this.#chunkOf(values[from]), this.#chunks.length - 1);
      const chunk = this.#chunks[c];
      const end = c === this.#chunks.length - 1 ? values.length : this.#endOfRun(values, from, chunk);
      let merged = chunk;
      if ((end - from) * fewShare > chunk.length) merged = this.#merge(chunk, values, from, end);
      else for (let i = from; i < end; i++) chunk.splice(this.#rankIn(chunk, values[i]), 0, values[i]);
      if (merged.length <= maxChunk) this.#chunks[c] = merged;
      else this.#chunks.splice(c, 1, ...cut(merged));
      from = end;
    }
  }

  /** Takes values out, all of which must be in the list. */
  removeAll(values: readonly Value[]): void {
    const leaving = new Map<Value[], Value[]>();
    for (const value of values) {
      const chunk = this.#chunks[this.#chunkOf(value)];
      const known = leaving.get(chunk);
      if (known) known.push(value);
      else leaving.set(chunk, [value]);
    }
    let emptied = false;
    for (const [chunk, those] of leaving) {
      if (those.length * fewShare > chunk.length) retain(chunk, those);
      else for (const value of those) chunk.splice(this.#rankIn(chunk, value), 1);
      if (chunk.length === 0) emptied = true;
    }
    if (emptied) this.#chunks = this.#chunks.filter((chunk) => chunk.length > 0);
    this.#size -= values.length;
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

  /** The end of those of the sorted values, from `from` on, that come before the chunk's last one. */
  #endOfRun(values: readonly Value[], from: number, chunk: readonly Value[]): number {
    const last = chunk[chunk.length - 1];
    let end = from + 1;
    while (end < values.length && this.#compare(values[end], last) < 0) end++;
    return end;
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

  /** A chunk with the sorted values from `from` to `end` among its own. */
  #merge(chunk: readonly Value[], values: readonly Value[], from: number, end: number): Value[] {
    const merged: Value[] = [];
    let next = from;
    for (const value of chunk) {
      while (next < end && this.#compare(values[next], value) < 0) merged.push(values[next++]);
      merged.push(value);
    }
    while (next < end) merged.push(values[next++]);
    return merged;
  }
}

/** Takes those that leave out of a chunk. */
function retain(chunk: Listed[], leaving: readonly Listed[]): void {
  for (const value of leaving) value.leaving = true;
  let kept = 0;
  for (const value of chunk) {
    if (value.leaving) value.leaving = false;
    else chunk[kept++] = value;
  }
  chunk.length = kept;
}

/** Cuts sorted values into chunks that have room for more. */
function cut<Value>(values: readonly Value[]): Value[][] {
  const chunks: Value[][] = [];
  for (let i = 0; i < values.length; i += maxChunk / 2) chunks.push(values.slice(i, i + maxChunk / 2));
  return chunks;
}
