import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { agoLabels, niceCeiling, rateLabels } from './axis.ts';

describe('axis', () => {
  const ceilings: ReadonlyArray<readonly [number, number]> = [
    [0, 1000],
    [900, 1000],
    [1000, 2000],
    [2100, 4000],
    [4600, 6000],
    [9000, 10_000],
    [1.7e9, 2e9],
  ];
  for (const [max, ceiling] of ceilings) {
    it(`shows up to ${max} on an axis to ${ceiling}`, () => assert.equal(niceCeiling(max), ceiling));
  }

  it('labels rates in the unit of the largest', () => {
    assert.deepEqual(rateLabels([0, 500, 1000]), ['0', '0.5 KB/s', '1 KB/s']);
    assert.deepEqual(rateLabels([0, 1e6, 2e6, 2.5e6]), ['0', '1 MB/s', '2 MB/s', '2.5 MB/s']);
    assert.deepEqual(rateLabels([0, 2e9]), ['0', '2 GB/s']);
    assert.deepEqual(rateLabels([0, 250, 500]), ['0', '250 B/s', '500 B/s']);
  });

  it('labels times by their distance from now', () => {
    assert.deepEqual(agoLabels([0, 10_000, 30_000], 30_000), ['−30 s', '−20 s', 'now']);
  });
});
