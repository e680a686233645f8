import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Monitor, type MonitorInput, type MonitorResult, monitorSchema } from '../wire/monitor.ts';
import type { StoreUnderTest } from './contract.ts';
import type { Store } from './store.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');

/** A monitor with the defaults of what is not given. */
export function makeMonitor(id: string, fields: Partial<MonitorInput> = {}): Monitor {
  const time = new Date(start).toISOString();
  return monitorSchema.parse({
    id,
    revision: 1,
    created_at: time,
    changed_at: time,
    name: id,
    probe: { kind: 'icmp', host: '192.0.2.1' },
    ...fields,
  });
}

/** A round that began at the given second, up unless told otherwise. */
export function makeRound(
  monitor: string,
  second: number,
  fields: Partial<MonitorResult> = {},
): MonitorResult {
  return {
    monitor,
    revision: 1,
    at: new Date(start + second * 1000).toISOString(),
    outcome: 'up',
    duration_ms: 12,
    reason: null,
    attempts: 1,
    address: '192.0.2.1',
    phases: { resolve_ms: null, connect_ms: null, tls_ms: null, processing_ms: null, transfer_ms: null },
    echoes: [12],
    detail: {},
    ...fields,
  };
}

/** What every back end must do for monitors. */
export function describeMonitorStore(name: string, open: () => Promise<StoreUnderTest>): void {
  const withStore = (work: (store: Store, tested: StoreUnderTest) => Promise<void>) => async () => {
    const tested = await open();
    try {
      await work(tested.store, tested);
    } finally {
      await tested.dispose();
    }
  };
  const insert = (store: Store, first: number, results: readonly MonitorResult[], agent = 'a') =>
    store.insertReported({
      agent,
      epoch: 'e',
      first,
      records: results.map((result) => ({ kind: 'probe' as const, result })),
    });

  describe(`monitor store: ${name}`, () => {
    it(
      'gives monitors back as they were saved, in the order of their making',
      withStore(async (store, tested) => {
        const [a, b] = [makeMonitor('zeta'), makeMonitor('alpha')];
        await store.saveMonitors([a, b]);
        const changed = { ...a, revision: 2, name: '__proto__' };
        await store.saveMonitors([changed]);
        assert.deepEqual(await (await tested.reopen()).readMonitors(), [changed, b]);
      }),
    );

    it(
      'stores a round once with its sequence number, and none of a monitor that is not there',
      withStore(async (store, tested) => {
        await store.saveMonitors([makeMonitor('m')]);
        const rounds = [makeRound('m', 0), makeRound('gone', 1), makeRound('m', 2)];
        const { ids, seq } = await insert(store, 0, rounds);
        assert.equal(seq, 2);
        assert.deepEqual(
          ids.map((id) => id !== null),
          [true, false, true],
        );
        await insert(store, 0, rounds);
        const again = await tested.reopen();
        assert.equal((await insert(again, 0, rounds)).seq, 2);
        const found = await again.queryRounds({ monitor: 'm', limit: 9 });
        assert.deepEqual(
          found.map(({ result }) => result),
          [rounds[2], rounds[0]],
        );
        assert.equal(again.stats().rows, 0);
      }),
    );

    it(
      'pages through rounds by time, of all agents or of one',
      withStore(async (store) => {
        await store.saveMonitors([makeMonitor('m'), makeMonitor('n')]);
        const seconds = Array.from({ length: 30 }, (_, i) => i);
        await insert(
          store,
          0,
          seconds.map((second) => makeRound('m', Math.floor(second / 3))),
        );
        await insert(
          store,
          0,
          seconds.map((second) => makeRound(second % 2 ? 'm' : 'n', second)),
          'b',
        );
        const ids = new Set<number>();
        let before: { at: number; id: number } | undefined;
        for (;;) {
          const page = await store.queryRounds({ monitor: 'm', limit: 7, before });
          for (const { id } of page) ids.add(id);
          const last = page.at(-1);
          if (!last) break;
          before = { at: Date.parse(last.result.at), id: last.id };
        }
        assert.equal(ids.size, 45);
        const ofB = await store.queryRounds({
          monitor: 'm',
          agent: 'b',
          since: start + 3000,
          until: start + 7000,
          limit: 99,
        });
        assert.deepEqual(
          ofB.map(({ result }) => result.at.slice(17, 19)),
          ['07', '05', '03'],
        );
      }),
    );

    it(
      'keeps nothing of a removed monitor, nor gives it to one that takes its id',
      withStore(async (store) => {
        await store.saveMonitors([makeMonitor('m'), makeMonitor('n')]);
        await insert(store, 0, [makeRound('m', 0), makeRound('n', 0)]);
        await store.removeMonitor('m');
        await store.removeMonitor('m');
        await store.saveMonitors([makeMonitor('m')]);
        assert.equal((await store.queryRounds({ monitor: 'm', limit: 9 })).length, 0);
        assert.equal((await store.queryRounds({ monitor: 'n', limit: 9 })).length, 1);
      }),
    );

    it(
      'forgets rounds that are older than the limit',
      withStore(async (store) => {
        await store.saveMonitors([makeMonitor('m')]);
        await insert(store, 0, [makeRound('m', 0), makeRound('m', 86_400)]);
        await store.retain(start + 7.5 * 86_400_000);
        const left = await store.queryRounds({ monitor: 'm', limit: 9 });
        assert.deepEqual(
          left.map(({ result }) => result.at),
          ['2026-01-02T00:00:00.000Z'],
        );
      }),
    );

    const describeMonitor = () => ({ quorum: 1, intervalMs: 60_000 });
    const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
    const at = (ms: number): string => new Date(today + ms).toISOString();

    it(
      'adds each round to the sums exactly once, also over restarts and when it comes late',
      withStore(async (store, tested) => {
        await store.saveMonitors([makeMonitor('m')]);
        const phases = {
          resolve_ms: 1,
          connect_ms: 2,
          tls_ms: null,
          processing_ms: null,
          transfer_ms: null,
        };
        const rounds = Array.from({ length: 1500 }, (_, i) =>
          makeRound('m', 0, {
            at: at(i * 1000),
            echoes: i === 7 ? [null, null] : [10, 20],
            outcome: i === 7 ? 'down' : 'up',
            phases,
          }),
        );
        await insert(store, 0, rounds.slice(0, 700));
        await Promise.all([store.sumRounds(describeMonitor), store.sumRounds(describeMonitor)]);
        await insert(store, 700, rounds.slice(700, 999));
        const again = await tested.reopen();
        await insert(again, 999, rounds.slice(999));
        await insert(again, 1500, [makeRound('m', 0, { at: at(500), echoes: [5] })]);
        await again.sumRounds(describeMonitor);
        await again.sumRounds(describeMonitor);
        const query = { monitor: 'm', since: today - 300 * 86_400_000, until: today + 86_400_000 };
        const { stepMs, agents } = await again.readHistory(query);
        assert.equal(stepMs, 86_400_000);
        const [day] = agents.get('a') ?? [];
        const { p25_ms, p75_ms, ...exact } = day;
        assert.ok(Math.abs(Number(p25_ms) - 10) < 0.5 && Math.abs(Number(p75_ms) - 20) < 1);
        assert.deepEqual(exact, {
          at: new Date(today).toISOString(),
          rounds: 1501,
          up: 1500,
          degraded: 0,
          down: 1,
          unknown: 0,
          echoes: 3001,
          lost: 2,
          min_ms: 5,
          p10_ms: p25_ms,
          p50_ms: p25_ms,
          p90_ms: p75_ms,
          max_ms: 20,
          avg_ms: 14.997,
          phases,
        });
      }),
    );

    it(
      'knows for how long a target was down, by as many agents as must agree',
      withStore(async (store, tested) => {
        await store.saveMonitors([makeMonitor('m'), makeMonitor('n')]);
        const hour = (downs: number, monitor: string): MonitorResult[] =>
          Array.from({ length: 60 }, (_, i) =>
            makeRound(monitor, 0, { at: at(i * 60_000), outcome: i < downs ? 'down' : 'up' }),
          );
        for (const [agent, downs] of [
          ['a', 30],
          ['b', 15],
          ['c', 0],
        ] as const) {
          await insert(store, 0, [...hour(downs, 'm'), ...hour(downs, 'n')], agent);
        }
        await store.sumRounds((id) => ({ quorum: id === 'm' ? 2 : 9, intervalMs: 60_000 }));
        const again = await tested.reopen();
        const rows = await again.readUptime(today, today);
        const minutes = (id: string): number[][] =>
          rows
            .filter(({ monitor }) => monitor === id)
            .sort((x, y) => x.lengthMs - y.lengthMs)
            .map(({ knownMs, downMs }) => [Math.round(knownMs / 60_000), Math.round(downMs / 60_000)]);
        assert.deepEqual(minutes('m'), [
          [60, 15],
          [60, 15],
        ]);
        assert.deepEqual(minutes('n'), [
          [60, 0],
          [60, 0],
        ]);
      }),
    );

    const inHour = async (store: Store): Promise<number[]> => {
      const rows = await store.readUptime(today, today);
      return rows
        .toSorted((x, y) => x.lengthMs - y.lengthMs)
        .flatMap(({ knownMs, downMs }) => [Math.round(knownMs / 60_000), Math.round(downMs / 60_000)]);
    };
    const window = (from: number, to: number) => ({ from: at(from * 60_000), to: at(to * 60_000), note: '' });
    const describePlanned =
      (...windows: readonly (readonly [number, number])[]) =>
      () => ({
        ...describeMonitor(),
        isPlanned: (ms: number) =>
          windows.some(([from, to]) => ms >= today + from * 60_000 && ms < today + to * 60_000),
      });
    const sixty = (downs: (minute: number) => boolean): MonitorResult[] =>
      Array.from({ length: 60 }, (_, i) =>
        makeRound('m', 0, { at: at(i * 60_000), outcome: downs(i) ? 'down' : 'up' }),
      );

    it(
      'leaves maintenance out of the uptime, as the time of unknown rounds is',
      withStore(async (store, tested) => {
        await store.saveMonitors([makeMonitor('m', { maintenance: [window(0, 20)] })]);
        await insert(
          store,
          0,
          sixty((minute) => minute < 25),
        );
        await store.sumRounds(describePlanned([0, 20]));
        const again = await tested.reopen();
        await insert(again, 60, [makeRound('m', 0, { at: at(60_500), outcome: 'down' })]);
        await again.sumRounds(describePlanned([0, 20]));
        assert.deepEqual(await inHour(again), [40, 5, 40, 5]);
      }),
    );

    it(
      'works the uptime out again when a window is changed afterwards',
      withStore(async (store, tested) => {
        const save = (opened: Store, ...maintenance: readonly ReturnType<typeof window>[]) =>
          opened.saveMonitors([makeMonitor('m', { maintenance: [...maintenance] })]);
        await save(store);
        await insert(
          store,
          0,
          sixty((minute) => minute < 25),
        );
        await store.sumRounds(describePlanned());
        assert.deepEqual(await inHour(store), [60, 25, 60, 25]);
        await save(store, window(0, 20));
        const again = await tested.reopen();
        await again.sumRounds(describePlanned([0, 20]));
        assert.deepEqual(await inHour(again), [40, 5, 40, 5]);
        await save(again, window(0, 20), window(50, 200));
        await again.sumRounds(describePlanned([0, 20], [50, 200]));
        assert.deepEqual(await inHour(again), [30, 5, 30, 5]);
        await save(again);
        await again.sumRounds(describePlanned());
        assert.deepEqual(await inHour(again), [60, 25, 60, 25]);
        assert.deepEqual(await again.sumRounds(describePlanned([0, 60])), []);
      }),
    );

    it(
      'goes by the shortest sums that are left where the single rounds are gone',
      withStore(async (store) => {
        const rounds = sixty((minute) => minute < 25);
        await store.saveMonitors([makeMonitor('m')]);
        await insert(store, 0, rounds);
        await store.sumRounds(describePlanned());
        await store.retain(today + 7 * 86_400_000 + 30 * 60_000);
        assert.ok((await store.queryRounds({ monitor: 'm', limit: 99 })).length < 60);
        await store.saveMonitors([makeMonitor('m', { maintenance: [window(20, 50)] })]);
        await store.sumRounds(describePlanned([20, 50]));
        assert.deepEqual(await inHour(store), [0, 0, 0, 0]);
        await store.saveMonitors([makeMonitor('m', { maintenance: [window(0, 20)] })]);
        await store.sumRounds(describePlanned([0, 20]));
        assert.deepEqual(await inHour(store), [60, 25, 60, 25]);
      }),
    );

    it(
      'remembers since when a monitor has its weekly windows',
      withStore(async (store, tested) => {
        const weekly = { weekdays: [0], at: '02:00', minutes: 60, note: '' };
        const change = (day: number, maintenance: (typeof weekly)[]) =>
          store.saveMonitors([
            { ...makeMonitor('m', { maintenance }), changed_at: new Date(start + day).toISOString() },
          ]);
        await store.saveMonitors([makeMonitor('n')]);
        await change(0, [weekly]);
        await change(1, [weekly]);
        await change(2, []);
        await change(3, [{ ...weekly, minutes: 30 }]);
        const again = await tested.reopen();
        const plans = await again.readWeeklyPlans();
        assert.deepEqual(
          [...plans],
          [
            [
              'm',
              [
                { since: start, windows: [weekly] },
                { since: start + 2, windows: [] },
                { since: start + 3, windows: [{ ...weekly, minutes: 30 }] },
              ],
            ],
          ],
        );
        await again.removeMonitor('m');
        assert.equal((await again.readWeeklyPlans()).size, 0);
      }),
    );

    it(
      'keeps judgements and incidents with the round up to which they go',
      withStore(async (store, tested) => {
        await store.saveMonitors([makeMonitor('m'), makeMonitor('n')]);
        await insert(store, 0, [makeRound('m', 0), makeRound('m', 1), makeRound('n', 2)]);
        const [first] = await store.roundsAfter(0, 9);
        assert.equal(await store.nextIncident(), 1);
        const incident = {
          id: 1,
          monitor: 'm',
          state: 'down' as const,
          started_at: '2026-01-01T00:00:00.000Z',
          ended_at: null,
          duration_ms: null,
          reason: { code: 'TIMEOUT', message: 'no answer', phase: 'connect' as const },
          agents: ['a'],
          silenced: null,
        };
        await store.saveJudged({ judged: first.id, states: new Map([['m', '{"a":1}']]) }, [incident]);
        const again = await tested.reopen();
        const { judged, states } = await again.readJudged();
        assert.deepEqual([judged, [...states]], [first.id, [['m', '{"a":1}']]]);
        assert.equal((await again.roundsAfter(judged, 9)).length, 2);
        assert.equal(await again.nextIncident(), 2);
        assert.deepEqual(await again.queryIncidents({ open: true, limit: 9 }), [{ ...incident, name: 'm' }]);
        const over = { ...incident, ended_at: '2026-01-01T00:01:00.000Z', duration_ms: 60_000 };
        await again.saveJudged({ judged, states: new Map() }, [over, { ...incident, id: 2, monitor: 'n' }]);
        assert.deepEqual(await again.queryIncidents({ monitor: 'm', limit: 9 }), [{ ...over, name: 'm' }]);
        assert.deepEqual(
          (await again.queryIncidents({ since: '2026-01-02T00:00:00.000Z', limit: 9 })).map(({ id }) => id),
          [2],
        );
        await again.removeMonitor('m');
        assert.deepEqual(
          (await again.queryIncidents({ limit: 9 })).map(({ monitor }) => monitor),
          ['n'],
        );
      }),
    );
  });
}
