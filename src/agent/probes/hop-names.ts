import type { Names } from './names/names.ts';
import { abortable } from './resolve.ts';

/** How long the names of the last hops are waited for when all else is known. */
const restMs = 1000;

/** The names of the routers on a path, looked up as soon as each is heard of, so that the path waits for few of them. */
export class HopNames {
  readonly #names: Names;
  readonly #lookups = new Map<string, Promise<void>>();
  readonly #found = new Map<string, string | null>();

  constructor(names: Names) {
    this.#names = names;
  }

  ask(ip: string): void {
    if (this.#lookups.has(ip)) return;
    const lookup = this.#names.findName(ip).then((name) => void this.#found.set(ip, name));
    this.#lookups.set(ip, lookup);
  }

  /** Until all are known, for a second at most or until the signal. */
  async settle(signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(restMs)]);
    await abortable(Promise.all(this.#lookups.values()), limit);
  }

  /** Null where it has none, or none that is known by now. */
  of(ip: string | undefined): string | null {
    return (ip !== undefined && this.#found.get(ip)) || null;
  }
}
