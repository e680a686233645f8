import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AlertRecord } from '../../wire/traffic.ts';
import { defaultTrafficAlertRules, type TrafficAlertRule, TrafficAlerts } from './traffic-alerts.ts';

const t0 = Date.UTC(2026, 0, 1);
const at = (seconds: number): string => new Date(t0 + seconds * 1000).toISOString();

function watch(rules: readonly TrafficAlertRule[] = defaultTrafficAlertRules): {
  alerts: TrafficAlerts;
  told: AlertRecord[];
} {
  const told: AlertRecord[] = [];
  const formatTime = (nowMs: number): string => new Date(nowMs).toISOString();
  return { alerts: new TrafficAlerts(rules, { onAlert: (record) => told.push(record), formatTime }), told };
}

describe('traffic alerts', () => {
  it('raises at the hit that reaches the threshold, and recovers when the hits have left the window', () => {
    const { alerts, told } = watch();
    for (let i = 0; i < 499; i++) alerts.addHit({}, t0 + 10_000);
    assert.equal(told.length, 0);
    alerts.addHit({}, t0 + 11_500);
    assert.deepEqual(told, [
      {
        type: 'alert',
        ts: at(11.5),
        kind: 'hits',
        scope: 'all',
        state: 'raised',
        value: 500,
        threshold: 500,
        window_ms: 120_000,
        duration_ms: null,
        message: `High traffic: hits = 500, at ${at(11.5)}`,
      },
    ]);
    alerts.addHit({}, t0 + 12_000);
    for (let second = 13; second < 200; second++) alerts.pass(t0 + second * 1000);
    // Second 10 leaves the window as second 130 begins; 130, 131 and 132 are calm.
    assert.deepEqual(told.slice(1), [
      {
        ...told[0],
        ts: at(133),
        state: 'recovered',
        value: 0,
        duration_ms: 121_500,
        message: `Recovered at ${at(133)}, after 2 min 2 s`,
      },
    ]);
  });

  it('gives a recovery its own time however late somebody looks', () => {
    const { alerts, told } = watch();
    for (let i = 0; i < 600; i++) alerts.addHit({}, t0 + 10_000);
    alerts.addHit({}, t0 + 86_400_000);
    assert.deepEqual(
      told.map(({ state, ts }) => [state, ts]),
      [
        ['raised', at(10)],
        ['recovered', at(133)],
      ],
    );
  });

  it('stays silent one hit below the threshold for as long as that lasts', () => {
    const { alerts, told } = watch([{ kind: 'hits', scope: 'all', windowMs: 10_000, threshold: 11 }]);
    for (let second = 0; second < 1000; second++) alerts.addHit({}, t0 + second * 1000 + 999);
    assert.deepEqual(told, []);
  });

  it('does not flap about the threshold', () => {
    const { alerts, told } = watch([{ kind: 'hits', scope: 'all', windowMs: 10_000, threshold: 100 }]);
    for (let second = 0; second < 600; second++)
      for (let i = 0; i < (second % 20 < 10 ? 11 : 9); i++) alerts.addHit({}, t0 + second * 1000);
    assert.deepEqual(
      told.map(({ state }) => state),
      ['raised'],
    );
  });

  it('raises again after it has recovered', () => {
    const { alerts, told } = watch([{ kind: 'hits', scope: 'all', windowMs: 5000, threshold: 3 }]);
    for (const second of [0, 100]) for (let i = 0; i < 3; i++) alerts.addHit({}, t0 + second * 1000);
    alerts.pass(t0 + 200_000);
    assert.deepEqual(
      told.map(({ state }) => state),
      ['raised', 'recovered', 'raised', 'recovered'],
    );
  });

  it('watches bandwidth of each interface by itself, as bytes per second on average', () => {
    const { alerts, told } = watch([
      { kind: 'bandwidth', scope: 'interface', windowMs: 10_000, threshold: 1_000_000 },
    ]);
    for (let second = 0; second < 10; second++) {
      alerts.addBytes({ interface: 'eth0' }, 1_000_000, t0 + second * 1000);
      alerts.addBytes({ interface: 'eth1' }, 999_999, t0 + second * 1000);
      alerts.addBytes({ process: 'curl' }, 5_000_000, t0 + second * 1000);
    }
    assert.deepEqual(
      told.map(({ scope, value, ts, message }) => [scope, value, ts, message]),
      [
        [
          'interface:eth0',
          1_000_000,
          at(9),
          `High traffic (interface eth0): bandwidth = 1.0 MB/s, at ${at(9)}`,
        ],
      ],
    );
  });

  it('keeps what is raised through a flood of names, and its memory within bounds', () => {
    const { alerts, told } = watch([{ kind: 'hits', scope: 'site', windowMs: 3_600_000, threshold: 5 }]);
    for (let i = 0; i < 5; i++) alerts.addHit({ site: 'big.example' }, t0);
    for (let i = 0; i < 20_000; i++) alerts.addHit({ site: `${i}.example` }, t0 + i);
    assert.ok(alerts.evicted > 19_000);
    alerts.pass(t0 + 4_000_000);
    assert.deepEqual(
      told.map(({ scope, state }) => [scope, state]),
      [
        ['site:big.example', 'raised'],
        ['site:big.example', 'recovered'],
      ],
    );
  });

  it('agrees at every step with a sum over all hits that were', () => {
    const windowSeconds = 7;
    const threshold = 40;
    const { alerts, told } = watch([
      { kind: 'hits', scope: 'all', windowMs: windowSeconds * 1000, threshold },
    ]);
    const hits: number[] = [];
    const expected: [string, number][] = [];
    let raised = false;
    let calm = 0;
    let state = 3;
    const sumAt = (second: number): number =>
      hits.slice(Math.max(0, second - windowSeconds + 1), second + 1).reduce((sum, one) => sum + one, 0);
    for (let second = 0; second < 2000; second++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      hits.push(0);
      const amount = (state >> 16) % (second % 100 < 50 ? 12 : 5);
      for (let i = 0; i < amount; i++) {
        hits[second]++;
        alerts.addHit({}, t0 + second * 1000);
        if (raised || sumAt(second) < threshold) continue;
        raised = true;
        calm = 0;
        expected.push(['raised', second]);
      }
      calm = sumAt(second) < 0.9 * threshold ? calm + 1 : 0;
      if (!raised || calm < 3) continue;
      raised = false;
      expected.push(['recovered', second + 1]);
    }
    alerts.pass(t0 + 2_000_000);
    assert.ok(expected.length > 20);
    assert.deepEqual(
      told.map((one) => [one.state, (Date.parse(one.ts) - t0) / 1000]),
      expected,
    );
  });
});
