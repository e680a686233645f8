import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProbeResult } from '../../../src/wire/probe.ts';
import { makeMonitorRow } from './monitor-row.fixture.ts';
import { formatUptime, median, withResult } from './monitors.ts';

const round = (echoes: readonly (number | null)[]): ProbeResult => ({
  at: '2026-03-01T00:00:00.000Z',
  outcome: 'up',
  duration_ms: 1,
  reason: null,
  attempts: 1,
  address: null,
  phases: { resolve_ms: null, connect_ms: null, tls_ms: null, processing_ms: null, transfer_ms: null },
  echoes: [...echoes],
  detail: {},
});

describe('withResult', () => {
  const view = { state: 'up', since: null } as const;
  const { status } = makeMonitorRow(
    'a',
    {},
    {
      loss_ratio: 0,
      agents: [
        { ...view, agent: 'x', last: round([10]) },
        { ...view, agent: 'y', last: null },
      ],
    },
  );

  it('makes response time and loss anew of the last rounds of all agents', () => {
    const after = withResult(status, 'y', round([20, null, 40]));
    assert.equal(after.response_ms, 20);
    assert.equal(after.loss_ratio, 0.25);
    assert.deepEqual(after.agents[1].last?.echoes, [20, null, 40]);
  });

  it('leaves loss unknown where there are no echoes, and agents out that it does not know', () => {
    assert.equal(withResult({ ...status, loss_ratio: null }, 'x', round([null])).loss_ratio, null);
    assert.equal(withResult(status, 'z', round([1])), status);
  });
});

describe('formatUptime', () => {
  it('never rounds up to all of the time', () => {
    assert.equal(formatUptime(1), '100 %');
    assert.equal(formatUptime(0.999_999), '99.999 %');
    assert.equal(formatUptime(0.995), '99.5 %');
    assert.equal(formatUptime(0.99), '99 %');
    assert.equal(formatUptime(0.5), '50.0 %');
    assert.equal(formatUptime(0), '0.0 %');
    assert.equal(formatUptime(null), '–');
  });
});

describe('median', () => {
  it('is the middle, or between the two in the middle', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1]), 2.5);
    assert.equal(median([]), null);
  });
});
