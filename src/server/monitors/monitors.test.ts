import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { makeReporter } from '../../platform/reporter.ts';
import { makeRound } from '../../store/monitors-contract.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import type { MonitorInput, MonitorResult } from '../../wire/monitor.ts';
import { newMonitorSchema } from '../../wire/monitor-api.ts';
import type { Order, OrderAnswer } from '../../wire/orders.ts';
import { HeldAgents } from '../server.fixture.ts';
import { Monitors } from './monitors.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');

interface Bench {
  readonly store: Store;
  readonly agents: HeldAgents;
  monitors: Monitors;
  now: number;
  /** Commits rounds and tells of them, or leaves the telling out, as a kill between the two would. */
  report(agent: string, results: readonly MonitorResult[], told?: boolean): Promise<void>;
  /** Goes on as after a kill: nothing was said goodbye to. */
  restart(): Promise<void>;
}

async function makeBench(t: TestContext): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-monitors-'));
  const store = openSqliteStore({ path: join(folder, 'netmon.db'), now: () => bench.now });
  const agents = new HeldAgents();
  const reporter = makeReporter({ write: () => {} });
  const running: Monitors[] = [];
  const sequences = new Map<string, number>();
  const make = (): Monitors =>
    new Monitors({ store, agents, reporter, now: () => bench.now, clock: () => bench.now });
  const bench: Bench = {
    store,
    agents,
    now: start,
    monitors: undefined as unknown as Monitors,
    async report(agent, results, told = true) {
      const first = sequences.get(agent) ?? 0;
      sequences.set(agent, first + results.length);
      const records = results.map((result) => ({ kind: 'probe' as const, result }));
      const { ids } = await store.insertReported({ agent, epoch: 'e', first, records });
      if (told) bench.monitors.committed(agent, results, Math.max(...ids.map(Number)));
    },
    async restart() {
      running.push(bench.monitors);
      bench.monitors = make();
      await bench.monitors.start();
    },
  };
  bench.monitors = make();
  await bench.monitors.start();
  t.after(async () => {
    for (const monitors of [...running, bench.monitors]) await monitors.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return bench;
}

const input = (id: string, fields: Partial<MonitorInput> = {}) =>
  newMonitorSchema.parse({ id, name: id, probe: { kind: 'icmp', host: '192.0.2.1' }, ...fields });
const rounds = (id: string, outcomes: readonly MonitorResult['outcome'][], second = 0) =>
  outcomes.map((outcome, i) => makeRound(id, second + i, { outcome }));
const stateOf = ({ monitors }: Bench, id: string): string | undefined => monitors.judge.get(id)?.state;
/** Until what was begun by promises alone is done. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const told = (orders: readonly { readonly agent: string; readonly order: Order }[]): string[] =>
  orders.map(({ agent, order }) => {
    if (order.type === 'monitor.put') return `${agent} put ${order.monitor.id}`;
    if (order.type === 'monitor.remove') return `${agent} remove ${order.monitor}`;
    if (order.type !== 'monitors.set') return `${agent} ${order.type}`;
    return `${agent} set ${order.monitors.map(({ id }) => id).join('+')}`;
  });

describe('agents and their monitors', () => {
  it('get the set once, then what changes, and after a reconnect only what is other', async (t) => {
    const bench = await makeBench(t);
    const { agents, monitors } = bench;
    await monitors.save([input('all'), input('lon', { agents: ['lon'] }), input('ams', { agents: ['ams'] })]);
    monitors.connected('lon', null);
    await settle();
    assert.deepEqual(told(agents.orders.splice(0)), ['lon set all+lon']);
    await monitors.edit('lon', () => ({ interval_ms: 5000 }));
    await settle();
    const [{ order }] = agents.orders;
    assert.deepEqual(told(agents.orders.splice(0)), ['lon put lon']);
    const revision = order.type === 'monitor.put' ? (order.revision ?? null) : null;
    monitors.connected('lon', revision);
    await settle();
    assert.deepEqual(agents.orders, []);
    monitors.disconnected('lon');
    await monitors.remove('lon');
    await monitors.save([input('lon', { agents: ['lon'], interval_ms: 5000 })]);
    monitors.connected('lon', revision);
    await settle();
    const orders = agents.orders.splice(0);
    assert.deepEqual(told(orders), ['lon set all+lon'], 'made anew, it is another one');
    await monitors.edit('all', () => ({ stopped_on: ['lon'] }));
    await monitors.edit('lon', () => ({ enabled: false }));
    await settle();
    assert.deepEqual(told(agents.orders.splice(0)), ['lon remove all', 'lon remove lon']);
  });

  it('are told of many changes as one set, in parts that an order holds', async (t) => {
    const { agents, monitors } = await makeBench(t);
    monitors.connected('lon', 0);
    await settle();
    agents.orders.length = 0;
    await monitors.save(Array.from({ length: 450 }, (_, i) => input(`m${i}`)));
    await settle();
    const sizes = agents.orders.map(({ order }) =>
      order.type === 'monitors.set' ? [order.part, order.parts, order.monitors.length] : order.type,
    );
    assert.deepEqual(sizes, [
      [0, 3, 200],
      [1, 3, 200],
      [2, 3, 50],
    ]);
    const length = 60_000;
    const body = 'x'.repeat(length);
    const large = { probe: { kind: 'http' as const, url: 'http://192.0.2.1/', body } };
    agents.orders.length = 0;
    await monitors.save(Array.from({ length: 30 }, (_, i) => input(`large${i}`, large)));
    await settle();
    assert.ok(agents.orders.every(({ order }) => JSON.stringify(order).length < 1024 * 1024));
  });

  it('that refuse are shown, and asked again with the whole set', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const bench = await makeBench(t);
    const { agents, monitors } = bench;
    agents.answer = (): OrderAnswer => ({ type: 'refused', code: 'NM_TIMEOUT', message: 'no answer came' });
    await monitors.save([input('m')]);
    monitors.connected('lon', null);
    await settle();
    const watched = monitors.judge.get('m')!;
    assert.equal(monitors.status(watched).reason, 'lon does not carry it out: no answer came');
    await monitors.edit('m', () => ({ interval_ms: 2000 }));
    agents.answer = () => ({ type: 'done' });
    agents.orders.length = 0;
    t.mock.timers.tick(10_000);
    await settle();
    assert.deepEqual(told(agents.orders), ['lon set m']);
    assert.equal(monitors.status(watched).reason, null);
  });
});

describe('judgement', () => {
  it('goes on after a kill where it was, with what was committed and not yet judged', async (t) => {
    const bench = await makeBench(t);
    bench.now = start + 100_000;
    await bench.monitors.save([input('m', { agents: ['lon'], thresholds: { failures: 3 } })]);
    await bench.report('lon', rounds('m', ['up', 'down', 'down']));
    await bench.monitors.settle();
    await bench.restart();
    assert.equal(stateOf(bench, 'm'), 'up');
    await bench.report('lon', rounds('m', ['down'], 3), false);
    await bench.restart();
    assert.equal(stateOf(bench, 'm'), 'down');
    await bench.restart();
    await bench.monitors.settle();
    const [incident, ...others] = await bench.store.queryIncidents({ limit: 9 });
    assert.deepEqual(others, []);
    assert.deepEqual([incident.state, incident.started_at], ['down', '2026-01-01T00:00:03.000Z']);
    await bench.report('lon', rounds('m', ['up'], 60));
    await bench.monitors.settle();
    const [over] = await bench.store.queryIncidents({ limit: 9 });
    assert.deepEqual([over.id, over.duration_ms], [incident.id, 57_000]);
    assert.equal(bench.monitors.judge.get('m')?.sights.get('lon')?.last?.includes('"outcome":"up"'), true);
  });

  it('is unknown without news of anybody, and of the others while some have news', async (t) => {
    const bench = await makeBench(t);
    await bench.monitors.save([input('m', { agents: ['lon', 'ams'], interval_ms: 20_000 })]);
    await bench.report('lon', rounds('m', ['down', 'down']));
    await bench.report('ams', rounds('m', ['up']));
    assert.equal(stateOf(bench, 'm'), 'down');
    bench.now = start + 55_000;
    await bench.report('ams', rounds('m', ['up'], 55));
    bench.now = start + 61_000;
    bench.monitors.judge.sweep();
    assert.equal(stateOf(bench, 'm'), 'up');
    const seen = bench.monitors.seen(bench.monitors.judge.get('m')!);
    assert.deepEqual(
      seen.map(({ agent, state }) => [agent, state]),
      [
        ['ams', 'up'],
        ['lon', 'unknown'],
      ],
    );
    bench.now = start + 200_000;
    bench.monitors.judge.sweep();
    assert.equal(stateOf(bench, 'm'), 'unknown');
    await bench.report('lon', rounds('m', ['down'], 200));
    assert.equal(stateOf(bench, 'm'), 'down');
  });

  it('waits for an agent where there is none, and names no more than a status may', async (t) => {
    const bench = await makeBench(t);
    await bench.monitors.save([input('m')]);
    const watched = bench.monitors.judge.get('m')!;
    assert.deepEqual([watched.state, watched.reason], ['pending', 'no agent is linked']);
    for (let i = 0; i < 1100; i++) bench.monitors.judge.take(`agent-${i}`, makeRound('m', 0));
    assert.equal(watched.sights.size, 1000);
  });

  it('has no state before the one that it follows, whatever clocks agents have', async (t) => {
    const bench = await makeBench(t);
    bench.now = start + 600_000;
    await bench.monitors.save([input('m', { agents: ['lon', 'ams'], quorum: 2 })]);
    await bench.report('lon', rounds('m', ['down', 'down'], 700));
    await bench.report('ams', rounds('m', ['down', 'down'], 500));
    await bench.report('lon', rounds('m', ['up'], 550));
    await bench.report('ams', rounds('m', ['up'], 86_400));
    await bench.monitors.settle();
    const incidents = await bench.store.queryIncidents({ limit: 9 });
    assert.deepEqual(
      incidents.map((incident) => [incident.state, incident.agents, incident.duration_ms]),
      [['down', ['lon', 'ams'], 0]],
    );
    assert.equal(bench.monitors.judge.get('m')?.sinceMs, bench.now);
  });

  it('does not end an incident because nothing is known', async (t) => {
    const bench = await makeBench(t);
    await bench.monitors.save([input('m', { agents: ['lon'] })]);
    await bench.report('lon', rounds('m', ['down', 'down']));
    bench.now = start + 3_600_000;
    bench.monitors.judge.sweep();
    await bench.report('lon', rounds('m', ['down', 'up'], 3600));
    await bench.monitors.settle();
    const incidents = await bench.store.queryIncidents({ limit: 9 });
    assert.deepEqual(
      incidents.map(({ duration_ms }) => duration_ms),
      [3_600_000],
    );
  });

  it('forgets what another probe found, and rounds of agents that are not asked', async (t) => {
    const bench = await makeBench(t);
    await bench.monitors.save([input('m', { agents: ['lon'] })]);
    await bench.report('lon', rounds('m', ['down', 'down']));
    await bench.report('evil', rounds('m', ['up', 'up']));
    assert.equal(stateOf(bench, 'm'), 'down');
    await bench.monitors.edit('m', () => ({ quorum: 2 }));
    assert.equal(stateOf(bench, 'm'), 'down');
    await bench.monitors.edit('m', () => ({
      probe: input('x', { probe: { kind: 'icmp', host: '192.0.2.2' } }).probe,
    }));
    assert.equal(stateOf(bench, 'm'), 'pending');
  });

  it('begins and ends a maintenance window by itself', async (t) => {
    const bench = await makeBench(t);
    const window = { from: '2026-01-01T01:00:00Z', to: '2026-01-01T02:00:00Z', note: 'disks' };
    await bench.monitors.save([input('m', { maintenance: [window] })]);
    const silences = [0, 1, 1.9, 2].map((hour) => {
      bench.now = start + hour * 3_600_000;
      bench.monitors.judge.sweep();
      return bench.monitors.judge.get('m')?.silenced ?? null;
    });
    assert.deepEqual(silences, [null, 'maintenance: disks', 'maintenance: disks', null]);
  });

  it('leaves maintenance out of the uptime, also when it is written down afterwards', async (t) => {
    const bench = await makeBench(t);
    const { monitors } = bench;
    await monitors.save([input('m')]);
    const minutes = Array.from({ length: 60 }, (_, i) =>
      makeRound('m', i * 60, { outcome: i < 15 ? 'down' : 'up' }),
    );
    bench.now = start + 3_600_000;
    await bench.report('lon', minutes);
    await monitors.sum();
    const day = (): number | null => monitors.uptime.read('m', bench.now).day;
    assert.equal(day(), 0.75);
    const window = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:20:00Z', note: '' };
    await monitors.edit('m', () => ({ maintenance: [window] }));
    await monitors.sum();
    assert.equal(day(), 1);
    const shorter = { ...window, to: '2026-01-01T00:10:00Z' };
    await monitors.edit('m', () => ({ maintenance: [shorter] }));
    await bench.restart();
    assert.equal(bench.monitors.uptime.read('m', bench.now).day, 0.9);
  });

  const minutely = (outcomes: readonly MonitorResult['outcome'][], from: number): MonitorResult[] =>
    outcomes.map((outcome, i) => makeRound('m', (from + i) * 60, { outcome }));
  const repeat = (outcome: MonitorResult['outcome'], times: number): MonitorResult['outcome'][] =>
    new Array(times).fill(outcome);

  it('raises nothing for the past when an hour of rounds comes late', async (t) => {
    const bench = await makeBench(t);
    const { monitors } = bench;
    await monitors.save([input('m', { agents: ['lon'] })]);
    const states: (string | undefined)[] = [];
    monitors.listen((_, type) => {
      if (type === 'state') states.push(stateOf(bench, 'm'));
    });
    await bench.report('lon', minutely(['up'], 0));
    bench.now = start + 3_600_000;
    monitors.judge.sweep();
    const late = minutely([...repeat('up', 9), ...repeat('down', 30), ...repeat('up', 18)], 1);
    await bench.report('lon', late.slice(0, 20));
    assert.equal(stateOf(bench, 'm'), 'unknown');
    await bench.report('lon', late.slice(20));
    await bench.report('lon', minutely(['up', 'up'], 58));
    assert.deepEqual([...new Set(states)], ['up', 'unknown']);
    assert.equal(stateOf(bench, 'm'), 'up');
    await monitors.settle();
    const incidents = await bench.store.queryIncidents({ limit: 9 });
    assert.deepEqual(
      incidents.map(({ started_at, ended_at, silenced }) => [started_at, ended_at, silenced]),
      [['2026-01-01T00:11:00.000Z', '2026-01-01T00:40:00.000Z', 'it was over when it was reported']],
    );
    await monitors.sum();
    assert.equal(monitors.uptime.read('m', bench.now).day, 0.5);
  });

  it('begins an incident when it began, where late rounds end in one that lasts', async (t) => {
    const bench = await makeBench(t);
    await bench.monitors.save([input('m', { agents: ['lon'] })]);
    await bench.report('lon', minutely(['up'], 0));
    bench.now = start + 600_000;
    bench.monitors.judge.sweep();
    bench.now = start + 3_600_000;
    await bench.report('lon', minutely([...repeat('up', 29), ...repeat('down', 28)], 1));
    await bench.monitors.settle();
    await bench.restart();
    assert.equal(stateOf(bench, 'm'), 'unknown', 'a kill amid late rounds does not show them');
    await bench.report('lon', minutely(['down'], 59));
    assert.equal(stateOf(bench, 'm'), 'down');
    await bench.monitors.settle();
    const [{ started_at, ended_at, silenced }] = await bench.store.queryIncidents({ limit: 9 });
    assert.deepEqual([started_at, ended_at, silenced], ['2026-01-01T00:31:00.000Z', null, null]);
  });

  it('goes by its own clock where that of an agent is wrong', async (t) => {
    const bench = await makeBench(t);
    await bench.monitors.save([input('m', { agents: ['lon'] })]);
    const day = 86_400_000;
    bench.now = start + day;
    for (const offset of [-day, day]) {
      const results = ['down', 'down', 'up'].map((outcome, i) =>
        makeRound('m', 0, {
          at: new Date(bench.now + offset + i * 1000).toISOString(),
          outcome: outcome as 'up',
        }),
      );
      bench.now += 3_000;
      for (const result of results) bench.monitors.committed('lon', [result], 1, offset);
      bench.now += 60_000;
    }
    await bench.monitors.settle();
    assert.equal(stateOf(bench, 'm'), 'up');
    const incidents = await bench.store.queryIncidents({ limit: 9 });
    assert.deepEqual(
      incidents.map(({ started_at, duration_ms }) => [started_at, duration_ms]),
      [
        ['2026-01-02T00:01:04.000Z', 1000],
        ['2026-01-02T00:00:01.000Z', 1000],
      ],
    );
  });
});
