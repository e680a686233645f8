import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MonitorResult } from '../../wire/monitor.ts';
import { RoundHistory } from './history.ts';

function makeResult(monitor: string, revision: number, message = ''): MonitorResult {
  return {
    monitor,
    revision,
    at: '2026-01-01T00:00:00.000Z',
    outcome: 'down',
    duration_ms: 1,
    reason: { code: 'TIMEOUT', message, phase: 'connect' },
    attempts: 1,
    address: null,
    phases: { resolve_ms: null, connect_ms: null, tls_ms: null, processing_ms: null, transfer_ms: null },
    echoes: [],
    detail: {},
  };
}

describe('the last rounds of a monitor', () => {
  it('are told newest first, a thousand at most', () => {
    const history = new RoundHistory();
    for (let i = 0; i < 1_200; i++) history.add(makeResult('a', i));
    assert.deepEqual(
      history.list('a', 2).map(({ revision }) => revision),
      [1199, 1198],
    );
    assert.equal(history.list('a', 5_000).length, 1_000);
    assert.deepEqual(history.list('b', 1), []);
    history.forget('a');
    assert.deepEqual(history.list('a', 1), []);
  });

  it('share the room evenly, and the last one is always there', () => {
    const history = new RoundHistory(20_000);
    for (let i = 0; i < 100; i++)
      for (const id of ['a', 'b']) history.add(makeResult(id, i, 'x'.repeat(500)));
    for (const id of ['a', 'b']) {
      const length = JSON.stringify(history.list(id, 1_000)).length;
      assert.ok(length > 8_000 && length <= 10_100, `${length}`);
    }
    const small = new RoundHistory(10);
    small.add(makeResult('a', 1));
    small.add(makeResult('a', 2));
    assert.deepEqual(small.list('a', 9), [makeResult('a', 2)]);
  });
});
