import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeReported } from '../../store/contract.ts';
import { makeRound } from '../../store/monitors-contract.ts';
import { type MonitorResult, monitorRowSchema } from '../../wire/monitor.ts';
import { historySchema, incidentListSchema, monitorListSchema } from '../../wire/monitor-api.ts';
import { type RunningServer, startServer } from '../server.fixture.ts';

let server: RunningServer;
let sequence = 0;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

async function call(method: string, path: string, body?: unknown) {
  const answer = await fetch(server.url + path, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  const text = await answer.text();
  return { status: answer.status, json: text === '' ? null : JSON.parse(text) };
}

/** Commits rounds as the ingest does. */
async function report(agent: string, ...results: MonitorResult[]): Promise<void> {
  const { ids } = await server.store.insertReported({
    agent,
    epoch: 'e',
    first: sequence,
    records: results.map((result) => ({ kind: 'probe' as const, result })),
  });
  sequence += results.length;
  server.monitors.committed(agent, results, Math.max(...ids.map(Number)));
}

const now = (): string => new Date().toISOString();
const down = (id: string, message = 'connection refused'): MonitorResult =>
  makeRound(id, 0, {
    at: now(),
    outcome: 'down',
    reason: { code: 'ECONNREFUSED', message, phase: 'connect' },
    echoes: [null],
  });
const up = (id: string): MonitorResult => makeRound(id, 0, { at: now() });
const icmp = (name: string, fields: object = {}): object => ({
  name,
  probe: { kind: 'icmp', host: '192.0.2.1' },
  ...fields,
});

describe('monitors over HTTP', () => {
  it('are made with defaults, read, changed and removed', async () => {
    const made = await call('POST', '/api/monitors', icmp('Gateway (Berlin) <b>'));
    assert.equal(made.status, 201);
    assert.equal(made.json.id, 'gateway-berlin-b');
    assert.equal(made.json.interval_ms, 60_000);
    assert.equal(monitorRowSchema.parse(made.json).status.state, 'pending');
    const { id, status, created_at, changed_at, ...settings } = made.json;
    const changed = await call('PUT', `/api/monitors/${id}`, { ...settings, interval_ms: 20_000 });
    assert.deepEqual([changed.status, changed.json.revision], [200, 2]);
    const stale = await call('PUT', `/api/monitors/${id}`, { ...settings, interval_ms: 30_000 });
    assert.deepEqual([stale.status, stale.json.code], [409, 'NM_CONFLICT']);
    assert.equal((await call('DELETE', `/api/monitors/${id}`)).status, 204);
    assert.equal((await call('GET', `/api/monitors/${id}`)).status, 404);
    assert.equal((await call('DELETE', `/api/monitors/${id}`)).status, 404);
  });

  it('say which field is wrong, and how', async () => {
    for (const [body, field] of [
      [icmp(''), 'name'],
      [icmp('x', { probe: { kind: 'icmp', host: '8.8.8.8;id' } }), 'probe.host'],
      [icmp('x', { probe: { kind: 'icmp', host: '-I/etc/passwd' } }), 'probe.host'],
      [icmp('x', { probe: { kind: 'http', url: 'file:///etc/passwd' } }), 'probe.url'],
      [icmp('x', { parents: ['nobody'] }), 'parents'],
      [icmp('x', { id: 'export' }), 'id'],
      [icmp('x', { agents: [] }), 'agents'],
      [icmp('x', { secret: 1 }), 'secret'],
      [
        icmp('x', { assertions: [{ test: '[LOSS] < 5' }, { test: '[STATUS] == 200' }] }),
        'assertions[1].test',
      ],
      [
        icmp('x', {
          maintenance: [{ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }],
        }),
        'maintenance[0].to',
      ],
      [icmp('x', { probe: { kind: 'tcp', host: 'h', port: 25, tls: 'starttls' } }), 'probe.starttls'],
    ] as const) {
      const { status, json } = await call('POST', '/api/monitors', body);
      assert.equal(status, 400, JSON.stringify(body));
      assert.equal(json.fields[0].field, field);
    }
  });

  it('are no parents of themselves, and a removed parent is none any more', async () => {
    await call('POST', '/api/monitors', icmp('p', { id: 'p' }));
    await call('POST', '/api/monitors', icmp('c', { id: 'c', parents: ['p'] }));
    const cycle = await call('PUT', '/api/monitors/p', icmp('p', { parents: ['c'] }));
    assert.match(cycle.json.detail, /its own parent/);
    await call('DELETE', '/api/monitors/p');
    assert.deepEqual((await call('GET', '/api/monitors/c')).json.parents, []);
    await call('DELETE', '/api/monitors/c');
  });

  it('go from pending to down to up, with an incident and the quorum', async () => {
    await call('POST', '/api/monitors', icmp('w', { id: 'w', agents: ['lon', 'ams', 'nyc'], quorum: 2 }));
    const state = async (): Promise<unknown> => (await call('GET', '/api/monitors/w')).json.status.state;
    assert.equal(await state(), 'pending');
    for (const agent of ['lon', 'ams', 'nyc']) await report(agent, up('w'));
    assert.equal(await state(), 'up');
    await report('lon', down('w'), down('w'));
    assert.equal(await state(), 'partial');
    await report('ams', down('w'), down('w'));
    const row = monitorRowSchema.parse((await call('GET', '/api/monitors/w')).json);
    assert.equal(row.status.state, 'down');
    assert.equal(row.status.reason, 'down at ams, lon (2 of 3 agents): connection refused');
    assert.deepEqual(
      row.status.agents.map(({ agent, state: view }) => [agent, view]),
      [
        ['ams', 'down'],
        ['lon', 'down'],
        ['nyc', 'up'],
      ],
    );
    assert.equal(row.status.loss_ratio, 2 / 3);
    assert.equal(row.status.response_ms, 12);
    await report('lon', up('w'));
    await report('ams', up('w'));
    assert.equal(await state(), 'up');
    await server.monitors.settle();
    const { incidents } = incidentListSchema.parse((await call('GET', '/api/monitors/w/incidents')).json);
    assert.deepEqual(
      incidents.map((incident) => [incident.state, incident.agents, incident.ended_at !== null]),
      [['down', ['lon', 'ams'], true]],
    );
    assert.equal(incidents[0].reason?.code, 'ECONNREFUSED');
    assert.equal((await call('GET', '/api/incidents?state=open')).json.incidents.length, 0);
  });

  it('have results, newest first, and a history of them by agent', async () => {
    const { json } = await call('GET', '/api/monitors/w/results?limit=3');
    assert.equal(json.results.length, 3);
    assert.equal(json.results[0].agent, 'ams');
    const rest = await call('GET', `/api/monitors/w/results?limit=100&cursor=${json.next}`);
    assert.equal(rest.json.results.length, 6);
    const history = historySchema.parse((await call('GET', '/api/monitors/w/history?since=1h')).json);
    assert.equal(history.step_ms, 60_000);
    const rounds = history.agents.lon.reduce((sum, step) => sum + step.rounds, 0);
    const lost = history.agents.lon.reduce((sum, step) => sum + step.lost, 0);
    assert.deepEqual([rounds, lost], [4, 2]);
    await server.monitors.sum();
    const after = (await call('GET', '/api/monitors/w')).json.status.uptime;
    assert.ok(after.day > 0 && after.day < 1);
  });

  it('are started and stopped on chosen agents, or on all', async () => {
    const states = async (): Promise<string> =>
      (await call('GET', '/api/monitors/w')).json.status.agents
        .map((view: { agent: string; state: string }) => `${view.agent} ${view.state}`)
        .join(', ');
    await call('POST', '/api/monitors/w/stop', { agents: ['lon'] });
    assert.equal(await states(), 'ams up, lon stopped, nyc up');
    const stopped = await call('POST', '/api/monitors/w/stop', {});
    assert.equal(stopped.json.status.state, 'stopped');
    await call('POST', '/api/monitors/w/start', { agents: ['nyc'] });
    assert.equal(await states(), 'ams stopped, lon stopped, nyc up');
    await call('POST', '/api/monitors/w/start', {});
    assert.equal(await states(), 'ams up, lon up, nyc up');
  });

  it('are silenced by a parent that is down and by maintenance, and recorded all the same', async () => {
    await call('POST', '/api/monitors', icmp('router', { id: 'r', agents: ['lon'] }));
    await call('POST', '/api/monitors', icmp('behind', { id: 'b', agents: ['lon'], parents: ['r'] }));
    await report('lon', down('b'), down('b'));
    assert.equal((await call('GET', '/api/monitors/b')).json.status.silenced, null);
    await report('lon', down('r'), down('r'));
    assert.equal((await call('GET', '/api/monitors/b')).json.status.silenced, 'router is down');
    await server.monitors.settle();
    const { json } = await call('GET', '/api/monitors/b/incidents');
    assert.deepEqual([json.incidents.length, json.incidents[0].silenced], [1, 'router is down']);
    const maintenance = [{ from: '2020-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z', note: 'move' }];
    const kept = await call('PUT', '/api/monitors/r', icmp('router', { agents: ['lon'], maintenance }));
    assert.equal(kept.json.status.silenced, 'maintenance: move');
    for (const id of ['r', 'b']) await call('DELETE', `/api/monitors/${id}`);
  });

  it('show no secret unless asked, and keep it through an edit', async () => {
    const probe = {
      kind: 'http',
      url: 'https://bob:hunter2@example.org/',
      headers: { Authorization: 'Bearer abcdefgh' },
    };
    await call('POST', '/api/monitors', { id: 's', name: 's', probe });
    const { json } = await call('GET', '/api/monitors/s');
    const list = await call('GET', '/api/monitors');
    for (const text of [json, list.json].map((value) => JSON.stringify(value))) {
      assert.doesNotMatch(text, /hunter2|abcdefgh/);
    }
    const edited = { name: 's', probe: json.probe, interval_ms: 5000 };
    assert.equal((await call('PUT', '/api/monitors/s', edited)).status, 200);
    const open = await call('GET', '/api/monitors/s?secrets=true');
    assert.equal(open.json.probe.url, probe.url);
    assert.equal(open.json.probe.headers.Authorization, 'Bearer abcdefgh');
    await call('DELETE', '/api/monitors/s');
  });

  it('are listed by filter, in pages, and by what changed since', async () => {
    for (let i = 0; i < 5; i++) {
      await call(
        'POST',
        '/api/monitors',
        icmp(`list ${i}`, { id: `l${i}`, labels: { site: i % 2 ? 'a' : 'b' } }),
      );
    }
    const ids = async (query: string): Promise<string> =>
      (await call('GET', `/api/monitors?${query}`)).json.monitors.map(({ id }: { id: string }) => id).join();
    assert.equal(await ids('text=LIST'), 'l0,l1,l2,l3,l4');
    assert.equal(await ids('label=site=a'), 'l1,l3');
    assert.equal(await ids('label=site&text=list&limit=2'), 'l0,l1');
    assert.equal(await ids('kind=http'), '');
    assert.equal(await ids('state=up'), 'w');
    assert.equal(await ids('agent=nyc'), 'w');
    const first = monitorListSchema.parse((await call('GET', '/api/monitors?text=list&limit=3')).json);
    assert.equal(await ids(`text=list&limit=3&cursor=${first.next}`), 'l3,l4');
    assert.deepEqual([first.removed, first.states], [null, { pending: 5 }]);
    await call('DELETE', '/api/monitors/l1');
    await report('nyc', up('w'));
    const changed = (await call('GET', `/api/monitors?since_version=${first.version}`)).json;
    assert.deepEqual(changed.removed, ['l1']);
    assert.deepEqual(
      changed.monitors.map(({ id }: { id: string }) => id),
      ['w'],
    );
    assert.equal((await call('GET', '/api/monitors?since_version=1')).json.removed, null);
    await call('POST', '/api/monitors/l3/stop', {});
    const pending = await call('GET', `/api/monitors?state=pending&since_version=${changed.version}`);
    assert.deepEqual([pending.json.monitors, pending.json.removed], [[], ['l3']]);
  });

  it('are tried from agents before they are saved', async () => {
    const trial = { probe: { kind: 'icmp', host: '192.0.2.1' } };
    assert.equal((await call('POST', '/api/probe', trial)).json.code, 'NM_UNAVAILABLE');
    server.agents.names = ['lon', 'ams'];
    const { monitor, revision, ...result } = up('w');
    server.agents.answer = (agent) =>
      agent === 'lon' ? { type: 'result', result } : { type: 'refused', code: 'NM_FORBIDDEN', message: 'no' };
    const { json } = await call('POST', '/api/probe', trial);
    assert.deepEqual(json.results, [
      { agent: 'lon', result, problem: null },
      { agent: 'ams', result: null, problem: 'no' },
    ]);
  });

  it('lead from a failure to what the sensors saw', async () => {
    const { json } = await call('GET', '/api/monitors/w/evidence');
    assert.equal(json.address, '192.0.2.1');
    assert.deepEqual(json.agents, []);
    const probe = { kind: 'tcp', host: '2001:DB8::1', port: 81 };
    await call('POST', '/api/monitors', { id: 'e', name: 'e', probe });
    const timestamp = new Date().toISOString();
    const failed = { timestamp, remote_addr: '[2001:db8::1]:81', error: 'ECONNREFUSED', count: 3 };
    const records = [
      failed,
      { ...failed, error: null, count: 1 },
      { ...failed, remote_addr: '[2001:db8::1]:82' },
    ];
    await server.store.insertReported({
      agent: 'ams "1"',
      epoch: 'e',
      first: 0,
      records: records.map((fields) => ({
        kind: 'connection' as const,
        connection: makeReported(0, fields),
      })),
    });
    const found = (await call('GET', '/api/monitors/e/evidence')).json;
    assert.equal(found.address, '[2001:db8::1]:81');
    assert.equal(found.agents.length, 1);
    const [{ href, ...counts }] = found.agents;
    assert.deepEqual(counts, { agent: 'ams "1"', connections: 4, failures: { ECONNREFUSED: 3 } });
    assert.equal((await call('GET', href)).json.connections.length, 2);
  });

  it('finds evidence of every kind, of all agents, by what their own sensors saw', async () => {
    const timestamp = new Date().toISOString();
    const seen = [
      ['lon', '198.51.100.9:53', 'udp', 'ETIMEDOUT'],
      ['lon', '198.51.100.9:443', 'tcp', 'ECONNREFUSED'],
      ['ams', '198.51.100.9:443', 'tcp', null],
      ['ams', '198.51.100.9:123', 'udp', null],
      ['ams', '198.51.100.10:443', 'tcp', 'ECONNREFUSED'],
    ] as const;
    for (const [first, [agent, remote_addr, protocol, error]] of seen.entries()) {
      const connection = makeReported(0, { timestamp, remote_addr, protocol, error, count: 1 });
      await server.store.insertReported({
        agent,
        epoch: 'evidence',
        first,
        records: [{ kind: 'connection', connection }],
      });
    }
    const host = '198.51.100.9';
    for (const [probe, address, expected] of [
      [{ kind: 'icmp', host }, host, { ams: [2, {}], lon: [2, { ETIMEDOUT: 1, ECONNREFUSED: 1 }] }],
      [{ kind: 'traceroute', host }, host, { ams: [2, {}], lon: [2, { ETIMEDOUT: 1, ECONNREFUSED: 1 }] }],
      [{ kind: 'dns', name: 'a.example', server: host }, `${host}:53`, { lon: [1, { ETIMEDOUT: 1 }] }],
      [{ kind: 'ntp', host }, `${host}:123`, { ams: [1, {}] }],
      [{ kind: 'udp', host, port: 53, payload: 'x' }, `${host}:53`, { lon: [1, { ETIMEDOUT: 1 }] }],
      [
        { kind: 'http', url: `https://${host}/x` },
        `${host}:443`,
        { ams: [1, {}], lon: [1, { ECONNREFUSED: 1 }] },
      ],
      [{ kind: 'http', url: 'https://shop.example/' }, null, {}],
    ] as const) {
      const { id } = (await call('POST', '/api/monitors', { name: `evidence ${probe.kind}`, probe })).json;
      const { json } = await call('GET', `/api/monitors/${id}/evidence`);
      assert.equal(json.address, address, probe.kind);
      const found = json.agents.map(
        ({ agent, connections, failures }: { agent: string; connections: number; failures: object }) => [
          agent,
          [connections, failures],
        ],
      );
      assert.deepEqual(Object.fromEntries(found), expected, probe.kind);
    }
  });
});
