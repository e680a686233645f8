/**
 * A map that gives up its oldest entry, the one set first, in constant time. A fresh iterator of a plain `Map` would walk
 * past all that was deleted before it each time; here one iterator stays where the last entry was taken.
 */
export class AgingMap<K, V> extends Map<K, V> {
  #keys: MapIterator<K> | undefined;

  /** Removes the entry that was set first among those present; its value, or undefined where there is none. */
  removeOldest(): V | undefined {
    const next = this.#next();
    if (next.done) return undefined;
    const value = this.get(next.value);
    this.delete(next.value);
    return value;
  }

  /** An iterator that came to its end stays there, so that a new one begins. */
  #next(): IteratorResult<K, undefined> {
    const next = this.#keys?.next();
    if (next && !next.done) return next;
    this.#keys = this.keys();
    return this.#keys.next();
  }
}
