import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TimeHistogram } from './time-histogram.ts';

/** Numbers from 0 to 1 that are the same each time. */
function* random(seed: number): Generator<number> {
  for (let state = seed; ; state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff)
    yield state / 0x7fffffff;
}

describe('time histogram', () => {
  it('gives percentiles within five percent of the exact ones, from microseconds to hours', () => {
    const numbers = random(7);
    const times = Array.from({ length: 10_000 }, () => 0.02 * 10 ** (8 * numbers.next().value));
    const histogram = new TimeHistogram();
    for (const ms of times) histogram.add(ms);
    const sorted = times.toSorted((a, b) => a - b);
    for (const share of [0.001, 0.25, 0.5, 0.95, 0.99, 1]) {
      const exact = sorted[Math.ceil(share * sorted.length) - 1];
      const told = histogram.percentile(share) ?? Number.NaN;
      assert.ok(Math.abs(told - exact) <= exact * 0.0501, `p${share * 100}: ${told} for ${exact}`);
    }
    assert.equal(histogram.maxMs, sorted.at(-1));
  });

  it('is the same whether times are counted together or apart and then added', () => {
    const numbers = random(11);
    const [all, odd, even] = [new TimeHistogram(), new TimeHistogram(), new TimeHistogram()];
    for (let i = 0; i < 1000; i++) {
      const ms = 1000 * numbers.next().value;
      all.add(ms);
      (i % 2 ? odd : even).add(ms);
    }
    const merged = new TimeHistogram();
    merged.merge(odd);
    merged.mergeData(JSON.parse(JSON.stringify(even.toData())));
    assert.deepEqual(merged.toData(), all.toData());
    assert.deepEqual(merged.summarize(), all.summarize());
  });

  it('has no percentile of nothing, and takes no time for what is none', () => {
    const histogram = new TimeHistogram();
    histogram.add(Number.NaN);
    histogram.add(-1);
    histogram.mergeData({ from: -5, counts: [1, 2], max_ms: 0 });
    histogram.mergeData({ from: 1e9, counts: [1], max_ms: 0 });
    assert.deepEqual(histogram.summarize(), {
      count: 0,
      p50_ms: null,
      p95_ms: null,
      p99_ms: null,
      max_ms: null,
    });
  });

  it('tells of one time exactly that one at most', () => {
    const histogram = new TimeHistogram();
    histogram.add(40);
    const { p50_ms, p99_ms, max_ms } = histogram.summarize();
    assert.deepEqual([p50_ms === p99_ms, max_ms], [true, 40]);
    assert.ok(p50_ms !== null && p50_ms >= 38 && p50_ms <= 40);
  });
});
