import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Monitor, monitorSettingsSchema } from '../../../src/wire/monitor.ts';
import { type ProbeKind, probeSchema } from '../../../src/wire/probe.ts';
import { draftOf, inputOf, newDraft, tellProblem, withKind } from './monitor-draft.ts';
import { probeFields } from './probe-fields.ts';

const times = { id: 'a', revision: 1, created_at: '', changed_at: '' };
const probes = [
  {
    kind: 'http',
    url: 'https://a.test/',
    headers: { Accept: 'text/html', 'X-Key': 'a: b' },
    body: 'x\n',
    proxy: null,
    family: 6,
  },
  { kind: 'icmp', host: '192.0.2.1', echoes: 7 },
  { kind: 'dns', name: 'a.test', server: '192.0.2.53', dnssec: true },
  { kind: 'ntp', host: 'a.test' },
  {
    kind: 'tcp',
    host: 'a.test',
    port: 25,
    tls: 'starttls',
    starttls: 'smtp',
    steps: [{ send: 'EHLO \\ a\r\n' }, { expect: '250*' }, { send: '0d0a', encoding: 'hex' }],
  },
  { kind: 'udp', host: 'a.test', port: 7, payload: ' ping ' },
  { kind: 'traceroute', host: 'a.test', method: 'tcp', port: 443 },
];

describe('a draft of a monitor', () => {
  it('gives back what it was made of, for every kind', () => {
    for (const probe of probes) {
      const settings = monitorSettingsSchema.parse({
        name: 'A',
        probe,
        interval_ms: 1500,
        labels: { site: 'a=b' },
        agents: ['x'],
        assertions: [{ test: '[RESPONSE_TIME] < 300', severity: 'degraded' }],
        thresholds: { share: { rounds: 10, raise_percent: 50, clear_percent: 10 } },
        maintenance: [
          { weekdays: [1], at: '02:00', minutes: 30 },
          { from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T00:00:00.000Z', note: 'move' },
        ],
      });
      const monitor: Monitor = { ...times, ...settings };
      const { enabled, stopped_on, ...shown } = settings;
      const { enabled: _, stopped_on: __, ...read } = monitorSettingsSchema.parse(inputOf(draftOf(monitor)));
      assert.deepEqual(read, shown, probe.kind);
    }
  });

  it('has a field for everything that the wire knows of a probe', () => {
    for (const option of probeSchema.options) {
      const { kind, ...shape } = option.shape;
      const fields = probeFields[kind.value as ProbeKind].map(({ name }) => name);
      assert.deepEqual(fields.toSorted(), Object.keys(shape).toSorted(), kind.value);
    }
  });

  it('leaves what is no number as it is, for the server to refuse', () => {
    const input = inputOf({ ...newDraft, interval: 'often', retries: '' });
    assert.equal(input.interval_ms, 'often');
    assert.equal(input.retries, undefined);
  });

  it('keeps the host and the URL when another kind is chosen', () => {
    const icmp = withKind({ ...withKind(newDraft, 'tcp'), probe: { host: 'a.test', port: '25' } }, 'icmp');
    assert.deepEqual([icmp.probe.host, icmp.probe.port], ['a.test', undefined]);
    const plain = withKind({ ...newDraft, probe: { ...newDraft.probe, url: 'https://a.test/' } }, 'http');
    assert.equal(plain.probe.url, 'http://a.test/');
  });

  it('tells what is wrong with a time in the units that it is typed in', () => {
    assert.equal(tellProblem('interval_ms', 'expected at least 1000'), 'expected at least 1 s');
    assert.equal(tellProblem('retries', 'expected at most 5'), 'expected at most 5');
  });
});
