import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DueHeap } from './due-heap.ts';
import { nextOnGrid, placeOf } from './grid.ts';
import { Scheduler, type SchedulerClock } from './scheduler.ts';

/** A clock that stands still until it is moved; timers fire when it passes them. */
class TestClock implements SchedulerClock {
  #ms = 0;
  #timers = new Map<object, { readonly at: number; readonly callback: () => void }>();
  unix: number;

  constructor(unix = 1_700_000_000_000) {
    this.unix = unix;
  }

  monotonic(): number {
    return this.#ms;
  }
  now(): number {
    return this.unix + this.#ms;
  }
  setTimer(callback: () => void, ms: number): unknown {
    const timer = {};
    this.#timers.set(timer, { at: this.#ms + ms, callback });
    return timer;
  }
  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as object);
  }

  /** Lets time pass, timer by timer, with what they lead to. */
  async pass(ms: number): Promise<void> {
    const end = this.#ms + ms;
    for (;;) {
      const next = [...this.#timers].sort(([, a], [, b]) => a.at - b.at)[0];
      if (!next || next[1].at > end) break;
      this.#ms = Math.max(this.#ms, next[1].at);
      this.#timers.delete(next[0]);
      next[1].callback();
      await settle();
    }
    this.#ms = end;
  }

  /** The process stands still: time passes and no timer fires. */
  stall(ms: number): void {
    this.#ms += ms;
  }
}

/** Lets all promises that can be kept be kept. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function start(clock: TestClock, count: number, intervalMs: number, rounds: [string, number][]): Scheduler {
  const scheduler = new Scheduler(clock);
  for (let i = 0; i < count; i++) {
    const id = `m${i}`;
    scheduler.put(id, intervalMs, async () => void rounds.push([id, clock.monotonic()]), false);
  }
  return scheduler;
}

/** Most rounds within any 100 ms. */
function densest(rounds: readonly [string, number][]): number {
  const counts = new Map<number, number>();
  for (const [, at] of rounds) counts.set(Math.floor(at / 100), (counts.get(Math.floor(at / 100)) ?? 0) + 1);
  return Math.max(...counts.values());
}

describe('the scheduler', () => {
  it('has each monitor at its interval, spread evenly', async () => {
    const clock = new TestClock();
    const rounds: [string, number][] = [];
    const scheduler = start(clock, 1000, 20_000, rounds);
    await clock.pass(60_000);
    assert.equal(rounds.length, 3000);
    for (const id of ['m0', 'm7', 'm999']) {
      const times = rounds.filter(([one]) => one === id).map(([, at]) => at);
      assert.ok(Math.abs(times[1] - times[0] - 20_000) <= 1 && Math.abs(times[2] - times[1] - 20_000) <= 1);
    }
    // 5 are due in 100 ms on average.
    assert.ok(densest(rounds) <= 16, `${densest(rounds)} rounds within 100 ms`);
    assert.equal(Math.round(scheduler.measure().perMinute / 100), 30);
    await scheduler.stop();
  });

  it('keeps the places over a restart', async () => {
    const places = [];
    for (const unix of [1_700_000_000_000, 1_700_000_123_457]) {
      const clock = new TestClock(unix);
      const rounds: [string, number][] = [];
      const scheduler = start(clock, 20, 30_000, rounds);
      await clock.pass(30_000);
      places.push(Object.fromEntries(rounds.map(([id, at]) => [id, Math.round((unix + at) / 10) % 3000])));
      await scheduler.stop();
    }
    assert.deepEqual(places[0], places[1]);
  });

  it('makes up for nothing at once after it stood still', async () => {
    const clock = new TestClock();
    const rounds: [string, number][] = [];
    const scheduler = start(clock, 1000, 20_000, rounds);
    await clock.pass(20_000);
    rounds.length = 0;
    clock.stall(120_000);
    await clock.pass(20_000);
    assert.ok(rounds.length <= 1100, `${rounds.length} rounds`);
    const atOnce = rounds.filter(([, at]) => at <= 140_001).length;
    assert.ok(atOnce <= 90, `${atOnce} rounds at once, where 50 are due in a second`);
    assert.ok(scheduler.missed >= 900);
    await scheduler.stop();
  });

  it('is not moved by who sets the clock', async () => {
    const clock = new TestClock();
    const rounds: [string, number][] = [];
    const scheduler = start(clock, 100, 10_000, rounds);
    await clock.pass(10_000);
    clock.unix += 3_600_000;
    await clock.pass(10_000);
    clock.unix -= 7_200_000;
    await clock.pass(10_000);
    assert.equal(rounds.length, 300);
    await scheduler.stop();
  });

  it('makes up for a long interval within a minute', async () => {
    const clock = new TestClock();
    const rounds: [string, number][] = [];
    const scheduler = start(clock, 50, 86_400_000, rounds);
    await clock.pass(60_000);
    assert.equal(rounds.length, 50);
    await clock.pass(7_200_000);
    assert.ok(rounds.length <= 55);
    await scheduler.stop();
  });

  it('begins soon with what somebody has just saved, and not again right after', async () => {
    const clock = new TestClock();
    const scheduler = new Scheduler(clock);
    const times: number[] = [];
    for (let i = 0; i < 40; i++)
      scheduler.put(`new${i}`, 60_000, async () => void times.push(clock.monotonic()), true);
    await clock.pass(1_000);
    assert.equal(times.length, 40);
    await clock.pass(29_000);
    assert.equal(times.length, 40);
    await clock.pass(61_000);
    assert.ok(times.length >= 80);
    await scheduler.stop();
  });

  it('never has two rounds of a monitor at once, however long they take', async () => {
    const clock = new TestClock();
    const scheduler = new Scheduler(clock);
    let running = 0;
    let most = 0;
    let ends: (() => void)[] = [];
    scheduler.put(
      'long',
      1_000,
      async () => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => ends.push(resolve));
        running--;
      },
      true,
    );
    for (let i = 0; i < 10; i++) {
      await clock.pass(3_700);
      for (const end of ends) end();
      ends = [];
      await settle();
    }
    assert.equal(most, 1);
    await scheduler.stop();
  });

  it('has a cap on rounds at once, and slow monitors leave places for the others', async () => {
    const clock = new TestClock();
    const scheduler = new Scheduler(clock, 8);
    let running = 0;
    let most = 0;
    const counts = { slow: 0, quick: 0 };
    for (let i = 0; i < 40; i++) {
      scheduler.put(
        `slow${i}`,
        10_000,
        async (signal) => {
          most = Math.max(most, ++running);
          counts.slow++;
          await new Promise<void>((resolve) => {
            const timer = clock.setTimer(resolve, 30_000);
            signal.addEventListener('abort', () => {
              clock.clearTimer(timer);
              resolve();
            });
          });
          running--;
        },
        false,
      );
    }
    await clock.pass(200_000);
    assert.equal(most, 8);
    for (let i = 0; i < 20; i++) scheduler.put(`quick${i}`, 10_000, async () => void counts.quick++, false);
    await clock.pass(60_000);
    assert.ok(counts.quick >= 80, `${counts.quick} quick rounds of 120`);
    assert.ok(counts.slow >= 40);
    await scheduler.stop();
    assert.equal(scheduler.running, 0);
  });

  it('ends the round under way when its monitor goes', async () => {
    const clock = new TestClock();
    const scheduler = new Scheduler(clock);
    let ended = false;
    const task = (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          ended = true;
          resolve();
        });
      });
    scheduler.put('one', 5_000, task, true);
    await clock.pass(1_000);
    assert.equal(scheduler.running, 1);
    scheduler.remove('one');
    await settle();
    assert.deepEqual([ended, scheduler.running, scheduler.size], [true, 0, 0]);
  });

  it('tells how late rounds began', async () => {
    const clock = new TestClock();
    const rounds: [string, number][] = [];
    const scheduler = start(clock, 1, 5_000, rounds);
    await clock.pass(4_999);
    const due = rounds.length === 0 ? 0 : rounds[0][1];
    clock.stall(5_000 + due - 4_999 + 200);
    await clock.pass(0);
    const { lateP99Ms } = scheduler.measure();
    assert.ok(lateP99Ms !== null && lateP99Ms > 150 && lateP99Ms < 250, `${lateP99Ms} ms`);
    await scheduler.stop();
  });
});

describe('the grid', () => {
  it('has one time in each interval, whatever the time is', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 20 }),
        fc.integer({ min: 1_000, max: 86_400_000 }),
        fc.integer({ min: 0, max: 2_000_000_000_000 }),
        (id, intervalMs, after) => {
          const next = nextOnGrid(placeOf(id), intervalMs, after);
          assert.ok(next > after - 1 && next <= after + intervalMs + 1);
          assert.ok(Math.abs(nextOnGrid(placeOf(id), intervalMs, next + 1) - next - intervalMs) < 1);
        },
      ),
      { seed: 3 },
    );
  });
});

describe('the heap of what is due', () => {
  it('gives the first due, whatever was added and taken out', () => {
    const operations = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 50 })), { maxLength: 200 });
    fc.assert(
      fc.property(operations, (steps) => {
        const heap = new DueHeap<{ due: number; place: number }>();
        let items: { due: number; place: number }[] = [];
        for (const [add, value] of steps) {
          if (add || items.length === 0) {
            const item = { due: value, place: -1 };
            heap.add(item);
            items.push(item);
          } else {
            const item = items[value % items.length];
            heap.remove(item);
            heap.remove(item);
            items = items.filter((one) => one !== item);
          }
          assert.equal(heap.size, items.length);
          if (items.length > 0) assert.equal(heap.top?.due, Math.min(...items.map(({ due }) => due)));
        }
      }),
      { seed: 4 },
    );
  });
});
