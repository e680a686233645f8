import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DurableRecord, durableRecordSchema, liveSchema } from '../../wire/link.ts';
import { maxRollupRows, otherName } from '../../wire/rollup.ts';
import type { DnsRecord, HttpRecord } from '../../wire/traffic.ts';
import { defaultAlertSettings } from '../../wire/traffic-schema.ts';
import { TrafficReporter } from './reporter.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const curl = { process_id: 7, process_name: 'curl' };

function http(fields: Partial<HttpRecord> = {}): HttpRecord {
  return {
    type: 'http',
    ts: new Date(start).toISOString(),
    src: '10.0.0.1:40000',
    dst: '192.0.2.1:80',
    method: 'GET',
    host: 'Shop.Example:80',
    path: '/cart/1',
    status: 200,
    request_bytes: 1,
    response_bytes: 100,
    duration_ms: 12,
    version: '1.1',
    user_agent: null,
    content_type: null,
    ...fields,
  };
}

const dns: DnsRecord = {
  type: 'dns',
  ts: new Date(start).toISOString(),
  src: '10.0.0.1:40000',
  dst: '192.0.2.53:53',
  transport: 'udp',
  id: 7,
  query: 'Shop.Example',
  qtype: 'A',
  rcode: null,
  answers: [],
  duration_ms: null,
};

function report(): {
  reporter: TrafficReporter;
  records: DurableRecord[];
  of: (kind: string) => DurableRecord[];
} {
  const records: DurableRecord[] = [];
  const reporter = new TrafficReporter((record) => {
    assert.deepEqual(durableRecordSchema.parse(JSON.parse(JSON.stringify(record))), record);
    records.push(record);
  }, start);
  return { reporter, records, of: (kind) => records.filter((record) => record.kind === kind) };
}

describe('TrafficReporter', () => {
  it('goes on from the time to which the clock was set back, and ends the alerts of before', () => {
    const { reporter, records, of } = report();
    for (let i = 0; i < 600; i++) reporter.add(http(), curl, start + i);
    const back = start - 86_400_000;
    reporter.tick(back);
    const alerts = of('alert').map((record) => (record.kind === 'alert' ? record.alert : null));
    assert.deepEqual(
      alerts.map((alert) => alert?.state),
      ['raised', 'recovered'],
    );
    assert.match(alerts[1]!.message, /the clock was set back/);
    records.length = 0;
    reporter.add(http(), curl, back + 5000);
    assert.equal(of('request').length, 1);
    const [ten] = reporter.takeStatistics(back + 6000, false);
    assert.deepEqual([ten.window, ten.http.total.hits], ['10s', 1]);
    reporter.tick(back + 20_000);
    assert.equal(of('traffic').length, 1);
  });

  it('adds up what came in ten seconds, and records each request', () => {
    const { reporter, of } = report();
    for (let i = 0; i < 3; i++) reporter.add(http(), curl, start + i);
    reporter.add(http({ status: 503, path: '/' }), null, start + 3);
    reporter.add(dns, curl, start + 4);
    reporter.add({ ...dns, transport: 'mdns' }, curl, start + 5);
    assert.equal(of('request').length, 6);
    reporter.tick(start + 10_000);
    const [record] = of('traffic');
    assert.ok(record.kind === 'traffic');
    const { at, http: rows, dns: questions } = record.rollup;
    assert.equal(at, '2026-01-01T00:00:00.000Z');
    assert.deepEqual(
      rows.map(({ latency, ...row }) => row),
      [
        {
          site: 'shop.example',
          section: 'shop.example/cart',
          method: 'GET',
          status: '2xx',
          process: 'curl',
          hits: 3,
          request_bytes: 3,
          response_bytes: 300,
        },
        {
          site: 'shop.example',
          section: 'shop.example/',
          method: 'GET',
          status: '5xx',
          process: '',
          hits: 1,
          request_bytes: 1,
          response_bytes: 100,
        },
      ],
    );
    assert.deepEqual(questions, [
      {
        process: 'curl',
        resolver: '192.0.2.53:53',
        rcode: 'none',
        name: 'shop.example',
        queries: 1,
        latency: [],
      },
    ]);
    reporter.tick(start + 20_000);
    assert.equal(of('traffic').length, 1);
  });

  it('bounds a flood of names and of requests, and counts every hit', () => {
    const { reporter, of } = report();
    for (let i = 0; i < 5000; i++) reporter.add(http({ host: `${i}.example` }), null, start + 1);
    reporter.tick(start + 10_000);
    const [record] = of('traffic');
    assert.ok(record.kind === 'traffic');
    const { http: rows } = record.rollup;
    assert.equal(rows.length, maxRollupRows + 1);
    assert.equal(rows.find(({ site }) => site === otherName)?.hits, 5000 - maxRollupRows);
    assert.equal(of('request').length, 50);
  });

  it('raises an alert at the threshold that the server sets, and ends it when that changes', () => {
    const { reporter, of } = report();
    reporter.configure({ ...defaultAlertSettings, hits_threshold: 5 }, start);
    for (let i = 0; i < 5; i++) reporter.add(http(), curl, start + i);
    assert.equal(of('alert').length, 1);
    reporter.configure(defaultAlertSettings, start + 2000);
    const [raised, ended] = of('alert');
    assert.ok(raised.kind === 'alert' && ended.kind === 'alert');
    assert.deepEqual([raised.alert.state, raised.alert.value], ['raised', 5]);
    assert.deepEqual([ended.alert.state, ended.alert.duration_ms], ['recovered', 1996]);
  });

  it('tells which alerts last, and of each as it is raised', () => {
    const records: DurableRecord[] = [];
    const heard: string[] = [];
    const reporter = new TrafficReporter(
      (record) => records.push(record),
      start,
      ({ ts, kind }) => heard.push(`${kind} ${ts} after ${records.length}`),
    );
    reporter.recordOpen(start);
    reporter.configure({ ...defaultAlertSettings, hits_threshold: 2, window_ms: 1000 }, start);
    for (let i = 0; i < 4; i++) reporter.add(http(), curl, start + i);
    const ts = new Date(start + 1).toISOString();
    assert.equal(heard.length, 1);
    assert.match(heard[0], new RegExp(`^hits ${ts} after `));
    reporter.recordOpen(start + 10);
    reporter.tick(start + 20_000);
    reporter.recordOpen(start + 20_000);
    const open = records.flatMap((record) => (record.kind === 'open_alerts' ? [record.open] : []));
    assert.deepEqual(open, [[], [{ raised_at: ts, kind: 'hits', scope: 'all' }], []]);
    assert.equal(heard.length, 1);
  });

  it('watches the bandwidth of interfaces', () => {
    const { reporter, of } = report();
    reporter.configure({ hits_threshold: 500, window_ms: 10_000, bandwidth_threshold: 1000 }, start);
    for (let second = 0; second < 5; second++) {
      const bytes_sent = second * 4000;
      reporter.countInterfaces(
        () => [{ name: 'eth0', bytes_sent, bytes_received: 0 }],
        start + second * 1000,
      );
    }
    const [raised] = of('alert');
    assert.ok(raised.kind === 'alert');
    assert.equal(raised.alert.scope, 'interface:eth0');
  });

  it('watches the bandwidth of processes and of sites', () => {
    const { reporter, of } = report();
    reporter.configure({ hits_threshold: 500, window_ms: 10_000, bandwidth_threshold: 1000 }, start);
    const row = { key: '1-1', process_name: 'curl', bytes_received: 0 };
    reporter.countProcesses([{ ...row, bytes_sent: 1e9 }], start);
    reporter.countProcesses([{ ...row, bytes_sent: 1e9 + 20_000 }], start + 1000);
    reporter.add(http({ response_bytes: 50_000 }), curl, start + 2000);
    assert.deepEqual(
      of('alert').map((record) => record.kind === 'alert' && record.alert.scope),
      ['process:curl', 'site:shop.example'],
    );
    reporter.countProcesses([{ ...row, bytes_sent: 2e9 }], start + 60_000);
    assert.equal(
      of('alert').filter((record) => record.kind === 'alert' && record.alert.state === 'raised').length,
      2,
    );
  });

  it('tells of each window in a form that the server takes, when it is due', () => {
    const { reporter } = report();
    assert.deepEqual(reporter.takeStatistics(start, true), []);
    reporter.add(http(), curl, start + 1);
    const all = reporter.takeStatistics(start + 2, true);
    assert.equal(all.length, 4);
    assert.deepEqual(liveSchema.shape.traffic.parse(JSON.parse(JSON.stringify(all))), all);
    assert.deepEqual(
      reporter.takeStatistics(start + 1500, false).map(({ window, http: { total } }) => [window, total.hits]),
      [
        ['10s', 1],
        ['1m', 1],
      ],
    );
  });
});
