import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bucketLatency, LatencyHistogram, latencyBucket, maxBucket } from './histogram.ts';

describe('LatencyHistogram', () => {
  it('gives any quantile within 5 % of its value', () => {
    const histogram = new LatencyHistogram();
    for (let i = 1; i <= 10_000; i++) histogram.add(i / 7);
    for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
      const exact = Math.ceil(share * 10_000) / 7;
      assert.ok(Math.abs(histogram.quantile(share)! / exact - 1) < 0.05, `${share}`);
    }
    assert.equal(new LatencyHistogram().quantile(0.5), null);
  });

  it('adds up to the same whether counted together or apart', () => {
    const together = new LatencyHistogram();
    const apart = [new LatencyHistogram(), new LatencyHistogram()];
    for (let i = 0; i < 500; i++) {
      together.add(i * i);
      apart[i % 2].add(i * i);
    }
    const merged = new LatencyHistogram();
    for (const part of apart) merged.merge(part.toPairs());
    assert.deepEqual(merged.toPairs(), together.toPairs());
    assert.equal(merged.total, 500);
  });

  it('counts what is out of range at its ends, and leaves out pairs that make no sense', () => {
    for (const ms of [0, -1, Number.NaN, 0.0001]) assert.equal(latencyBucket(ms), 0, String(ms));
    assert.equal(latencyBucket(Number.POSITIVE_INFINITY), maxBucket);
    assert.ok(bucketLatency(maxBucket) > 3_000_000);
    const histogram = new LatencyHistogram();
    histogram.merge([-1, 5, maxBucket + 1, 5, 3, -2, 4, Number.NaN, 7]);
    assert.equal(histogram.total, 0);
  });
});
