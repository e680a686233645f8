import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeReporter } from '../../platform/reporter.ts';
import type { DurableRecord } from '../../wire/link.ts';
import { ended } from '../../wire/reported.fixture.ts';
import { AgentLink } from './link.ts';

const at = '2026-03-01T12:00:00.000Z';
const alert: DurableRecord = {
  kind: 'alert',
  alert: {
    type: 'alert',
    ts: at,
    kind: 'hits',
    scope: 'all',
    state: 'raised',
    value: 11,
    threshold: 10,
    window_ms: 10_000,
    duration_ms: null,
    message: 'more than 10 hits',
  },
};
const round: DurableRecord = {
  kind: 'probe',
  result: {
    monitor: 'm',
    revision: 1,
    at,
    outcome: 'up',
    duration_ms: 1,
    reason: null,
    attempts: 1,
    address: null,
    phases: { resolve_ms: null, connect_ms: null, tls_ms: null, processing_ms: null, transfer_ms: null },
    echoes: [],
    detail: {},
  },
};

describe('AgentLink', () => {
  const cases: readonly (readonly [string, DurableRecord, number])[] = [
    ['a connection that succeeded', ended(1), 1_000],
    ['a failure', ended(1, { error: 'ECONNREFUSED' }), 100],
    ['a round of a monitor', round, 100],
    ['an alert', alert, 100],
  ];
  for (const [name, record, afterMs] of cases) {
    it(`writes ${name} after ${afterMs} ms`, async (test) => {
      test.mock.timers.enable({ apis: ['setTimeout'] });
      const hello = { agent: 'box', version: '1', kernel: '', os: '' };
      const source = { sensors: () => [], takeFrame: () => assert.fail('there is no server') };
      const reporter = makeReporter({ write: () => {} });
      const link = new AgentLink({ server: null, hello, spool: { path: null } }, source, reporter);
      link.start();
      link.record(record);
      test.mock.timers.tick(afterMs - 1);
      assert.equal(link.status().unwritten_records, 1);
      test.mock.timers.tick(1);
      assert.equal(link.status().unwritten_records, 0);
      await link.stop();
    });
  }
});
