/** The records of the durability runs, each of which can be told from all others in the database. */
import type { ReportedConnection } from '../../src/wire/connection.ts';
import type { DurableRecord } from '../../src/wire/link.ts';
import { reported } from '../../src/wire/reported.fixture.ts';

/** Of the monitors whose rounds they are. */
export const monitorIds: readonly string[] = Array.from({ length: 20 }, (_, i) => `durable-${i}`);

/** What the record of a number is. Sums of traffic carry it and its square as bytes. */
export function kindOf(number: number): 'traffic' | 'probe' | 'connection' {
  if (number % 50 === 0) return 'traffic';
  return number % 5 === 1 ? 'probe' : 'connection';
}

/** The record of that number of an agent; equal calls differ in time alone. */
export function makeRecord(agent: string, number: number): DurableRecord {
  const at = new Date().toISOString();
  switch (kindOf(number)) {
    case 'traffic':
      return { kind: 'traffic', rollup: { at, http: [makeSum(agent, number)], dns: [] } };
    case 'probe':
      return { kind: 'probe', result: makeRound(number, at) };
    case 'connection':
      return { kind: 'connection', key: null, connection: makeConnection(number, at) };
  }
}

function makeConnection(number: number, at: string): ReportedConnection {
  const failed = number % 100 === 3;
  return reported({
    timestamp: at,
    opened_at: at,
    closed_at: at,
    duration_ms: 12.5,
    local_addr: `10.0.0.1:${1024 + (number % 60_000)}`,
    remote_addr: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}:443`,
    state: 'CLOSED',
    error: failed ? 'ECONNREFUSED' : null,
    bytes_sent: 1234,
    bytes_received: 56_789,
    rtt_ms: 1.25,
    process_id: 1000 + (number % 30_000),
    command_line: `number ${number}`,
  });
}

function makeSum(site: string, number: number) {
  const name = { site, section: `${site}/`, method: 'GET', status: '2xx', process: 'curl' } as const;
  return { ...name, hits: 1, request_bytes: number, response_bytes: number ** 2, latency: [30, 1] };
}

function makeRound(number: number, at: string) {
  return {
    monitor: monitorIds[Math.floor(number / 5) % monitorIds.length],
    revision: 1,
    at,
    outcome: 'up' as const,
    duration_ms: 1.5,
    reason: null,
    attempts: 1,
    address: `number ${number}`,
    phases: { resolve_ms: 1, connect_ms: 10, tls_ms: 12, processing_ms: 20, transfer_ms: 1 },
    echoes: [40.25],
    detail: {},
  };
}
