import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fillQuiet } from './fill-quiet.ts';

const shape = (samples: ReadonlyArray<readonly [number, number]>, from: number, now: number): number[][] => {
  const times = samples.map(([at]) => at);
  const rates = samples.map(([, rate]) => rate);
  const [time, upload, download] = fillQuiet([times, rates, rates], from, now);
  assert.deepEqual(upload, download);
  assert.ok(
    time.every((at, index) => index === 0 || at > time[index - 1]),
    `times run on: ${time}`,
  );
  return time.map((at, index) => [at, upload[index]]);
};

describe('quiet stretches', () => {
  it('are a flat line where there was nothing at all', () => {
    assert.deepEqual(shape([], 1000, 31_000), [
      [1000, 0],
      [31_000, 0],
    ]);
  });

  it('lie at zero before, between and after bursts', () => {
    const samples = [
      [5000, 7],
      [5100, 8],
      [9000, 9],
    ] as const;
    assert.deepEqual(shape(samples, 1000, 31_000), [
      [1000, 0],
      [4900, 0],
      [5000, 7],
      [5100, 8],
      [5200, 0],
      [8900, 0],
      [9000, 9],
      [9100, 0],
      [31_000, 0],
    ]);
  });

  it('follow at once after a sample of zero', () => {
    const samples = [
      [30_000, 5],
      [30_100, 0],
    ] as const;
    assert.deepEqual(shape(samples, 29_900, 30_700), [
      [30_000, 5],
      [30_100, 0],
      [30_200, 0],
      [30_700, 0],
    ]);
  });

  it('are not seen in a busy interface that is sampled once a second', () => {
    const samples = [
      [1000, 1],
      [2000, 2],
      [3000, 3],
    ] as const;
    assert.deepEqual(
      shape(samples, 1000, 3500),
      samples.map((sample) => [...sample]),
    );
  });

  it('are not seen in samples that come a little late', () => {
    const samples = [
      [1050, 1],
      [1200, 2],
      [1440, 3],
    ] as const;
    assert.deepEqual(
      shape(samples, 1000, 1500),
      samples.map((sample) => [...sample]),
    );
  });

  it('leave out what is older than the window', () => {
    assert.deepEqual(
      shape(
        [
          [500, 1],
          [2000, 2],
        ],
        1900,
        2100,
      ),
      [[2000, 2]],
    );
  });
});
