import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DnsRecord, FlowRecord, HttpRecord, TlsRecord } from '../../wire/traffic.ts';
import type { Group, TrafficWindow } from '../../wire/traffic-statistics.ts';
import { TrafficCollector } from './traffic-statistics.ts';

const ends = { src: '192.0.2.1:40000', dst: '198.51.100.2:80' };
const t0 = 1_700_000_000_000;
const ts = '2023-11-14T22:13:20.000Z';

const http = (fields: Partial<HttpRecord> = {}): HttpRecord => ({
  type: 'http',
  ts,
  ...ends,
  method: 'GET',
  host: 'shop.example',
  path: '/cart/1',
  status: 200,
  request_bytes: 10,
  response_bytes: 90,
  duration_ms: 20,
  version: '1.1',
  user_agent: null,
  content_type: null,
  ...fields,
});

const dns = (fields: Partial<DnsRecord> = {}): DnsRecord => ({
  type: 'dns',
  ts,
  src: ends.src,
  dst: '9.9.9.9:53',
  transport: 'udp',
  id: 1,
  query: 'Example.org',
  qtype: 'A',
  rcode: 'NOERROR',
  answers: [],
  duration_ms: 12,
  ...fields,
});

const tls: TlsRecord = {
  type: 'tls',
  ts,
  ...ends,
  transport: 'tcp',
  version: '1.3',
  sni: 'Bank.example',
  alpn: 'h2',
  ja4: null,
  certificate: null,
};

const flow = (sent: number, received: number): FlowRecord => ({
  type: 'flow',
  ts,
  ...ends,
  protocol: 'tcp',
  application: 'tls',
  by: 'payload',
  packets_sent: 1,
  packets_received: 1,
  bytes_sent: sent,
  bytes_received: received,
  duration_ms: 1,
  state: 'CLOSED',
  error: null,
  quality: null,
});

const names = (group: Group<{ readonly hits: number }>): [string, number][] =>
  group.rows.map(({ name, hits }) => [name, hits]);

describe('traffic statistics', () => {
  it('groups requests by site, section, method, status and process', () => {
    const collector = new TrafficCollector(t0);
    collector.add(http(), 'curl', t0 + 100);
    collector.add(http({ host: 'SHOP.example:80', path: '/cart?x=1', status: 404 }), 'curl', t0 + 200);
    collector.add(
      http({ host: null, path: '/', method: 'POST', status: null, duration_ms: null }),
      '',
      t0 + 300,
    );
    collector.add(http({ path: 'http://shop.example/help#a' }), 'wget', t0 + 400);
    const { http: told, covered_ms } = collector.describe('10s', t0 + 2000, ts);
    assert.equal(covered_ms, 2000);
    assert.deepEqual(names(told.by.site), [
      ['shop.example', 3],
      ['198.51.100.2:80', 1],
    ]);
    assert.deepEqual(names(told.by.section), [
      ['shop.example/cart', 2],
      ['198.51.100.2:80/', 1],
      ['shop.example/help', 1],
    ]);
    assert.deepEqual(names(told.by.method), [
      ['GET', 3],
      ['POST', 1],
    ]);
    assert.deepEqual(names(told.by.status), [
      ['2xx', 2],
      ['4xx', 1],
      ['none', 1],
    ]);
    assert.deepEqual(names(told.by.process), [
      ['curl', 2],
      ['', 1],
      ['wget', 1],
    ]);
    const { response_time, ...total } = told.total;
    assert.deepEqual(total, {
      hits: 4,
      hits_per_second: 2,
      request_bytes: 40,
      response_bytes: 360,
      bytes_per_second: 200,
      statuses: { '1xx': 0, '2xx': 2, '3xx': 0, '4xx': 1, '5xx': 0, none: 1 },
    });
    assert.equal(response_time.count, 3);
    assert.ok(Math.abs((response_time.p50_ms ?? 0) - 20) <= 1);
  });

  it('forgets what a window no longer covers, exactly to its slide', () => {
    const slides: readonly [TrafficWindow, number, number][] = [
      ['10s', 10_000, 1000],
      ['1m', 60_000, 5000],
      ['10m', 600_000, 30_000],
      ['1h', 3_600_000, 180_000],
    ];
    const start = Math.ceil(t0 / 180_000) * 180_000;
    const collector = new TrafficCollector(start - 7_200_000);
    for (let second = 0; second < 2 * 3600; second++)
      collector.add(http(), 'curl', start + second * 1000 - 7_200_000 + 500);
    for (const [window, lengthMs, slideMs] of slides) {
      const { http: told, covered_ms } = collector.describe(window, start, ts);
      assert.equal(told.total.hits, lengthMs / 1000, window);
      assert.ok(covered_ms <= lengthMs && covered_ms >= lengthMs - slideMs, window);
      assert.equal(told.total.hits_per_second, 1, window);
    }
    assert.equal(collector.describe('10s', start + 20_000, ts).http.total.hits, 0);
    assert.equal(collector.describe('1h', start + 8_000_000, ts).http.total.hits, 0);
  });

  it('adds the bytes of a connection to the site that its hello named, before its end and at it, once', () => {
    const collector = new TrafficCollector(t0);
    collector.add(tls, 'firefox', t0);
    collector.add(tls, 'firefox', t0);
    collector.progress(flow(0, 0), 100, 1000, t0 + 1);
    collector.add(flow(150, 4000), 'firefox', t0 + 2);
    collector.add(flow(150, 4000), 'firefox', t0 + 3);
    const { encrypted } = collector.describe('1m', t0 + 500, ts);
    const sums = { connections: 1, bytes_sent: 150, bytes_received: 4000, bytes_per_second: 4150 };
    assert.deepEqual(encrypted.total, sums);
    assert.deepEqual(encrypted.by.site.rows, [{ name: 'bank.example', ...sums }]);
    assert.deepEqual(encrypted.by.transport.rows, [{ name: 'tls', ...sums }]);
  });

  it('counts questions by process, name, resolver and outcome', () => {
    const collector = new TrafficCollector(t0);
    collector.add(dns(), 'curl', t0);
    collector.add(dns({ rcode: 'NXDOMAIN' }), 'curl', t0);
    collector.add(dns({ rcode: null, duration_ms: null }), 'dig', t0);
    const { total, by } = collector.describe('10m', t0 + 1000, ts).dns;
    assert.deepEqual([total.queries, total.failures, total.unanswered], [3, 1, 1]);
    assert.deepEqual(
      by.rcode.rows.map(({ name }) => name),
      ['NOERROR', 'NXDOMAIN', 'none'],
    );
    assert.deepEqual(
      [by.name.rows[0].name, by.resolver.rows[0].name, by.process.rows[0].name],
      ['example.org', '9.9.9.9:53', 'curl'],
    );
  });

  it('keeps a large site in sight through a flood of names, within bounds, with an exact total and a notice', () => {
    const collector = new TrafficCollector(t0);
    for (let i = 0; i < 20_000; i++) {
      const nowMs = t0 + i;
      collector.add(http({ host: `${i}.flood.example`, path: `/${i}`, method: `M${i}` }), `p${i}`, nowMs);
      if (i % 4 === 0) collector.add(http({ host: 'big.example' }), 'big', nowMs);
    }
    const { http: told, notices } = collector.describe('1m', t0 + 20_000, ts, 1e6);
    assert.equal(told.total.hits, 25_000);
    assert.deepEqual([told.by.site.rows[0].name, told.by.process.rows[0].name], ['big.example', 'big']);
    assert.equal(told.by.site.rows[0].hits, 5000);
    assert.ok(told.by.site.rows.length <= 512);
    const all = told.by.site.rows.reduce((sum, { hits }) => sum + hits, told.by.site.other?.hits ?? 0);
    assert.equal(all, 25_000);
    assert.ok(notices.includes('more than 256 names by HTTP site: smaller ones are counted together'));
  });

  it('tells as many rows as asked for, and the rest as one', () => {
    const collector = new TrafficCollector(t0);
    for (const host of ['a', 'a', 'b', 'c']) collector.add(http({ host }), '', t0);
    const { site } = collector.describe('10s', t0, ts, 1).http.by;
    assert.deepEqual([names(site), site.other?.hits], [[['a', 2]], 2]);
  });

  it('leaves out what is asked of everybody nearby', () => {
    const collector = new TrafficCollector(t0);
    collector.add(http({ method: 'M-SEARCH', host: '239.255.255.250:1900', path: '*' }), '', t0);
    collector.add(dns({ transport: 'mdns' }), '', t0);
    const told = collector.describe('10s', t0, ts);
    assert.deepEqual([told.http.total.hits, told.dns.total.queries], [0, 0]);
  });

  it('names the site of a request without a host by what a proxy was asked for', () => {
    const collector = new TrafficCollector(t0);
    collector.add(http({ host: null, method: 'CONNECT', path: 'a.example:443' }), '', t0);
    collector.add(http({ host: null, path: 'http://***@b.example:80/c/d' }), '', t0);
    const { section } = collector.describe('10s', t0, ts).http.by;
    assert.deepEqual(
      section.rows.map(({ name }) => name),
      ['a.example:443', 'b.example/c'],
    );
  });

  it('cuts names that are too long, and takes time that goes back for the latest', () => {
    const collector = new TrafficCollector(t0);
    collector.add(http({ host: 'x'.repeat(10_000), path: `/${'y'.repeat(10_000)}` }), 'z'.repeat(10_000), t0);
    collector.add(http({ host: 'later.example' }), '', t0 - 99_999);
    const { site, section, process } = collector.describe('10s', t0 + 1, ts).http.by;
    assert.equal(site.rows[0].name.length, 255);
    assert.ok(section.rows[0].name.length <= 255 + 1 + 64);
    assert.equal(process.rows[0].name.length, 255);
    assert.equal(site.rows[1].name, 'later.example');
  });
});
