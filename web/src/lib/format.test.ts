import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatIn,
  formatMs,
  formatPercent,
  formatRate,
  formatSpan,
  formatTime,
  localTimes,
  pickByteUnit,
} from './format.ts';

describe('format', () => {
  const rates: ReadonlyArray<readonly [number | null, string]> = [
    [null, '–'],
    [0, '0 B/s'],
    [999, '999 B/s'],
    [1000, '1.00 KB/s'],
    [12_345, '12.3 KB/s'],
    [999_600, '1.00 MB/s'],
    [123_456_789, '123 MB/s'],
    [1_240_000_000, '1.24 GB/s'],
  ];
  for (const [value, text] of rates) {
    it(`writes a rate of ${value} as ${text}`, () => assert.equal(formatRate(value), text));
  }

  it('writes a chosen length in its largest even unit', () => {
    assert.deepEqual([90_000, 120_000, 3_600_000, 1000].map(formatSpan), ['90 s', '2 min', '1 h', '1 s']);
  });

  it('tells the times of a message by the clock of this place', () => {
    const at = new Date(2026, 2, 16, 14, 3, 9, 120);
    const message = `High traffic: hits = 500, at ${at.toISOString()}`;
    assert.equal(localTimes(message, at.getTime()), 'High traffic: hits = 500, at 14:03:09');
    assert.equal(localTimes('High traffic', 0), 'High traffic');
  });

  const durations: ReadonlyArray<readonly [number, string]> = [
    [0, '<1 ms'],
    [0.02, '<0.1 ms'],
    [0.1, '0.1 ms'],
    [850, '850 ms'],
    [1234, '1.2 s'],
    [59_999, '59 s'],
    [185_000, '3m 05s'],
    [7_620_000, '2h 07m'],
    [442_800_000, '5d 03h'],
  ];
  for (const [value, text] of durations) {
    it(`writes ${value} ms as ${text}`, () => assert.equal(formatDuration(value), text));
  }

  it('writes round trips of microseconds as such', () => {
    assert.deepEqual([0, 0.012, 0.25, 12.34, 123.4].map(formatMs), [
      '0.00 ms',
      '12 µs',
      '0.25 ms',
      '12.3 ms',
      '123 ms',
    ]);
  });

  it('tells an age in whole seconds', () => {
    assert.deepEqual([0, 999, 3700, 61_000].map(formatAge), ['1 s', '1 s', '3 s', '1m 01s']);
  });

  it('writes axis labels in one unit', () => {
    const unit = pickByteUnit(2_500_000);
    assert.equal(unit.name, 'MB');
    assert.equal(formatIn(unit, 500_000), '0.50');
    assert.equal(formatIn(pickByteUnit(10), 7.6), '8');
  });

  it('never shows an unknown value as zero', () => {
    for (const format of [formatBytes, formatCount, formatDuration, formatMs, formatPercent])
      assert.equal(format(null), '–');
  });

  it('groups digits, and shows the date of another day only', () => {
    assert.equal(formatCount(1_234_567), '1,234,567');
    const now = new Date(2026, 2, 16, 15, 0, 0);
    assert.equal(formatTime(new Date(2026, 2, 16, 14, 3, 9).toISOString(), now.getTime()), '14:03:09');
    assert.equal(
      formatTime(new Date(2026, 2, 15, 4, 3, 9).toISOString(), now.getTime()),
      '2026-03-15 04:03:09',
    );
    assert.equal(formatTime('never', now.getTime()), '–');
  });
});
