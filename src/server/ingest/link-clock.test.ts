import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LinkClock } from './link-clock.ts';

/** A server's clock, an agent's that is off by `offset`, and a link between them. */
function makeScene(offset: number) {
  const time = { wall: 1_800_000_000_000, monotonic: 0, offset };
  const clock = new LinkClock({ now: () => time.wall, monotonic: () => time.monotonic });
  const pass = (ms: number): void => {
    time.wall += ms;
    time.monotonic += ms;
  };
  let sync = 0;
  /** A request that takes `there` to the agent, whose answer takes `back`. */
  const ask = (there: number, back: number): void => {
    clock.asked(++sync);
    pass(there);
    const at = time.wall + time.offset;
    pass(back);
    clock.arrived(at, sync);
  };
  const frame = (delay: number): void => {
    const at = time.wall + time.offset;
    pass(delay);
    clock.arrived(at, undefined);
  };
  return { clock, time, pass, ask, frame };
}

describe('the clock of a link', () => {
  it('finds the offset of an agent to within half a round trip, by the shortest of the last ones', () => {
    for (const offset of [0, 250, -90_000, 86_400_000]) {
      const { clock, ask } = makeScene(offset);
      ask(80, 20);
      assert.ok(Math.abs(clock.offsetMs! - offset) <= 50);
      ask(1, 2);
      ask(200, 0);
      assert.ok(Math.abs(clock.offsetMs! - offset) <= 1.5);
    }
  });

  it('knows roughly after the first frame, and no lag before the clocks were compared', () => {
    const { clock, frame } = makeScene(-3_600_000);
    assert.deepEqual([clock.offsetMs, clock.lagMs], [null, null]);
    frame(40);
    assert.equal(clock.offsetMs, -3_600_040);
    assert.equal(clock.lagMs, null);
  });

  it('tells how long a reading takes to arrive, whatever the agent takes for the time', () => {
    const { clock, ask, frame } = makeScene(-86_400_000);
    ask(5, 5);
    for (let i = 0; i < 30; i++) frame(120);
    assert.ok(Math.abs(clock.lagMs! - 120) < 10, `${clock.lagMs}`);
  });

  for (const [who, jump] of [
    [
      'the agent',
      (time: { offset: number; wall: number }, ms: number) => {
        time.offset += ms;
      },
    ],
    [
      'the server',
      (time: { offset: number; wall: number }, ms: number) => {
        time.wall += ms;
        time.offset -= ms;
      },
    ],
  ] as const) {
    it(`follows a clock that jumps by a day either way, at ${who}`, () => {
      for (const ms of [86_400_000, -86_400_000]) {
        const { clock, time, ask, frame } = makeScene(10);
        ask(2, 2);
        jump(time, ms);
        ask(20, 20);
        assert.ok(Math.abs(clock.offsetMs! - time.offset) <= 20);
        for (let i = 0; i < 30; i++) frame(50);
        assert.ok(clock.lagMs! < 100, `${clock.lagMs}`);
        assert.ok(Math.abs(clock.agentNow() - (time.wall + time.offset)) <= 20);
      }
    });
  }

  it('asks again for the first few times, and at once when a frame shows that a clock was set', () => {
    const { clock, time, ask, frame } = makeScene(0);
    for (let i = 0; i < 4; i++) {
      assert.equal(clock.isRough, true);
      ask(1, 1);
    }
    frame(100);
    assert.equal(clock.isRough, false);
    time.offset += 86_400_000;
    frame(10);
    assert.equal(clock.isRough, true);
    ask(1, 1);
    assert.ok(Math.abs(clock.offsetMs! - 86_400_000) <= 1);
    for (let i = 0; i < 3; i++) ask(1, 1);
    frame(10);
    assert.equal(clock.isRough, false);
  });

  it('takes no time that is none', () => {
    const { clock } = makeScene(0);
    for (const at of [Number.MAX_VALUE, -Number.MAX_VALUE, 1e17]) clock.arrived(at, undefined);
    assert.equal(clock.offsetMs, null);
    assert.ok(Number.isFinite(new Date(clock.agentNow()).getTime()));
  });
});
