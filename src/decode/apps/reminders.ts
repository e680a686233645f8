/** Packet time after which a conversation is reminded: a DNS resolver has given up by then (glibc waits for 5 s). */
export const remindAfterMs = 10_000;
/** Conversations that wait at once; past it none is added, and what they wait for is told of when they end. */
const maxWaiting = 100_000;
/** Places of those already reminded are given back once there are so many. */
const maxSpent = 1024;

export interface Reminded {
  reminded(timeMs: number): void;
}

/** Conversations to remind, in the order in which they asked: the time is the same for all. */
export class Reminders {
  #waiting: { readonly who: Reminded; readonly dueMs: number }[] = [];
  #spent = 0;

  get size(): number {
    return this.#waiting.length - this.#spent;
  }

  /** Has `who` reminded when `remindAfterMs` have passed since `timeMs`; false when too many wait. */
  add(who: Reminded, timeMs: number): boolean {
    if (this.size >= maxWaiting) return false;
    this.#waiting.push({ who, dueMs: timeMs + remindAfterMs });
    return true;
  }

  /** Reminds those whose time has come. Who asks again meanwhile waits anew. */
  pass(nowMs: number): void {
    while (this.#spent < this.#waiting.length && this.#waiting[this.#spent].dueMs <= nowMs)
      this.#waiting[this.#spent++].who.reminded(nowMs);
    if (this.#spent < maxSpent && this.size > 0) return;
    this.#waiting = this.#waiting.slice(this.#spent);
    this.#spent = 0;
  }
}
