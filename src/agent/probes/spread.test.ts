import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureSpread } from './spread.ts';

test('a spread has mean, median, nearest-rank percentiles and the mean step as jitter', () => {
  const spread = measureSpread([3, 1, 2, 10]);
  assert.deepEqual(spread, {
    min: 1,
    avg: 4,
    median: 2.5,
    p90: 10,
    p95: 10,
    p99: 10,
    max: 10,
    jitter: 11 / 3,
  });
  const hundred = measureSpread(Array.from({ length: 100 }, (_, i) => i + 1));
  assert.deepEqual([hundred?.p90, hundred?.p95, hundred?.p99, hundred?.median], [90, 95, 99, 50.5]);
});

test('one time has no jitter, and none has no spread', () => {
  assert.equal(measureSpread([5])?.jitter, 0);
  assert.equal(measureSpread([]), null);
});
