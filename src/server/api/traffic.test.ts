import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { z } from 'zod';
import { makeReported } from '../../store/contract.ts';
import type { StoreRecord } from '../../store/store.ts';
import { makeDns, makeHttp, makeRollup } from '../../store/traffic-contract.ts';
import { rollupMs } from '../../wire/rollup.ts';
import {
  alertListSchema,
  dnsQueryListSchema,
  dnsSummarySchema,
  encryptedListSchema,
  httpRequestListSchema,
  httpSectionListSchema,
  httpSiteListSchema,
  httpTimelineSchema,
  packetListSchema,
  protocolListSchema,
  tlsHandshakeListSchema,
} from '../../wire/traffic-api.ts';
import { alertSettingsSchema } from '../../wire/traffic-schema.ts';
import { type RunningServer, startServer } from '../server.fixture.ts';

const hostile = '<img src=x onerror=alert(1)>\u202e';

describe('inspected traffic', () => {
  let running: RunningServer;
  let id: number;
  before(async () => {
    running = await startServer();
    const at = new Date(Math.floor(Date.now() / rollupMs) * rollupMs - rollupMs).toISOString();
    const ts = new Date().toISOString();
    const rollup = makeRollup(0, { 'shop.example': 3, [hostile]: 1 });
    const [first] = rollup.http;
    const failing = { ...first, status: '5xx' as const, hits: 1, latency: [] };
    const dns = [
      {
        process: 'curl',
        resolver: '192.0.2.53:53',
        rcode: 'NOERROR',
        name: 'a.example',
        queries: 3,
        latency: [90, 3],
      },
      {
        process: 'curl',
        resolver: '192.0.2.53:53',
        rcode: 'NXDOMAIN',
        name: 'no.example',
        queries: 2,
        latency: [],
      },
      {
        process: 'dig',
        resolver: '192.0.2.54:53',
        rcode: 'none',
        name: 'a.example',
        queries: 1,
        latency: [],
      },
    ];
    const request = { kind: 'request', process_id: 7, process_name: 'curl' } as const;
    const records: StoreRecord[] = [
      { kind: 'traffic', rollup: { at, http: [...rollup.http, failing], dns } },
      { ...request, request: makeHttp(0, { ts, host: hostile, status: 404 }) },
      { ...request, request: makeHttp(0, { ts, status: null }) },
      { ...request, request: makeDns(0, { ts, rcode: 'NXDOMAIN' }) },
      {
        kind: 'alert',
        alert: {
          type: 'alert',
          ts,
          kind: 'hits',
          scope: 'all',
          state: 'raised',
          value: 500,
          threshold: 500,
          window_ms: 120_000,
          duration_ms: null,
          message: `High traffic: hits = 500, at ${ts}`,
        },
      },
      { kind: 'connection', connection: makeReported(0) },
    ];
    const { ids } = await running.store.insertReported({ agent: 'a', epoch: 'e', first: 0, records });
    id = ids.at(-1)!;
    const sums = { connections: 2, bytes_sent: 30, bytes_received: 10 };
    const now = Date.parse(at);
    await running.store.addTraffic('application', 'a', now, [
      { application: 'http', decided_by: 'payload', ...sums },
      { application: '', decided_by: '', connections: 2, bytes_sent: 60, bytes_received: 0 },
    ]);
    await running.store.addTraffic('encrypted', 'a', now, [
      { site: 'shop.example', transport: 'tls', process: 'curl', ...sums },
    ]);
  });
  after(() => running[Symbol.asyncDispose]());

  const get = async <Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> => {
    const response = await fetch(running.url + path);
    assert.equal(response.status, 200, path);
    return schema.parse(await response.json());
  };
  const put = (body: object): Promise<Response> =>
    fetch(`${running.url}/api/alerts/settings`, {
      method: 'PUT',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });

  it('ranks sites with their statuses, response times and shares', async () => {
    const { sites, total } = await get('/api/http/sites', httpSiteListSchema);
    assert.deepEqual(
      sites.map((row) => [row.name, row.hits, row.statuses['2xx'], row.statuses['5xx'], row.share]),
      [
        ['shop.example', 4, 3, 1, 0.8],
        [hostile, 1, 1, 0, 0.2],
      ],
    );
    assert.ok(Math.abs(sites[0].p50_ms! - 10) < 0.5);
    assert.equal(total.hits, 5);
    const { sections, next } = await get('/api/http/sections?limit=1&sort=name', httpSectionListSchema);
    assert.equal(sections.length, 1);
    const more = await get(`/api/http/sections?limit=1&sort=name&cursor=${next}`, httpSectionListSchema);
    assert.notEqual(more.sections[0].name, sections[0].name);
    const narrowed = await get('/api/http/sites?site=shop.example&status_class=5xx', httpSiteListSchema);
    assert.deepEqual([narrowed.sites.length, narrowed.total.hits], [1, 1]);
  });

  it('shows response times over time', async () => {
    const { points, total, resolution_ms } = await get('/api/http/latency?since=10m', httpTimelineSchema);
    assert.equal(resolution_ms, rollupMs);
    assert.deepEqual([points.length, points[0].hits, total.hits], [1, 5, 5]);
  });

  it('lists single requests and questions as text, newest first', async () => {
    const { requests } = await get('/api/http/requests', httpRequestListSchema);
    assert.deepEqual(
      requests.map((row) => [row.host, row.status, row.process_name]),
      [
        ['shop.example', null, 'curl'],
        [hostile, 404, 'curl'],
      ],
    );
    assert.equal((await get('/api/http/requests?status=4xx', httpRequestListSchema)).requests.length, 1);
    const { queries } = await get('/api/dns/queries?rcode=NXDOMAIN', dnsQueryListSchema);
    assert.deepEqual([queries.length, queries[0].transaction_id], [1, 7]);
    assert.deepEqual((await get('/api/tls/handshakes', tlsHandshakeListSchema)).handshakes, []);
  });

  it('tells who asks, what fails and what is not answered', async () => {
    const { processes, resolvers, rcodes, total } = await get('/api/dns', dnsSummarySchema);
    assert.deepEqual(
      processes.map((row) => [row.name, row.queries, row.failures, row.unanswered]),
      [
        ['curl', 5, 2, 0],
        ['dig', 1, 0, 1],
      ],
    );
    assert.equal(resolvers[1].p95_ms, null);
    assert.deepEqual([rcodes.length, total.queries], [3, 6]);
  });

  it('distributes bytes and connections over protocols and encrypted sites', async () => {
    const { protocols } = await get('/api/protocols', protocolListSchema);
    assert.deepEqual(
      protocols.map((row) => [row.application, row.by, row.bytes_share, row.connections_share]),
      [
        [null, null, 0.6, 0.5],
        ['http', 'payload', 0.4, 0.5],
      ],
    );
    const { sites, path } = await get('/api/tls', encryptedListSchema);
    assert.deepEqual([sites[0].site, sites[0].bytes_sent, path], ['shop.example', 30, 'encrypted']);
  });

  it('lists alerts, and changes what they are held against for every agent', async () => {
    const { alerts } = await get('/api/alerts?state=raised&kind=hits', alertListSchema);
    assert.deepEqual([alerts.length, alerts[0].recovered_at], [1, null]);
    assert.deepEqual((await get('/api/alerts?state=recovered', alertListSchema)).alerts, []);
    const settings = { hits_threshold: 9, window_ms: 10_000, bandwidth_threshold: null };
    assert.equal((await put(settings)).status, 200);
    assert.deepEqual(await get('/api/alerts/settings', alertSettingsSchema), settings);
    assert.deepEqual(running.live.held.alerts, [settings]);
    assert.equal((await put({ ...settings, hits_threshold: 0 })).status, 400);
  });

  it("hands on an alert's packets as its agent saved them, or the reason why there are none", async () => {
    const [{ id: alert, raised_at }] = (await get('/api/alerts', alertListSchema)).alerts;
    const download = async (): Promise<[number, string]> => {
      const response = await fetch(`${running.url}/api/alerts/${alert}/packets`);
      return [response.status, await response.text()];
    };
    const told = { packets: 3, bytes: 4, left_out: 0, reason: null as string | null };
    const key = { raised_at, kind: 'hits', scope: 'all' } as const;
    const tell = (first: number) =>
      running.store.insertReported({
        agent: 'a',
        epoch: 'told',
        first,
        records: [{ kind: 'alert_packets', alert: key, ...told }],
      });
    const refuses = async (reason: RegExp): Promise<void> => {
      const [status, text] = await download();
      assert.equal(status, 404);
      assert.match(text, reason);
    };
    await refuses(/has not told of any/);
    told.reason = 'inspection is switched off';
    await tell(0);
    await refuses(/inspection is switched off/);
    told.reason = null;
    await tell(1);
    await refuses(/is not connected/);
    running.live.held.saved = { pcapng: Buffer.alloc(0), reason: 'they are no longer kept' };
    await refuses(/no longer kept/);
    running.live.held.saved = { pcapng: Buffer.from('\n\r\r\n'), reason: null };
    assert.deepEqual(await download(), [200, '\n\r\r\n']);
    assert.equal((await fetch(`${running.url}/api/alerts/999/packets`)).status, 404);
  });

  it("hands on a connection's packets as its agent tells them, or the reason why there are none", async () => {
    const reason = (await get(`/api/connections/${id}/packets`, packetListSchema)).reason;
    assert.match(reason!, /not connected/);
    const packet = {
      timestamp: new Date().toISOString(),
      direction: 'sent',
      length: 74,
      captured: 74,
      protocol: 'tcp',
      info: hostile,
    } as const;
    const pcapng = Buffer.from([10, 13, 13, 10]);
    running.live.held.packets = {
      packets: [packet],
      left_out: 2,
      pcapng: pcapng.toString('base64'),
      reason: null,
    };
    assert.deepEqual(await get(`/api/connections/${id}/packets`, packetListSchema), {
      packets: [packet],
      left_out: 2,
      reason: null,
    });
    const file = await fetch(`${running.url}/api/connections/${id}/packets.pcapng`);
    assert.deepEqual(Buffer.from(await file.arrayBuffer()), pcapng);
    assert.match(
      file.headers.get('content-disposition')!,
      /attachment; filename="netmon-connection-\d+\.pcapng"/,
    );
    assert.equal((await fetch(`${running.url}/api/connections/999999/packets`)).status, 404);
  });

  it('refuses what it cannot use, by name', async () => {
    for (const [path, field] of [
      ['/api/http/sites?since=soon', 'since'],
      ['/api/http/sites?sort=colour', 'sort'],
      ['/api/http/requests?status=9', 'status'],
      ['/api/alerts?cursor=zzz', 'cursor'],
    ]) {
      const response = await fetch(running.url + path);
      assert.equal(response.status, 400, path);
      const { fields } = (await response.json()) as { fields: { field: string }[] };
      assert.equal(fields[0].field, field);
    }
  });
});
