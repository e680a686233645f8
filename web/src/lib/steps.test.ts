import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { centreSteps, fillSteps, startAtFirst } from './steps.ts';

const stepped = {
  since: '2026-01-01T00:00:00.000Z',
  until: '2026-01-01T00:00:40.000Z',
  resolution_ms: 10_000,
  points: [{ timestamp: '2026-01-01T00:00:10.000Z', hits: 3 }],
};
const start = Date.parse(stepped.since);

describe('fillSteps', () => {
  it('has a value for every stretch that has begun', () => {
    assert.deepEqual(
      fillSteps(stepped, ({ hits }) => hits, 0, start + 25_000),
      [
        [start, 0],
        [start + 10_000, 3],
        [start + 20_000, 0],
      ],
    );
    assert.deepEqual(fillSteps(stepped, () => 1, null, start + 1e9).at(-1), [start + 30_000, null]);
  });

  it('stands in the middle of each stretch where bars want it', () => {
    const filled = fillSteps(stepped, ({ hits }) => hits, 0, start + 15_000);
    assert.deepEqual(centreSteps(filled, stepped), [
      [start + 5000, 0],
      [start + 15_000, 3],
    ]);
  });

  it('bounds a range of a million stretches', () => {
    const long = { ...stepped, resolution_ms: 1, points: [] };
    assert.equal(fillSteps(long, () => 1, 0, start + 1e9).length, 2000);
  });
});

describe('startAtFirst', () => {
  const hour = { ...stepped, until: '2026-01-01T01:00:00.000Z' };
  const at = (...minutes: number[]): { timestamp: string; hits: number }[] =>
    minutes.map((minute) => ({ timestamp: new Date(start + minute * 60_000).toISOString(), hits: 1 }));

  it('leaves out what was before the first point, but for one step', () => {
    assert.equal(startAtFirst({ ...hour, points: at(40, 50) }).since, '2026-01-01T00:39:50.000Z');
  });

  it('shows some steps however late the first point is', () => {
    assert.equal(startAtFirst({ ...hour, points: at(59.9) }).since, '2026-01-01T00:59:10.000Z');
  });

  it('leaves a range as it is that has a point at its beginning or none at all', () => {
    for (const points of [[], at(0, 30)]) {
      const range = { ...hour, points };
      assert.equal(startAtFirst(range), range);
    }
  });
});
