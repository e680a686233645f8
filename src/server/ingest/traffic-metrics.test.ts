import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeMetrics } from '../../platform/metrics.ts';
import { makeRollup } from '../../store/traffic-contract.ts';
import { countTraffic } from './traffic-metrics.ts';

it('counts requests by site, however they are called, and bounds the sites', () => {
  const metrics = makeMetrics();
  countTraffic(metrics, { kind: 'traffic', rollup: makeRollup(0, { 'a"\n': 2, b: 1 }) });
  countTraffic(metrics, { kind: 'traffic', rollup: makeRollup(10, { b: 3 }) });
  const text = metrics.expose();
  assert.match(text, /netmon_inspected_http_requests_total\{site="a\\"\\n",status="2xx"\} 2\n/);
  assert.match(text, /netmon_inspected_http_requests_total\{site="b",status="2xx"\} 4\n/);
  assert.match(text, /netmon_inspected_http_bytes_total\{direction="response"\} 600\n/);
  for (let i = 0; i < 3000; i++) {
    countTraffic(metrics, { kind: 'traffic', rollup: makeRollup(20, { [`site-${i}`]: 1 }) });
  }
  assert.ok(metrics.expose().split('\n').length < 1100);
});
