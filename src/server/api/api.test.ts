import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { z } from 'zod';
import { makeConnection } from '../../rules/connection.fixture.ts';
import { makeReported } from '../../store/contract.ts';
import {
  bandwidthHistorySchema,
  connectionListSchema,
  errorListSchema,
  healthSchema,
  interfaceListSchema,
  networkStatsSchema,
  problemSchema,
  processListSchema,
  statsSchema,
} from '../../wire/api.ts';
import { connectionSchema } from '../../wire/connection.ts';
import { type RunningServer, startServer } from '../server.fixture.ts';

const posted = {
  timestamp: '2024-03-16T12:00:00Z',
  process_id: 1234,
  process_name: 'example',
  process_path: '/usr/bin/example',
  local_addr: '127.0.0.1:8080',
  remote_addr: '192.168.1.1:12345',
  error: 'ECONNREFUSED',
  protocol: 'tcp',
  state: 'LISTEN',
};

describe('the API', () => {
  let running: RunningServer;
  before(async () => {
    running = await startServer();
  });
  after(() => running[Symbol.asyncDispose]());
  beforeEach(() => {
    running.live.held.connections = [];
  });

  const get = async <T extends z.ZodType>(path: string, schema: T, status = 200): Promise<z.output<T>> => {
    const response = await fetch(running.url + path);
    const body = await response.json();
    assert.equal(response.status, status, JSON.stringify(body));
    return schema.parse(body);
  };
  const post = (body: unknown): Promise<Response> =>
    fetch(`${running.url}/api/connections`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });

  it('stores a posted connection, says where it is, and finds it by its error', async () => {
    const response = await post(posted);
    assert.equal(response.status, 201);
    const stored = connectionSchema.parse(await response.json());
    assert.equal(response.headers.get('location'), `/api/connections/${stored.id}`);
    for (const [field, value] of Object.entries(posted)) {
      const expected = field === 'timestamp' ? '2024-03-16T12:00:00.000Z' : value;
      assert.equal(stored[field as keyof typeof stored], expected);
    }
    assert.deepEqual(await get(`/api/connections/${stored.id}`, connectionSchema), stored);
    const { connections, next } = await get('/api/connections?error=ECONNREFUSED', connectionListSchema);
    assert.deepEqual(connections, [stored]);
    assert.equal(next, null);
    assert.deepEqual((await get('/api/connections?error=ETIMEDOUT', connectionListSchema)).connections, []);
  });

  const bad: ReadonlyArray<readonly [string, unknown, string]> = [
    ['a missing field', { ...posted, local_addr: undefined }, 'local_addr'],
    ['a wrong type', { ...posted, process_id: 'x' }, 'process_id'],
    ['a negative pid', { ...posted, process_id: -1 }, 'process_id'],
    ['an address that is none', { ...posted, remote_addr: '300.1.1.1:80' }, 'remote_addr'],
    ['an address without a port', { ...posted, remote_addr: '10.0.0.1' }, 'remote_addr'],
    ['a time that is none', { ...posted, timestamp: 'yesterday' }, 'timestamp'],
    ['a time outside of years', { ...posted, timestamp: '0000-01-01T00:00:00+01:00' }, 'timestamp'],
    ['an error that is no errno', { ...posted, error: '<script>' }, 'error'],
    ['an unknown state', { ...posted, state: 'OPEN' }, 'state'],
    ['an unknown field', { ...posted, id: 7 }, 'id'],
    ['a NUL in a name', { ...posted, process_name: 'a\0b' }, 'process_name'],
    ['half a character', { ...posted, process_name: 'a\ud800' }, 'process_name'],
    ['a name that is too long', { ...posted, process_name: 'x'.repeat(65) }, 'process_name'],
    ['a list', [posted], ''],
  ];
  for (const [what, body, field] of bad) {
    it(`refuses ${what}, names the field and stores nothing`, async () => {
      const rows = running.store.stats().rows;
      const response = await post(body);
      const problem = problemSchema.parse(await response.json());
      assert.equal(response.status, 400);
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
      assert.deepEqual(
        problem.fields?.map((each) => each.field),
        [field],
      );
      assert.equal(problem.code, 'NM_VALIDATION');
      assert.equal(running.store.stats().rows, rows);
    });
  }

  for (const [query, field, code] of [
    ['colour=red', 'colour', 'NM_VALIDATION'],
    ['limit=0', 'limit', 'NM_VALIDATION'],
    ['limit=1001', 'limit', 'NM_VALIDATION'],
    ['limit=1&limit=2', 'limit', 'NM_VALIDATION'],
    ['sort=(select 1)', 'sort', 'NM_VALIDATION'],
    ['state=OPEN', 'state[0]', 'NM_VALIDATION'],
    ['port=65536', 'port', 'NM_VALIDATION'],
    ['local=nowhere', 'local', 'NM_BAD_FILTER'],
    ['since=soon', 'since', 'NM_BAD_FILTER'],
    ['text=%00', 'text', 'NM_VALIDATION'],
    ['process=%C2%9b31m', 'process', 'NM_VALIDATION'],
    ['cursor=abc', 'cursor', 'NM_BAD_CURSOR'],
    ['a[__proto__][x]=1', 'a[__proto__][x]', 'NM_VALIDATION'],
    ['__proto__=1', '__proto__', 'NM_VALIDATION'],
  ] as const) {
    it(`refuses ?${query} and names the parameter`, async () => {
      const problem = await get(`/api/connections?${query}`, problemSchema, 400);
      assert.equal(problem.code, code);
      assert.deepEqual(
        problem.fields?.map((each) => each.field),
        [field],
      );
    });
  }

  it('lists active and recorded connections once each, newest first, over pages', async () => {
    const minute = (n: number): string =>
      new Date(Date.parse('2030-01-01T00:00:00Z') + n * 60_000).toISOString();
    const first = await running.store.reserveIds(10);
    const active = (i: number, fields = {}) =>
      makeConnection({ id: first + i, timestamp: minute(i), active: true, process_name: 'pager', ...fields });
    running.live.held.connections = [0, 2, 4, 6, 8].map((i) => active(i));
    const ended = [1, 3, 4, 5].map((i) => ({
      kind: 'connection' as const,
      id: first + i,
      connection: makeReported(0, { timestamp: minute(i), process_name: 'pager' }),
    }));
    await running.store.insertReported({ agent: 'pager', epoch: 'e', first: 0, records: ended });

    for (const [sort, expected] of [
      ['-timestamp', [8, 6, 5, 4, 3, 2, 1, 0]],
      ['timestamp', [0, 1, 2, 3, 4, 5, 6, 8]],
      ['-bytes', [5, 4, 3, 1, 8, 6, 2, 0]],
    ] as const) {
      const seen: number[] = [];
      let cursor = '';
      do {
        const path = `/api/connections?process=pager&limit=3&sort=${sort}${cursor}`;
        const { connections, next } = await get(path, connectionListSchema);
        assert.ok(connections.length <= 3);
        seen.push(...connections.map(({ id }) => id - first));
        cursor = next === null ? '' : `&cursor=${next}`;
      } while (cursor);
      assert.deepEqual(seen, expected, sort);
    }
    const onlyActive = await get('/api/connections?process=pager&active=true', connectionListSchema);
    assert.deepEqual(
      onlyActive.connections.map(({ id }) => id - first),
      [8, 6, 2, 0],
    );
    const one = await get(`/api/connections/${first + 8}`, connectionSchema);
    assert.equal(one.active, true);
    assert.equal((await get(`/api/connections/${first + 4}`, connectionSchema)).active, false);
    const other = await get(`/api/connections?process=pager&limit=3&sort=-bytes`, connectionListSchema);
    await get(`/api/connections?sort=bytes&cursor=${other.next}`, problemSchema, 400);
  });

  it('answers 404 for a connection that is none', async () => {
    assert.equal((await get('/api/connections/999999999', problemSchema, 404)).code, 'NM_NOT_FOUND');
    assert.equal((await get('/api/connections/abc', problemSchema, 400)).code, 'NM_VALIDATION');
  });

  it('counts failures by destination, process and errno', async () => {
    const now = new Date().toISOString();
    for (let i = 0; i < 3; i++)
      await post({ ...posted, timestamp: now, process_name: 'counted', error: 'EHOSTUNREACH' });
    const { errors, timeline, since, until } = await get('/api/errors?process=counted', errorListSchema);
    assert.equal(errors.length, 1);
    assert.equal(errors[0].count, 3);
    assert.equal(errors[0].trend.at(-1), 3);
    assert.deepEqual(timeline.EHOSTUNREACH.at(-1), 3);
    assert.equal(Math.round((Date.parse(until) - Date.parse(since)) / 3_600_000), 24);
    assert.equal(
      (await get('/api/errors?since=2024-03-01T00:00:00Z&until=2024-04-01T00:00:00Z', errorListSchema))
        .errors[0].count,
      1,
    );
    await get('/api/errors?since=nonsense', problemSchema, 400);
  });

  it('gives totals, 300 points of history and sums over interfaces', async () => {
    running.live.held.connections = [makeConnection({ upload_speed: 10, bytes_sent: 5, bytes_received: 7 })];
    running.live.held.samples = [[1000, 1, 2]];
    running.live.held.interfaces = [makeInterface('eth0'), makeInterface('lo')];
    const stats = await get('/api/stats', statsSchema);
    assert.equal(stats.upload_speed, 10);
    assert.equal(stats.active_connections, 1);
    assert.equal(stats.total_bandwidth, 12);
    assert.equal(stats.recorded_connections, running.store.stats().rows);
    const { points } = await get('/api/bandwidth-history', bandwidthHistorySchema);
    assert.equal(points.length, 300);
    assert.deepEqual(points[299], {
      timestamp: '1970-01-01T00:00:01.000Z',
      upload_speed: 1,
      download_speed: 2,
    });
    assert.equal(points[298].timestamp, '1970-01-01T00:00:00.900Z');
    const network = await get('/api/network-stats', networkStatsSchema);
    assert.equal(network.total_bytes_recv, 40);
    assert.equal(network.packets_sent, 2);
    assert.equal(network.connections, 1);
    const { interfaces } = await get('/api/interfaces?text=ETH0', interfaceListSchema);
    assert.deepEqual(
      interfaces.map(({ name }) => name),
      ['eth0'],
    );
    await get('/api/stats?x=1', problemSchema, 400);
    await get('/api/processes?cursor=x', problemSchema, 400);
  });

  it('pages through processes', async () => {
    running.live.held.processes = [3, 1, 2].map((n) => makeProcess(n));
    const first = await get('/api/processes?limit=2', processListSchema);
    assert.deepEqual(
      first.processes.map(({ process_id }) => process_id),
      [3, 2],
    );
    const second = await get(`/api/processes?limit=2&cursor=${first.next}`, processListSchema);
    assert.deepEqual(
      second.processes.map(({ process_id }) => process_id),
      [1],
    );
    assert.equal(second.next, null);
    const named = await get('/api/processes?sort=process&process=P2', processListSchema);
    assert.deepEqual(
      named.processes.map(({ process_id }) => process_id),
      [2],
    );
  });

  it('tells its health and that of its agents', async () => {
    assert.equal((await get('/health', healthSchema)).status, 'ok');
    running.live.held.agents = [
      {
        agent: 'a',
        version: '1',
        kernel: 'Linux 6',
        os: 'Debian',
        connected: true,
        last_seen: null,
        sensors: [{ name: 'sockets', level: 'proc', detail: '', reason: 'no BPF', remedy: 'run as root' }],
        system: null,
      },
    ];
    const health = await get('/health', healthSchema);
    assert.equal(health.status, 'degraded');
    assert.equal(health.version, '1.2.3');
    assert.ok(health.server.memory_bytes > 1e6);
    assert.equal(health.server.database.rows, running.store.stats().rows);
  });

  it('exposes metrics for Prometheus', async () => {
    const response = await fetch(`${running.url}/metrics`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(
      await response.text(),
      /^netmon_http_requests_total\{method="GET",route="\/health",status="200"\} \d+$/m,
    );
  });

  it('compresses what is large for those who take it', async () => {
    await Promise.all(Array.from({ length: 10 }, () => post(posted)));
    const { headers } = await fetch(`${running.url}/api/connections`);
    assert.equal(headers.get('content-encoding'), 'gzip');
    const plain = await fetch(`${running.url}/api/connections`, {
      headers: { 'accept-encoding': 'identity' },
    });
    assert.equal(plain.headers.get('content-encoding'), null);
    connectionListSchema.parse(await plain.json());
  });
});

function makeInterface(name: string) {
  return {
    name,
    index: 1,
    network_namespace: 1,
    up: true,
    carrier: true,
    kind: 'ether',
    mac: null,
    mtu: 1500,
    speed_mbps: null,
    addresses: [],
    bytes_sent: 10,
    bytes_received: 20,
    packets_sent: 1,
    packets_received: 2,
    errors_sent: 0,
    errors_received: 0,
    drops_sent: 0,
    drops_received: 0,
    upload_speed: 0,
    download_speed: 0,
    packets_sent_per_s: 0,
    packets_received_per_s: 0,
    utilization_percent: null,
  };
}

function makeProcess(n: number) {
  return {
    key: `${n}-1`,
    process_id: n,
    process_name: `p${n}`,
    process_path: null,
    command_line: null,
    user: null,
    user_id: null,
    parents: [],
    container: null,
    unit: null,
    started_at: null,
    exited_at: null,
    connections: 0,
    connections_total: 0,
    errors: 0,
    bytes_sent: 0,
    bytes_received: 0,
    upload_speed: n,
    download_speed: 0,
  };
}
