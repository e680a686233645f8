import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeRound as makeOldRound } from '../../store/monitors-contract.ts';
import { newMonitorSchema } from '../../wire/monitor-api.ts';
import { type RunningServer, startServer } from '../server.fixture.ts';
import { writeMonitorMetrics } from './metrics.ts';

/** A round of now, and that many seconds. */
const makeRound: typeof makeOldRound = (id, second, fields) =>
  makeOldRound(id, 0, { at: new Date(Date.now() + second * 1000).toISOString(), ...fields });

let server: RunningServer;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

describe('metrics of monitors', () => {
  it('tell of the last round of each agent and of the state, with any name as text', async () => {
    const probe = { kind: 'icmp', host: '192.0.2.1' };
    const name = 'a"b\\c\nd 1\nnetmon_evil 1';
    const input = newMonitorSchema.parse({ id: 'm', name, probe, agents: ['lon', 'ams'] });
    await server.monitors.save([input]);
    const round = makeRound('m', 0, {
      echoes: [10, 20, null, 30],
      phases: { resolve_ms: 1.5, connect_ms: null, tls_ms: null, processing_ms: null, transfer_ms: null },
    });
    server.monitors.committed('lon', [round], 1);
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const labels = '{monitor="m",name="a\\"b\\\\c\\nd 1\\nnetmon_evil 1",kind="icmp"';
    for (const line of [
      `netmon_probe_success${labels},agent="lon"} 1`,
      `netmon_probe_duration_seconds${labels},agent="lon",phase="resolve"} 0.0015`,
      `netmon_probe_response_seconds${labels},agent="lon"} 0.02`,
      `netmon_probe_loss_ratio${labels},agent="lon"} 0.25`,
      `netmon_monitor_state${labels},state="up"} 1`,
      `netmon_monitor_state${labels},state="down"} 0`,
      'netmon_probe_series_omitted 0',
    ]) {
      assert.ok(text.split('\n').includes(line), line);
    }
    server.monitors.committed('lon', [makeRound('m', 1, { outcome: 'unknown' })], 2);
    const later = await (await fetch(`${server.url}/metrics`)).text();
    assert.ok(later.split('\n').includes(`netmon_probe_success${labels},agent="lon"} NaN`));
    assert.doesNotMatch(text, /^netmon_evil/m);
    assert.doesNotMatch(text, /agent="ams"/);
  });

  it('say how many they leave out', async () => {
    const probe = { kind: 'icmp', host: '192.0.2.1' };
    const inputs = Array.from({ length: 5 }, (_, i) => newMonitorSchema.parse({ name: `n${i}`, probe }));
    await server.monitors.save(inputs);
    assert.match(await writeMonitorMetrics(server.monitors, 2), /^netmon_probe_series_omitted 4$/m);
    await server.monitors.remove('m');
    assert.doesNotMatch(await (await fetch(`${server.url}/metrics`)).text(), /monitor="m"/);
  });
});
