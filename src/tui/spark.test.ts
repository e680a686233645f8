import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawSpark, History } from './spark.ts';

test('bars stand at the right, scaled to the largest in sight, and nothing but zero has none', () => {
  assert.equal(drawSpark([0, 1, 50, 100], 6, false), '   ▁▄█');
  assert.equal(drawSpark([1e9, 0, 0.001], 2, false), ' ▁');
  assert.equal(drawSpark([1, 2], 2, true), '=@');
  assert.equal(drawSpark([], 3, false), '   ');
  assert.equal(drawSpark([5, 6], 0, false), '');
});

test('a history keeps the newest', () => {
  const history = new History(3);
  for (const value of [1, 2, 3, 4]) history.add(value);
  assert.deepEqual(history.values(), [2, 3, 4]);
});
