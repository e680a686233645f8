import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HistoryStep } from '../../../src/wire/monitor.ts';
import { ceilingOf, failedOf, lookOfLoss, lossOf, stepsOf, sumDays } from './monitor-history.ts';

const step = (at: string, fields: Partial<HistoryStep>): HistoryStep => ({
  at,
  rounds: 10,
  up: 10,
  degraded: 0,
  down: 0,
  unknown: 0,
  echoes: 10,
  lost: 0,
  min_ms: 1,
  p10_ms: 1,
  p25_ms: 1,
  p50_ms: 1,
  p75_ms: 1,
  p90_ms: 1,
  max_ms: 1,
  avg_ms: 1,
  phases: { resolve_ms: null, connect_ms: null, tls_ms: null, processing_ms: null, transfer_ms: null },
  ...fields,
});

const history = {
  since: '2026-03-01T00:00:31.000Z',
  until: '2026-03-03T12:00:00.000Z',
  step_ms: 60_000,
  agents: {
    a: [
      step('2026-03-02T23:59:00.000Z', { down: 5, up: 5 }),
      step('2026-03-03T00:00:00.000Z', { unknown: 10, up: 0 }),
    ],
    b: [step('2026-03-02T10:00:00.000Z', {})],
  },
};

describe('sumDays', () => {
  it('adds up the rounds of all agents by the day in UTC, and knows nothing of unknown ones', () => {
    const days = sumDays(history, 3, Date.parse('2026-03-03T12:00:00.000Z'));
    assert.deepEqual(
      days.map(({ rounds, failed, share }) => [rounds, failed, share]),
      [
        [0, 0, null],
        [20, 5, 0.75],
        [10, 0, null],
      ],
    );
    assert.equal(new Date(days[0].at).toISOString(), '2026-03-01T00:00:00.000Z');
  });
});

describe('stepsOf', () => {
  it('begins on a multiple of the steps, where the points lie', () => {
    assert.equal(stepsOf(history, 'a').since, '2026-03-01T00:00:00.000Z');
    assert.equal(stepsOf(history, 'b').points.length, 1);
  });

  it('has no points of an agent that is not there', () => {
    assert.deepEqual(stepsOf(history, 'constructor').points, []);
  });
});

describe('loss', () => {
  it('has a look for each size of it', () => {
    const cases = [
      [null, 'none'],
      [0, 'none'],
      [0.01, 'up to 5 %'],
      [0.2, 'up to 20 %'],
      [0.21, 'up to 50 %'],
      [1, 'more'],
    ] as const;
    for (const [share, label] of cases) assert.equal(lookOfLoss(share).label, label);
  });

  it('is not known where nothing was sent', () => {
    assert.equal(lossOf({ echoes: 0, lost: 0 }), null);
    assert.equal(lossOf({ echoes: 4, lost: 1 }), 0.25);
  });
});

describe('the scale of response times', () => {
  it('is not stretched by what took far longer than nine tenths of any step', () => {
    const cases = [
      [[], null],
      [[{ p90_ms: null, max_ms: null }], null],
      [[{ p90_ms: 20, max_ms: 21 }], 30],
      [[{ p90_ms: 0.04, max_ms: 80 }], 0.06],
      [
        [
          { p90_ms: 20, max_ms: 900 },
          { p90_ms: 300, max_ms: 310 },
        ],
        500,
      ],
    ] as const;
    for (const [steps, end] of cases) assert.equal(ceilingOf(steps)?.toFixed(6), end?.toFixed(6));
  });
});

describe('rounds', () => {
  it('that say nothing are neither good nor failed', () => {
    assert.equal(failedOf({ rounds: 4, unknown: 4, down: 0 }), null);
    assert.equal(failedOf({ rounds: 5, unknown: 1, down: 1 }), 0.25);
  });
});
