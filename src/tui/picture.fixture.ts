import { makeConnection } from '../rules/connection.fixture.ts';
import type { Connection } from '../wire/connection.ts';
import type { InterfaceRow, ProcessRow } from '../wire/machine.ts';
import type {
  DnsTally,
  EncryptedTally,
  Group,
  HttpTally,
  TrafficStatistics,
} from '../wire/traffic-statistics.ts';
import type { Picture } from './picture.ts';

/** A process of which little is known; tests fill in what they are about. */
export function makeProcess(fields: Partial<ProcessRow> = {}): ProcessRow {
  return {
    key: '100-5000',
    process_id: 100,
    process_name: 'nginx',
    process_path: '/usr/sbin/nginx',
    command_line: 'nginx -g "daemon off;"',
    user: 'www-data',
    user_id: 33,
    parents: ['init (1)'],
    container: null,
    unit: 'nginx.service',
    started_at: '2026-01-01T00:00:00.000Z',
    exited_at: null,
    connections: 3,
    connections_total: 10,
    errors: 0,
    bytes_sent: 1000,
    bytes_received: 2000,
    upload_speed: 100,
    download_speed: 200,
    ...fields,
  };
}

/** An interface that is up. */
export function makeInterface(fields: Partial<InterfaceRow> = {}): InterfaceRow {
  return {
    name: 'eth0',
    index: 2,
    network_namespace: 1,
    up: true,
    carrier: true,
    kind: 'ether',
    mac: '02:00:00:00:00:01',
    mtu: 1500,
    speed_mbps: 1000,
    addresses: ['192.0.2.1/24'],
    bytes_sent: 1,
    bytes_received: 2,
    packets_sent: 3,
    packets_received: 4,
    errors_sent: 0,
    errors_received: 0,
    drops_sent: 0,
    drops_received: 0,
    upload_speed: 5,
    download_speed: 6,
    packets_sent_per_s: 0,
    packets_received_per_s: 0,
    utilization_percent: 0.1,
    ...fields,
  };
}

/** Connections with these numbers. */
export function makeConnections(count: number, fields: Partial<Connection> = {}): Connection[] {
  return Array.from({ length: count }, (_, i) => makeConnection({ id: i + 1, active: true, ...fields }));
}

const statuses = { '1xx': 0, '2xx': 90, '3xx': 5, '4xx': 3, '5xx': 2, none: 0 };
const time = { count: 100, p50_ms: 10, p95_ms: 50, p99_ms: 250 };
const http: HttpTally = {
  hits: 100,
  hits_per_second: 1.7,
  request_bytes: 500,
  response_bytes: 90_000,
  bytes_per_second: 1500,
  statuses,
  response_time: time,
};
const encrypted: EncryptedTally = {
  connections: 4,
  bytes_sent: 4000,
  bytes_received: 40_000,
  bytes_per_second: 700,
};
const dns: DnsTally = {
  queries: 20,
  queries_per_second: 0.3,
  failures: 2,
  unanswered: 1,
  response_time: time,
};
const group = <T extends object>(tally: T, ...names: string[]): Group<T> => ({
  rows: names.map((name) => ({ ...tally, name })),
  other: null,
});

/** A minute of a shop's traffic. */
export const traffic: TrafficStatistics = {
  window: '1m',
  ts: '2026-01-01T12:00:00.000Z',
  covered_ms: 60_000,
  http: {
    total: http,
    by: {
      site: group(http, 'shop.example', ''),
      section: group(http, 'shop.example/cart'),
      method: group(http, 'GET'),
      status: group(http, '2xx'),
      process: group(http, 'nginx'),
    },
  },
  encrypted: {
    total: encrypted,
    by: {
      site: group(encrypted, 'secure.example'),
      transport: group(encrypted, 'tls'),
      process: group(encrypted, 'curl'),
    },
  },
  dns: {
    total: dns,
    by: {
      process: group(dns, 'curl'),
      rcode: group(dns, 'NXDOMAIN'),
      resolver: group(dns, '192.0.2.53:53'),
      name: group(dns, 'shop.example'),
    },
  },
  notices: [],
};

/** What a viewer of a small machine sees; tests fill in what they are about. */
export function makePicture(fields: Partial<Picture> = {}): Picture {
  return {
    at: new Date('2026-01-01T12:00:00.000Z'),
    status: 'open',
    agents: ['vm'],
    stats: {
      upload_speed: 100,
      download_speed: 200,
      active_connections: 3,
      total_bandwidth: 300,
      bytes_sent: 1,
      bytes_received: 2,
      connections_total: 4,
      errors_total: 1,
    },
    total: { up: [1, 2, 3], down: [3, 2, 1] },
    processes: [makeProcess()],
    connections: { rows: makeConnections(3), offset: 0, total: 3 },
    errors: makeConnections(1, { error: 'ECONNREFUSED', process_name: 'curl', process_id: 200 }),
    interfaces: [makeInterface()],
    interfaceRates: new Map([['eth0', { up: [5, 5], down: [6, 6] }]]),
    traffic: null,
    alerts: [],
    notices: [],
    ...fields,
  };
}
