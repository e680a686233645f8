import type { MonitorRow } from '../../../src/wire/monitor.ts';

/** A monitor that is up, with `fields` and `status` in place of what is so. */
export function makeMonitorRow(
  id: string,
  fields: Partial<MonitorRow> = {},
  status: Partial<MonitorRow['status']> = {},
): MonitorRow {
  return {
    id,
    name: id,
    probe: { kind: 'icmp', host: '192.0.2.1', echoes: 5, gap_ms: 200, size: 56, ttl: 64, family: null },
    interval_ms: 60_000,
    timeout_ms: 10_000,
    retries: 0,
    assertions: [],
    labels: {},
    agents: '*',
    quorum: 1,
    thresholds: { failures: 2, successes: 1, share: null },
    parents: [],
    maintenance: [],
    enabled: true,
    stopped_on: [],
    public: false,
    revision: 1,
    created_at: '2026-03-01T00:00:00.000Z',
    changed_at: '2026-03-01T00:00:00.000Z',
    ...fields,
    status: {
      state: 'up',
      since: null,
      reason: null,
      silenced: null,
      agents: [],
      response_ms: null,
      loss_ratio: null,
      certificate_days: null,
      uptime: { day: null, week: null, month: null, quarter: null },
      ...status,
    },
  };
}
