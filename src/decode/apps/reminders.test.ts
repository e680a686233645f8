import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Reminders } from './reminders.ts';

describe('reminders', () => {
  it('come after ten seconds, in the order of asking, once', () => {
    const reminders = new Reminders();
    const came: string[] = [];
    const ask = (name: string, timeMs: number): boolean =>
      reminders.add({ reminded: (nowMs) => came.push(`${name} ${nowMs}`) }, timeMs);
    ask('a', 0);
    ask('b', 500);
    reminders.pass(9999);
    assert.deepEqual(came, []);
    reminders.pass(10_000);
    assert.deepEqual(came, ['a 10000']);
    reminders.pass(20_000);
    reminders.pass(30_000);
    assert.deepEqual(came, ['a 10000', 'b 20000']);
    assert.equal(reminders.size, 0);
  });

  it('may be asked for again while they come', () => {
    const reminders = new Reminders();
    let times = 0;
    const who = {
      reminded(nowMs: number): void {
        times++;
        reminders.add(who, nowMs);
      },
    };
    reminders.add(who, 0);
    for (let second = 0; second <= 35; second++) reminders.pass(second * 1000);
    assert.deepEqual([times, reminders.size], [3, 1]);
  });

  it('are bounded in number', () => {
    const reminders = new Reminders();
    const who = { reminded: () => undefined };
    for (let i = 0; i < 100_000; i++) reminders.add(who, 0);
    assert.equal(reminders.add(who, 0), false);
    reminders.pass(10_000);
    assert.deepEqual([reminders.add(who, 10_000), reminders.size], [true, 1]);
  });
});
