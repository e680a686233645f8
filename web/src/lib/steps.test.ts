import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fillSteps } from './steps.ts';

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

  it('bounds a range of a million stretches', () => {
    const long = { ...stepped, resolution_ms: 1, points: [] };
    assert.equal(fillSteps(long, () => 1, 0, start + 1e9).length, 2000);
  });
});
