import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRecord } from '../../wire/traffic.ts';
import type { TrafficStatistics } from '../../wire/traffic-statistics.ts';
import { mergeStatistics } from './merge.ts';
import { defaultLimit, TrafficCollector } from './traffic-statistics.ts';

const t0 = 1_700_000_000_000;

const http = (fields: Partial<HttpRecord>): HttpRecord => ({
  type: 'http',
  ts: '2023-11-14T22:13:20.000Z',
  src: '192.0.2.1:40000',
  dst: '198.51.100.2:80',
  method: 'GET',
  host: 'shop.example',
  path: '/',
  status: 200,
  request_bytes: 10,
  response_bytes: 90,
  duration_ms: 20,
  version: '1.1',
  user_agent: null,
  content_type: null,
  ...fields,
});

function collect(requests: readonly Partial<HttpRecord>[]): TrafficStatistics {
  const collector = new TrafficCollector(t0);
  for (const request of requests) collector.add(http(request), 'curl', t0 + 100);
  return collector.describe('1m', t0 + 10_000, '2023-11-14T22:13:30.000Z');
}

const times = (count: number, from: number, step: number): Partial<HttpRecord>[] =>
  Array.from({ length: count }, (_, i) => ({ duration_ms: from + i * step }));

test('counts, bytes and rates of several machines add up, by name too', () => {
  const one = collect([{}, {}, { host: 'a.example', status: 500 }]);
  const two = collect([{}, { host: 'b.example', status: null, duration_ms: null }]);
  const { http: merged } = mergeStatistics([one, two]);
  assert.equal(merged.total.hits, 5);
  assert.equal(merged.total.hits_per_second, 0.5);
  assert.equal(merged.total.response_bytes, 450);
  assert.deepEqual(merged.total.statuses, { '1xx': 0, '2xx': 3, '3xx': 0, '4xx': 0, '5xx': 1, none: 1 });
  assert.deepEqual(
    merged.by.site.rows.map(({ name, hits }) => [name, hits]),
    [
      ['shop.example', 3],
      ['a.example', 1],
      ['b.example', 1],
    ],
  );
  assert.equal(merged.by.site.other, null);
});

test('names beyond the rows that one machine tells of are one', () => {
  const sites = (letter: string): Partial<HttpRecord>[] =>
    Array.from({ length: defaultLimit }, (_, i) => ({ host: `${letter}${i}.example` }));
  const { site } = mergeStatistics([collect(sites('a')), collect([{}, {}, ...sites('b')])]).http.by;
  assert.equal(site.rows.length, defaultLimit);
  assert.equal(site.rows[0].name, 'shop.example');
  assert.equal(site.other?.hits, defaultLimit + 1);
});

test('those of one machine are as they were', () => {
  const one = collect([{}]);
  assert.equal(mergeStatistics([one]), one);
});

test('percentiles are close to those over all requests, and never beyond those of the machines', () => {
  const fast = times(900, 1, 0.01);
  const slow = times(100, 100, 1);
  const { response_time } = mergeStatistics([collect(fast), collect(slow)]).http.total;
  const exact = collect([...fast, ...slow]).http.total.response_time;
  assert.equal(response_time.count, 1000);
  assert.ok(
    Math.abs(response_time.p50_ms! - exact.p50_ms!) < 0.15 * exact.p50_ms!,
    `${response_time.p50_ms}`,
  );
  assert.ok(
    Math.abs(response_time.p95_ms! - exact.p95_ms!) < 0.15 * exact.p95_ms!,
    `${response_time.p95_ms}`,
  );
  assert.ok(
    Math.abs(response_time.p99_ms! - exact.p99_ms!) < 0.15 * exact.p99_ms!,
    `${response_time.p99_ms}`,
  );
});

test('a machine without any times leaves those of the others as they are', () => {
  const merged = mergeStatistics([collect([{ duration_ms: 20 }]), collect([{ duration_ms: null }])]);
  const { count, p50_ms } = merged.http.total.response_time;
  assert.deepEqual([count, p50_ms! > 18 && p50_ms! < 22], [1, true]);
  assert.equal(mergeStatistics([collect([]), collect([])]).http.total.response_time.p50_ms, null);
});
