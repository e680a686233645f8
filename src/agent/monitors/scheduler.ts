/**
 * Carries out rounds when they are due: one heap, one timer. Rounds of one monitor never overlap, since the next is only
 * planned when one has ended. What was missed by more than a second (the process stood still) is not made up for at
 * once. Rounds that are due wait their turn while as many as may are under way, and monitors that were slow never take
 * all places.
 */
import { DueHeap } from './due-heap.ts';
import { nextOnGrid, nextSpread, placeOf } from './grid.ts';
import { RoundMeter } from './meter.ts';

/** Carries out one round; `signal` aborts when the monitor goes. Never rejects. */
export type Task = (signal: AbortSignal) => Promise<void>;

/** Where time comes from. */
export interface SchedulerClock {
  /** Milliseconds of a clock that nobody sets. */
  monotonic(): number;
  /** Unix milliseconds; read once, at the start. */
  now(): number;
  setTimer(callback: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
}

export const systemClock: SchedulerClock = {
  monotonic: () => performance.now(),
  now: Date.now,
  setTimer: (callback, ms) => setTimeout(callback, ms),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** Rounds under way at once; each may hold a socket or two. */
const defaultMaxRunning = 2_000;
/** A round that lasted this long marks its monitor as slow until one is quicker. */
const slowMs = 1_000;
/** Of the places, what slow ones may take. */
const slowShare = 0.75;
/** A round later than this was missed. */
const missedMs = 1_000;
/** The first round of a monitor that somebody has just saved comes within this time. */
const soonMs = 1_000;
/** Longest life of a timer, so that one that fires too late for any reason is not far off. */
const longestTimerMs = 60_000;

interface Entry {
  readonly id: string;
  readonly intervalMs: number;
  readonly grid: number;
  readonly task: Task;
  readonly controller: AbortController;
  due: number;
  place: number;
  isSlow: boolean;
  isQueued: boolean;
}

export class Scheduler {
  readonly #clock: SchedulerClock;
  readonly #maxRunning: number;
  readonly #meter: RoundMeter;
  /** Unix time less monotonic time, once and for all: the grid is not moved by who sets the clock. */
  readonly #origin: number;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new DueHeap<Entry>();
  readonly #quick: Entry[] = [];
  readonly #slow: Entry[] = [];
  #running = 0;
  #slowRunning = 0;
  #missed = 0;
  #timer: unknown;
  #timerAt = Number.POSITIVE_INFINITY;
  #idle: (() => void) | null = null;

  constructor(clock: SchedulerClock = systemClock, maxRunning = defaultMaxRunning) {
    this.#clock = clock;
    this.#maxRunning = maxRunning;
    this.#origin = clock.now() - clock.monotonic();
    this.#meter = new RoundMeter(clock.monotonic());
  }

  get size(): number {
    return this.#entries.size;
  }

  get running(): number {
    return this.#running;
  }

  /** Rounds that did not take place, since nothing could when they were due. */
  get missed(): number {
    return this.#missed;
  }

  /** Rounds a minute, and the 99th percentile of how late they began in the last one. */
  measure(): { readonly perMinute: number; readonly lateP99Ms: number | null } {
    return this.#meter.read(this.#clock.monotonic());
  }

  /** Has a monitor's rounds carried out from now on, in place of those there were; `soon` for one that somebody waits for. */
  put(id: string, intervalMs: number, task: Task, soon: boolean): void {
    this.remove(id);
    const now = this.#clock.monotonic();
    const grid = placeOf(id);
    const first = soon
      ? now + grid * Math.min(soonMs, intervalMs)
      : nextSpread(grid, intervalMs, now + this.#origin) - this.#origin;
    const entry: Entry = {
      id,
      intervalMs,
      grid,
      task,
      controller: new AbortController(),
      due: first,
      place: -1,
      isSlow: false,
      isQueued: false,
    };
    this.#entries.set(id, entry);
    this.#wait(entry);
  }

  /** Ends a monitor's rounds, the one under way as well. */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#waiting.remove(entry);
    if (entry.isQueued) {
      const queue = entry.isSlow ? this.#slow : this.#quick;
      queue.splice(queue.indexOf(entry), 1);
    }
    entry.controller.abort();
  }

  /** Ends all; resolves when no round is under way any more. */
  async stop(): Promise<void> {
    this.#clock.clearTimer(this.#timer);
    this.#timerAt = Number.NEGATIVE_INFINITY;
    for (const id of this.#entries.keys()) this.remove(id);
    if (this.#running === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    await promise;
  }

  #wait(entry: Entry): void {
    this.#waiting.add(entry);
    if (entry.due < this.#timerAt) this.#arm();
  }

  #arm(): void {
    this.#clock.clearTimer(this.#timer);
    const { top } = this.#waiting;
    this.#timerAt = top ? top.due : Number.POSITIVE_INFINITY;
    if (!top) return;
    const ms = Math.ceil(top.due - this.#clock.monotonic());
    this.#timer = this.#clock.setTimer(() => this.#wake(), Math.min(longestTimerMs, Math.max(0, ms)));
  }

  #wake(): void {
    const now = this.#clock.monotonic();
    for (let { top } = this.#waiting; top && top.due <= now; { top } = this.#waiting) {
      this.#waiting.remove(top);
      if (now - top.due > missedMs) {
        this.#missed++;
        top.due = nextSpread(top.grid, top.intervalMs, now + this.#origin) - this.#origin;
        this.#waiting.add(top);
      } else {
        top.isQueued = true;
        (top.isSlow ? this.#slow : this.#quick).push(top);
      }
    }
    this.#startRounds();
    this.#arm();
  }

  #startRounds(): void {
    while (this.#running < this.#maxRunning) {
      const entry = this.#takeNext();
      if (!entry) return;
      entry.isQueued = false;
      void this.#run(entry);
    }
  }

  /** Whichever has waited longest, of those that may begin. */
  #takeNext(): Entry | undefined {
    const [quick, slow] = [this.#quick[0], this.#slow[0]];
    const maySlow = slow && this.#slowRunning < Math.max(1, Math.floor(this.#maxRunning * slowShare));
    return maySlow && (!quick || slow.due < quick.due) ? this.#slow.shift() : this.#quick.shift();
  }

  async #run(entry: Entry): Promise<void> {
    const began = this.#clock.monotonic();
    const { isSlow } = entry;
    this.#meter.add(began, began - entry.due);
    this.#running++;
    if (isSlow) this.#slowRunning++;
    await entry.task(entry.controller.signal);
    this.#running--;
    if (isSlow) this.#slowRunning--;
    this.#ended(entry, began);
    this.#startRounds();
    if (this.#running === 0) this.#idle?.();
  }

  /** Plans the next round, at least half an interval after this one was due. */
  #ended(entry: Entry, began: number): void {
    if (this.#entries.get(entry.id) !== entry) return;
    const now = this.#clock.monotonic();
    entry.isSlow = now - began >= slowMs;
    const after = Math.max(now, entry.due + entry.intervalMs / 2) + this.#origin;
    entry.due = nextOnGrid(entry.grid, entry.intervalMs, after) - this.#origin;
    this.#wait(entry);
  }
}
