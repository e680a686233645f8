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
  });
}
