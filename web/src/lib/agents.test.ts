import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentRow } from '../../../src/wire/monitor-api.ts';
import { certificateDays, linkLook, listFaults, sensorLevel } from './agents.ts';

const now = Date.parse('2026-03-01T00:00:00.000Z');
const well: AgentRow = {
  agent: 'a',
  version: '1',
  kernel: '6',
  os: 'x',
  connected: true,
  dialled_by: 'agent',
  address: null,
  tls: true,
  certificate_until: '2026-03-11T00:00:00.000Z',
  revoked_at: null,
  first_seen: '',
  last_seen: null,
  reason: null,
  sensors: [{ name: 'sockets', level: 'full', reason: null }],
  lag_ms: 2,
  clock_offset_ms: -3,
  spooled_records: 0,
  spooled_bytes: 0,
  lost_records: 0,
  cpu_percent: 1,
  memory_bytes: 1,
  monitors: 0,
  gaps: [],
  description: null,
};

describe('listFaults', () => {
  it('names nothing of an agent that is well', () => {
    assert.deepEqual(listFaults(well, now), []);
    assert.deepEqual(linkLook(well), { label: 'Linked', tone: 'green' });
    assert.equal(certificateDays(well, now), 10);
    assert.equal(sensorLevel(well), 'full');
  });

  it('names each thing that is not', () => {
    const ill: AgentRow = {
      ...well,
      clock_offset_ms: -5000,
      lag_ms: 10_000,
      lost_records: 7,
      certificate_until: '2026-02-28T00:00:00.000Z',
      sensors: [{ name: 'sockets', level: 'dumps', reason: 'no BPF here' }],
    };
    assert.deepEqual(listFaults(ill, now), [
      '7 records were lost',
      'its clock is off',
      'what it tells comes late',
      'its certificate has ended',
      'sockets: dumps, no BPF here',
    ]);
    assert.equal(sensorLevel(ill), '0 of 1 full');
  });

  it('expects nothing of one that was revoked', () => {
    const gone: AgentRow = { ...well, connected: false, revoked_at: '2026-02-01T00:00:00.000Z' };
    assert.deepEqual(listFaults(gone, now), []);
    assert.equal(linkLook(gone).label, 'Revoked');
  });
});
