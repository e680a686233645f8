/** Inquiries among witnesses of a way: rounds that fail together share one, and there are few of them. */

/** Who may tell whether the network is there. */
export interface Witness {
  readonly name: string;
  readonly ip: string;
  /** Whether its silence tells something, not its answer alone. */
  readonly weighs: boolean;
  /** Whether it answered when it was heard last. */
  readonly isFresh: boolean;
  /** Whether anything is heard of it, within a second or so; null where that cannot be told. Never rejects. */
  readonly ask: () => Promise<boolean | null>;
}

/** A witness that is being asked. */
export interface Asked extends Omit<Witness, 'ask'> {
  readonly answer: Promise<boolean | null>;
}

/** From the beginning of an inquiry to that of the next one of the same way. */
const restMs = 200;

export class Inquiries {
  readonly #monotonic: () => number;
  readonly #beganAt = new Map<string, number>();
  readonly #next = new Map<string, Promise<readonly Asked[]>>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Those asked by the next inquiry of a way, which begins after this call. `find` tells whom to ask. */
  ask(way: string, find: () => readonly Witness[]): Promise<readonly Asked[]> {
    const next = this.#next.get(way) ?? this.#begin(way, find);
    this.#next.set(way, next);
    return next;
  }

  async #begin(way: string, find: () => readonly Witness[]): Promise<readonly Asked[]> {
    const waitMs = (this.#beganAt.get(way) ?? Number.NEGATIVE_INFINITY) + restMs - this.#monotonic();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)));
    this.#next.delete(way);
    this.#beganAt.set(way, this.#monotonic());
    return find().map(({ ask, ...witness }) => ({ ...witness, answer: ask() }));
  }
}

/** Whether one of them is heard; known as soon as it is. */
export async function hearsAny(asked: readonly Asked[]): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  for (const { answer } of asked) void answer.then((heard) => heard && resolve(true));
  void Promise.all(asked.map(({ answer }) => answer)).then(() => resolve(false));
  return promise;
}

/** How many were silent. */
export async function countSilent(asked: readonly Asked[]): Promise<number> {
  const answers = await Promise.all(asked.map(({ answer }) => answer));
  return answers.filter((heard) => heard === false).length;
}
