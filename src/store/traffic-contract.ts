import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LatencyHistogram } from '../base/histogram.ts';
import { maxRollupRows, otherName, type Rollup } from '../wire/rollup.ts';
import type { AlertRecord, DnsRecord, HttpRecord } from '../wire/traffic.ts';
import type { StoreUnderTest } from './contract.ts';
import type { Store, StoreRecord } from './store.ts';

/** A request of the given second. */
export function makeHttp(second: number, fields: Partial<HttpRecord> = {}): HttpRecord {
  return {
    type: 'http',
    ts: new Date(start + second * 1000).toISOString(),
    src: '10.0.0.1:40000',
    dst: '192.0.2.1:80',
    method: 'GET',
    host: 'shop.example',
    path: '/cart/1',
    status: 200,
    request_bytes: 0,
    response_bytes: 100,
    duration_ms: 12,
    version: '1.1',
    user_agent: null,
    content_type: null,
    ...fields,
  };
}

/** A question of the given second. */
export function makeDns(second: number, fields: Partial<DnsRecord> = {}): DnsRecord {
  return {
    type: 'dns',
    ts: new Date(start + second * 1000).toISOString(),
    src: '10.0.0.1:40000',
    dst: '192.0.2.53:53',
    transport: 'udp',
    id: 7,
    query: 'shop.example',
    qtype: 'A',
    rcode: 'NOERROR',
    answers: [],
    duration_ms: 3,
    ...fields,
  };
}

/** Hits of a site within the ten seconds that begin at the given one, all answered in `ms`. */
export function makeRollup(second: number, sites: Readonly<Record<string, number>>, ms = 10): Rollup {
  const http = Object.entries(sites).map(([site, hits]) => {
    const latency = new LatencyHistogram();
    latency.add(ms, hits);
    return {
      site,
      section: `${site}/a`,
      method: 'GET',
      status: '2xx' as const,
      process: 'nginx',
      hits,
      request_bytes: 0,
      response_bytes: hits * 100,
      latency: latency.toPairs(),
    };
  });
  return { at: new Date(start + second * 1000).toISOString(), http, dns: [] };
}

function makeAlert(second: number, fields: Partial<AlertRecord> = {}): AlertRecord {
  return {
    type: 'alert',
    ts: new Date(start + second * 1000).toISOString(),
    kind: 'hits',
    scope: 'all',
    state: 'raised',
    value: 500,
    threshold: 500,
    window_ms: 120_000,
    duration_ms: null,
    message: 'High traffic',
    ...fields,
  };
}

const start = Date.parse('2026-01-01T00:00:00.000Z');
/** The time at which the stores under test are to be. */
export const trafficNow = start + 120_000;

/** What every back end must do with inspected traffic; its clock stands at `trafficNow`. */
export function describeTrafficStore(name: string, open: () => Promise<StoreUnderTest>): void {
  const withStore = (work: (store: Store, tested: StoreUnderTest) => Promise<void>) => async () => {
    const tested = await open();
    try {
      await work(tested.store, tested);
    } finally {
      await tested.dispose();
    }
  };
  let first = 0;
  const insert = async (store: Store, ...records: StoreRecord[]): Promise<void> => {
    await store.insertReported({ agent: 'a', epoch: 'e', first, records });
    first += records.length;
  };
  const traffic = (rollup: Rollup): StoreRecord => ({ kind: 'traffic', rollup });
  const request = (record: HttpRecord | DnsRecord): StoreRecord => ({
    kind: 'request',
    process_id: 42,
    process_name: 'curl',
    request: record,
  });

  describe(`store of traffic: ${name}`, () => {
    it(
      'adds sums and histograms up, whatever they are told apart by',
      withStore(async (store) => {
        await insert(
          store,
          traffic(makeRollup(0, { a: 3, b: 1 }, 10)),
          traffic(makeRollup(10, { a: 1 }, 1000)),
        );
        const range = { family: 'http', since: start, until: start + 60_000 } as const;
        const bySite = await store.summarizeTraffic({ ...range, by: ['site'] });
        assert.deepEqual(
          bySite.groups.map(({ names, sums }) => [names.site, sums.hits, sums.response_bytes]),
          [
            ['a', 4, 400],
            ['b', 1, 100],
          ],
        );
        const latency = new LatencyHistogram();
        latency.merge(bySite.groups[0].latency);
        assert.equal(latency.total, 4);
        assert.ok(latency.quantile(0.75)! < 11 && latency.quantile(0.76)! > 950);
        const total = await store.summarizeTraffic({ ...range, by: [], filter: { site: 'b' } });
        assert.equal(total.groups[0].sums.hits, 1);
        assert.equal(
          (await store.summarizeTraffic({ ...range, by: [], filter: { site: 'c' } })).groups.length,
          0,
        );
        assert.equal((await store.summarizeTraffic({ ...range, by: [], agent: 'b' })).groups.length, 0);
      }),
    );

    it(
      'gives the same sums over long stretches as over short ones',
      withStore(async (store) => {
        for (let second = 0; second < 120; second += 10)
          await insert(store, traffic(makeRollup(second, { a: 1 })));
        const sums = async (since: number, until: number): Promise<unknown> => {
          const found = await store.summarizeTraffic({ family: 'http', since, until, by: [], timed: true });
          return [
            found.resolutionMs,
            found.groups.length,
            found.groups.reduce((n, { sums }) => n + sums.hits, 0),
          ];
        };
        assert.deepEqual(await sums(start, start + 120_000), [10_000, 12, 12]);
        assert.deepEqual(await sums(start, start + 3_600_000), [60_000, 2, 12]);
        assert.deepEqual(await sums(start, start + 86_400_000), [3_600_000, 1, 12]);
      }),
    );

    it(
      'adds a million names up as others, and loses no hit',
      withStore(async (store) => {
        for (let i = 0; i < 4; i++) {
          const sites = Array.from({ length: maxRollupRows }, (_, n) => [`s${i}-${n}`, 1] as const);
          await insert(store, traffic(makeRollup(0, Object.fromEntries(sites))));
        }
        const { groups } = await store.summarizeTraffic({
          family: 'http',
          since: start,
          until: start + 1000,
          by: ['site'],
        });
        assert.equal(groups.length, 1001);
        assert.equal(groups.find(({ names }) => names.site === otherName)?.sums.hits, 1000);
      }),
    );

    it(
      'finds single requests by what they were, newest first and in pages',
      withStore(async (store) => {
        await insert(
          store,
          request(makeHttp(0)),
          request(makeHttp(1, { status: 404, path: "/o'f%?x=***" })),
          request(makeHttp(2, { status: null, host: 'api.example' })),
          request(makeDns(3)),
          request(makeDns(4, { rcode: 'NXDOMAIN', query: 'no.example' })),
        );
        const find = async (query: object): Promise<number[]> => {
          const found = await store.queryRequests({ type: 'http', limit: 10, ...query });
          return found.map(({ request: { ts } }) => (Date.parse(ts) - start) / 1000);
        };
        assert.deepEqual(await find({}), [2, 1, 0]);
        assert.deepEqual(await find({ result: '4xx' }), [1]);
        assert.deepEqual(await find({ result: 'none' }), [2]);
        assert.deepEqual(await find({ site: 'shop.example' }), [1, 0]);
        assert.deepEqual(await find({ text: "O'F%?" }), [1]);
        assert.deepEqual(await find({ process: 'CUR' }), [2, 1, 0]);
        assert.deepEqual(await find({ process: '_' }), []);
        assert.deepEqual(await find({ type: 'dns', result: 'NXDOMAIN' }), [4]);
        const [newest] = await store.queryRequests({ type: 'http', limit: 1 });
        assert.deepEqual(newest.request, makeHttp(2, { status: null, host: 'api.example' }));
        assert.deepEqual([newest.agent, newest.process_id, newest.process_name], ['a', 42, 'curl']);
        assert.deepEqual(await find({ before: newest.id }), [1, 0]);
      }),
    );

    it(
      'keeps an alert as one row from its raising to its recovery',
      withStore(async (store) => {
        const recovered = { state: 'recovered', value: 3, duration_ms: 5000, message: 'Recovered' } as const;
        await insert(store, { kind: 'alert', alert: makeAlert(0) });
        await insert(store, { kind: 'alert', alert: makeAlert(1, { scope: 'site:a' }) });
        assert.equal((await store.queryAlerts({ state: 'raised', limit: 9 })).length, 2);
        await insert(store, { kind: 'alert', alert: makeAlert(5, recovered) });
        const [other, alert] = await store.queryAlerts({ limit: 9 });
        assert.equal(other.state, 'raised');
        assert.equal(alert.state, 'recovered');
        assert.equal(alert.recovered_at, new Date(start + 5000).toISOString());
        assert.deepEqual([alert.duration_ms, alert.value, alert.recovered_value], [5000, 500, 3]);
        assert.deepEqual([alert.message, alert.recovered_message], ['High traffic', 'Recovered']);
        const later = new Date(start + 6000).toISOString();
        assert.deepEqual(
          (await store.queryAlerts({ since: later, limit: 9 })).map(({ scope }) => scope),
          ['site:a'],
        );
      }),
    );

    it(
      'keeps what became of the packets of an alert',
      withStore(async (store) => {
        const told = { packets: 12, bytes: 3456, left_out: 1, reason: null };
        const { ts: raised_at } = makeAlert(0);
        await insert(store, { kind: 'alert', alert: makeAlert(0) });
        const find = async () => (await store.queryAlerts({ id: 1, limit: 1 }))[0];
        assert.equal((await find()).packets, null);
        const key = { raised_at, kind: 'hits', scope: 'all' } as const;
        await insert(store, { kind: 'alert_packets', alert: { ...key, scope: 'site:a' }, ...told });
        assert.equal((await find()).packets, null);
        await insert(store, { kind: 'alert_packets', alert: key, ...told });
        const { packets, packet_bytes, packets_left_out, packets_reason } = await find();
        assert.deepEqual([packets, packet_bytes, packets_left_out, packets_reason], [12, 3456, 1, null]);
      }),
    );

    it(
      'ends the alerts of an agent that it no longer knows of',
      withStore(async (store) => {
        await insert(store, { kind: 'alert', alert: makeAlert(0) });
        await insert(store, { kind: 'alert', alert: makeAlert(1, { scope: 'site:a' }) });
        const alert = makeAlert(2, { scope: 'site:b' });
        await store.insertReported({
          agent: 'other',
          epoch: 'e',
          first: 0,
          records: [{ kind: 'alert', alert }],
        });
        const { ts: raised_at } = makeAlert(1);
        const { ts: at } = makeAlert(9);
        await insert(store, {
          kind: 'open_alerts',
          at,
          open: [{ raised_at, kind: 'hits', scope: 'site:a' }],
        });
        const [ended, ...more] = await store.queryAlerts({ state: 'recovered', limit: 9 });
        assert.deepEqual([ended.scope, ended.recovered_at, ended.duration_ms, more], ['all', at, null, []]);
        assert.match(ended.recovered_message ?? '', /restarted/);
      }),
    );

    it(
      'remembers what alerts are held against',
      withStore(async (store, tested) => {
        assert.equal((await store.readAlertSettings()).hits_threshold, 500);
        const settings = { hits_threshold: 7, window_ms: 1000, bandwidth_threshold: 1e6 };
        await store.saveAlertSettings(settings);
        assert.deepEqual(await (await tested.reopen()).readAlertSettings(), settings);
      }),
    );

    it(
      'forgets what is older than the limit',
      withStore(async (store) => {
        await insert(store, traffic(makeRollup(0, { a: 1 })), request(makeHttp(0)));
        await store.retain(start + 8 * 86_400_000);
        assert.equal((await store.queryRequests({ type: 'http', limit: 9 })).length, 0);
        const range = { family: 'http', since: start, until: start + 1000 } as const;
        assert.equal((await store.summarizeTraffic({ ...range, by: ['site'] })).groups.length, 0);
      }),
    );
  });
}
