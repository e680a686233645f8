/** What is due at some time. `place` belongs to the heap that it is in, -1 while it is in none. */
export interface Due {
  due: number;
  place: number;
}

/** Things by when they are due, the first on top: a binary heap whose members know their places, so that any can leave. */
export class DueHeap<T extends Due> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The one that is due first. */
  get top(): T | undefined {
    return this.#items[0];
  }

  /** Takes in what is in no heap. */
  add(item: T): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  /** Takes it out, wherever it is; nothing happens when it is not in. */
  remove(item: T): void {
    const { place } = item;
    if (place < 0) return;
    item.place = -1;
    const last = this.#items.pop()!;
    if (last === item) return;
    const parent = this.#items[(place - 1) >> 1];
    if (place > 0 && parent.due > last.due) this.#rise(last, place);
    else this.#sink(last, place);
  }

  #rise(item: T, from: number): void {
    let place = from;
    while (place > 0) {
      const parent = this.#items[(place - 1) >> 1];
      if (parent.due <= item.due) break;
      this.#put(parent, place);
      place = (place - 1) >> 1;
    }
    this.#put(item, place);
  }

  #sink(item: T, from: number): void {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#items.length) break;
      if (child + 1 < this.#items.length && this.#items[child + 1].due < this.#items[child].due) child++;
      if (this.#items[child].due >= item.due) break;
      this.#put(this.#items[child], place);
      place = child;
    }
    this.#put(item, place);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}
