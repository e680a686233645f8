import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KnownAgent, maxKnownAgents } from './agents.ts';
import type { StoreUnderTest } from './contract.ts';
import type { Store } from './store.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');

function makeAgent(agent: string, second = 0, fields: Partial<KnownAgent> = {}): KnownAgent {
  const at = new Date(start + second * 1000).toISOString();
  return {
    agent,
    version: '1',
    kernel: 'k',
    os: 'o',
    dialledBy: 'agent',
    address: null,
    tls: false,
    firstSeen: at,
    lastSeen: at,
    ...fields,
  };
}

/** What every store must do with agents. */
export function describeAgentStore(name: string, open: () => Promise<StoreUnderTest>): void {
  const withStore = (work: (store: Store) => Promise<void>) => async () => {
    const tested = await open();
    try {
      await work(tested.store);
    } finally {
      await tested.dispose();
    }
  };
  describe(`${name}: agents`, () => {
    it(
      'are kept under their names, with the first time at which they were seen',
      withStore(async (store) => {
        assert.deepEqual(await store.readAgents(), []);
        const first = makeAgent('b');
        await store.saveAgents([first, makeAgent("a'; --")]);
        const later = makeAgent('b', 60, {
          version: '2',
          dialledBy: 'server',
          address: '[::1]:9',
          tls: true,
        });
        await store.saveAgents([later]);
        assert.deepEqual(await store.readAgents(), [
          makeAgent("a'; --"),
          { ...later, firstSeen: first.firstSeen },
        ]);
      }),
    );

    it(
      'are forgotten beyond a number, those first that were not seen for the longest time',
      withStore(async (store) => {
        const many = Array.from({ length: maxKnownAgents }, (_, i) => makeAgent(`agent-${i}`, i));
        await store.saveAgents(many);
        await store.saveAgents([makeAgent('new', maxKnownAgents)]);
        const names = (await store.readAgents()).map(({ agent }) => agent);
        assert.equal(names.length, maxKnownAgents);
        assert.ok(names.includes('new') && !names.includes('agent-0') && names.includes('agent-1'));
      }),
    );

    it(
      'tell of what their records lack, the newest first and each its own',
      withStore(async (store) => {
        const at = '2026-01-01T00:00:00.000Z';
        const gap = { kind: 'gap', at, reason: 'full', lost: 4 } as const;
        const of = { agent: 'a', epoch: 'e', first: 0 };
        const lost_by = { connection: 3, probe: 1 };
        await store.insertReported({ ...of, records: [gap, { ...gap, lost_by }] });
        await store.insertReported({ ...of, agent: 'b', records: [gap] });
        const row = { at, reason: 'full', lost: 4 };
        assert.deepEqual(await store.readGaps('a', 10), [
          { ...row, lost_by },
          { ...row, lost_by: null },
        ]);
        assert.deepEqual(await store.readGaps('a', 1), [{ ...row, lost_by }]);
        assert.deepEqual(await store.readGaps('c', 1), []);
      }),
    );

    it(
      'that are dialled are kept in order, each once',
      withStore(async (store) => {
        for (const address of ['b:2', 'a:1', 'b:2']) await store.addDial(address);
        assert.deepEqual(await store.readDials(), ['b:2', 'a:1']);
        assert.equal(await store.removeDial('b:2'), true);
        assert.equal(await store.removeDial('b:2'), false);
        assert.deepEqual(await store.readDials(), ['a:1']);
      }),
    );
  });
}
