import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Thresholds, thresholdsSchema } from '../../wire/monitor.ts';
import { type Outcome, outcomes } from '../../wire/probe.ts';
import { MonitorTrack } from './track.ts';

const letters: Readonly<Record<string, Outcome>> = { u: 'up', g: 'degraded', d: 'down', '?': 'unknown' };

/** The states after each of some rounds, written as letters. */
function follow(rounds: string, thresholds: Partial<Thresholds>): string {
  const track = new MonitorTrack(thresholdsSchema.parse(thresholds));
  const short = { up: 'u', degraded: 'g', down: 'd', unknown: '?', pending: '-' };
  return Array.from(rounds, (letter, i) => {
    track.add(letters[letter], i);
    return short[track.state];
  }).join('');
}

const share = { rounds: 4, raise_percent: 50, clear_percent: 25 };

describe('the state of a monitor at an agent', () => {
  for (const [what, thresholds, rounds, states] of [
    ['goes down with the second failure in a row', {}, 'uduudddu', 'uuuuuddu'],
    [
      'comes up with as many successes as are asked for',
      { failures: 1, successes: 3 },
      'dudduuud',
      'ddddddud',
    ],
    ['is pending until something is decided', { failures: 2, successes: 2 }, 'dudduu', '---ddu'],
    ['degrades and recovers by the same thresholds', { failures: 2 }, 'ugugggug', 'uuuugguu'],
    ['is degraded when what was down answers, but not well', { failures: 2 }, 'ddgu', '-dgu'],
    ['goes down from degraded', { failures: 2 }, 'uggdd', 'uuggd'],
    ['counts a failure as worse than degraded', { failures: 2 }, 'ugd', 'uug'],
    ['is not moved by rounds that say nothing', {}, 'ud?d??u', 'uuudddu'],
    ['is unknown after three rounds that say nothing, and then what it was', {}, 'udd???d?u', 'uuddd?ddu'],
    ['goes by the share of the last rounds', { share }, 'uuddduuuu', 'uuudddduu'],
    ['raises at exactly the share', { share }, 'udud', 'uuud'],
    ['clears at exactly the share', { share }, 'dduuu', '-dddu'],
    ['does not go down with the first rounds of a share', { share }, 'd', '-'],
  ] as const) {
    it(what, () => assert.equal(follow(rounds, thresholds), states));
  }

  it('never flaps between the two percentages', () => {
    const track = new MonitorTrack(thresholdsSchema.parse({ share: { ...share, raise_percent: 75 } }));
    for (const letter of 'ddd') track.add(letters[letter], 0);
    let changes = 0;
    for (let i = 0; i < 1000; i++) if (track.add(i % 2 ? 'down' : 'up', i)) changes++;
    assert.equal(changes, 0);
    assert.equal(track.state, 'down');
  });

  it('goes on from what was saved as if nothing had happened', () => {
    const thresholdsArbitrary = fc.record({
      failures: fc.integer({ min: 1, max: 4 }),
      successes: fc.integer({ min: 1, max: 4 }),
      share: fc.option(fc.constant(share), { nil: null }),
    });
    fc.assert(
      fc.property(
        thresholdsArbitrary,
        fc.array(fc.constantFrom(...outcomes), { maxLength: 40 }),
        (thresholds, rounds) => {
          const whole = new MonitorTrack(thresholds);
          let broken = new MonitorTrack(thresholds);
          for (const [i, outcome] of rounds.entries()) {
            assert.equal(whole.add(outcome, i), broken.add(outcome, i));
            broken = new MonitorTrack(thresholds, JSON.parse(JSON.stringify(broken.save())));
          }
          assert.deepEqual(broken.save(), whole.save());
        },
      ),
      { seed: 5, numRuns: 200 },
    );
  });

  it('goes down only after that many failures, and up only after that many successes, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.constantFrom('up', 'down', 'unknown' as const), { maxLength: 60 }),
        (failures, successes, rounds) => {
          const track = new MonitorTrack({ failures, successes, share: null });
          const known: Outcome[] = [];
          for (const [i, outcome] of (rounds as Outcome[]).entries()) {
            const before = track.state;
            if (outcome !== 'unknown') known.push(outcome);
            const changed = track.add(outcome, i);
            if (!changed || outcome === 'unknown' || before === 'unknown') continue;
            const needed = track.state === 'down' ? failures : successes;
            assert.equal(track.state, outcome);
            assert.ok(known.slice(-needed).every((each) => each === outcome) && known.length >= needed);
            assert.equal(track.sinceMs, i);
          }
        },
      ),
      { seed: 6, numRuns: 300 },
    );
  });

  it('is by the share what counting the last rounds says, at every boundary and however it flaps', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.constantFrom('up', 'down', 'unknown' as const), { maxLength: 60 }),
        (size, raise_percent, below, rounds) => {
          const clear_percent = Math.max(0, raise_percent - below);
          const track = new MonitorTrack({
            failures: 2,
            successes: 1,
            share: { rounds: size, raise_percent, clear_percent },
          });
          const known: Outcome[] = [];
          let expected: 'pending' | 'up' | 'down' = 'pending';
          for (const [i, outcome] of rounds.entries()) {
            track.add(outcome, i);
            if (outcome === 'unknown') continue;
            known.push(outcome);
            const last = known.slice(-size);
            const failed = last.filter((each) => each === 'down').length;
            // Without division, so that no rounding hides a boundary.
            if (failed * 100 >= raise_percent * size) expected = 'down';
            else if (failed * 100 <= clear_percent * last.length) expected = 'up';
            assert.equal(track.state, expected);
          }
        },
      ),
      { seed: 7, numRuns: 500 },
    );
  });

  it('raises at exactly the share, whatever the share is', () => {
    for (let failures = 1; failures <= 100; failures++) {
      const rounds = { rounds: 100, raise_percent: failures, clear_percent: 0 };
      const track = new MonitorTrack({ failures: 1, successes: 1, share: rounds });
      for (let i = 0; i < 100; i++) track.add('up', i);
      for (let i = 1; i < failures; i++) track.add('down', i);
      assert.equal(track.state, 'up');
      track.add('down', failures);
      assert.equal(track.state, 'down', `${failures} %`);
    }
  });

  it('changes at most once in as many rounds as a threshold asks for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.constantFrom('up', 'down' as const), { maxLength: 80 }),
        (threshold, rounds) => {
          const track = new MonitorTrack({ failures: threshold, successes: threshold, share: null });
          let changedAt = Number.NEGATIVE_INFINITY;
          for (const [i, outcome] of rounds.entries()) {
            if (!track.add(outcome, i)) continue;
            assert.ok(i - changedAt >= threshold);
            changedAt = i;
          }
        },
      ),
      { seed: 8, numRuns: 300 },
    );
  });

  it('saves the same while a target stays up, so that nothing need be written', () => {
    const track = new MonitorTrack(thresholdsSchema.parse({ share }));
    for (let i = 0; i < 4; i++) track.add('up', i);
    const saved = JSON.stringify(track.save());
    track.add('up', 9);
    assert.equal(JSON.stringify(track.save()), saved);
  });
});
