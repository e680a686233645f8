import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeMetrics } from './metrics.ts';

describe('metrics', () => {
  it('writes the Prometheus text format with escaped label values', () => {
    const metrics = makeMetrics();
    metrics.counter('netmon_requests_total', 'Requests.', ['route', 'code']).add(2, 'a"\n\\', '200');
    metrics.gauge('netmon_rows', 'Rows.').set(7);
    assert.equal(
      metrics.expose(),
      '# HELP netmon_requests_total Requests.\n# TYPE netmon_requests_total counter\n' +
        'netmon_requests_total{route="a\\"\\n\\\\",code="200"} 2\n' +
        '# HELP netmon_rows Rows.\n# TYPE netmon_rows gauge\nnetmon_rows 7\n',
    );
  });

  it('folds series beyond the cap into other', () => {
    const metrics = makeMetrics();
    const counter = metrics.counter('names_total', 'Names.', ['name']);
    for (let i = 0; i < 5000; i++) counter.add(1, `n${i}`);
    assert.equal(counter.value('other'), 4000);
    assert.ok(metrics.expose().split('\n').length < 1010);
  });

  it('reads gauges when asked for', () => {
    const metrics = makeMetrics();
    const gauge = metrics.gauge('now', 'Now.');
    metrics.onExpose(() => gauge.set(42));
    assert.match(metrics.expose(), /^now 42$/m);
  });

  it('refuses one name for two metrics', () => {
    const metrics = makeMetrics();
    metrics.counter('a', 'A.');
    assert.throws(() => metrics.gauge('a', 'A.'), /declared twice/);
  });
});
