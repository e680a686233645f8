/** Stretches of time that a timeline is drawn of at most; half as many at least, once there was as much time. */
const maxSlots = 240;

/** What happened in one stretch of time. */
export interface TimeSlot {
  packets: number;
  bytes: number;
  /** HTTP requests: answered with less than 400, with 4xx, with 5xx, and not at all. */
  hits: number;
  clientErrors: number;
  serverErrors: number;
  unanswered: number;
}

const makeSlot = (): TimeSlot => ({
  packets: 0,
  bytes: 0,
  hits: 0,
  clientErrors: 0,
  serverErrors: 0,
  unanswered: 0,
});

/**
 * Sums over equal stretches of a time whose end is not known beforehand: when it outgrows the slots, two become one.
 * What is earlier than the first packet counts as then.
 */
export class Timeline {
  slotMs = 1;
  startMs = 0;
  endMs = 0;
  #slots: TimeSlot[] = [];

  get slots(): readonly TimeSlot[] {
    return this.#slots;
  }

  /** The slot of that moment, to be added to. */
  at(timeMs: number): TimeSlot {
    if (this.#slots.length === 0) {
      this.startMs = timeMs;
      this.endMs = timeMs;
    }
    this.endMs = Math.max(this.endMs, timeMs);
    let index = this.#indexOf(timeMs);
    while (index >= maxSlots) {
      this.#halve();
      index = this.#indexOf(timeMs);
    }
    while (this.#slots.length <= index) this.#slots.push(makeSlot());
    return this.#slots[index];
  }

  #indexOf(timeMs: number): number {
    return Math.max(0, Math.floor((timeMs - this.startMs) / this.slotMs));
  }

  #halve(): void {
    this.slotMs *= 2;
    const halved: TimeSlot[] = [];
    for (let i = 0; i < this.#slots.length; i += 2) halved.push(addSlots(this.#slots[i], this.#slots[i + 1]));
    this.#slots = halved;
  }
}

function addSlots(one: TimeSlot, other: TimeSlot | undefined): TimeSlot {
  if (!other) return one;
  return {
    packets: one.packets + other.packets,
    bytes: one.bytes + other.bytes,
    hits: one.hits + other.hits,
    clientErrors: one.clientErrors + other.clientErrors,
    serverErrors: one.serverErrors + other.serverErrors,
    unanswered: one.unanswered + other.unanswered,
  };
}
