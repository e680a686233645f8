import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { durableRecordSchema } from '../../wire/link.ts';
import type { MonitorResult } from '../../wire/monitor.ts';
import { type Order, type OrderAnswer, orderAnswerSchema } from '../../wire/orders.ts';
import type { OrderOwner } from '../orders/handler.ts';
import { makeAssignment, makeRun, makeRunner, makeTypes } from './monitors.fixture.ts';
import type { MonitorRunner } from './runner.ts';

const quick = { interval_ms: 1_000 };
const refused = makeRun({
  failure: { code: 'ECONNREFUSED', message: 'refused', phase: 'connect' },
  responseMs: null,
});

/** Gives an order and holds the answer against its schema. */
async function give(runner: MonitorRunner, order: Order, owner: OrderOwner = 'server'): Promise<OrderAnswer> {
  return orderAnswerSchema.parse(await runner.handle(order, owner));
}

const set = (revision: number, ...ids: string[]): Order => ({
  type: 'monitors.set',
  revision,
  part: 0,
  parts: 1,
  monitors: ids.map((id) => makeAssignment(id, quick)),
});

async function list(runner: MonitorRunner, owner: OrderOwner = 'server') {
  const answer = await give(runner, { type: 'monitors.list' }, owner);
  assert.equal(answer.type, 'monitors');
  return answer;
}

async function ids(runner: MonitorRunner): Promise<string[]> {
  return (await list(runner)).monitors.map(({ monitor, owner }) => `${owner}:${monitor.id}`).sort();
}

/** The next round that is told of. */
function nextResult(runner: MonitorRunner): Promise<MonitorResult> {
  return new Promise((resolve) => {
    const end = runner.onResult((result) => {
      end();
      resolve(result);
    });
  });
}

function makeFolder(): { readonly file: string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-monitors-'));
  return {
    file: join(folder, 'monitors.json'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

describe('the monitors of an agent', () => {
  it('are carried out, recorded, told of and remembered', async () => {
    const { runner, records } = makeRunner();
    runner.start();
    const told = nextResult(runner);
    await give(runner, { type: 'monitor.put', monitor: makeAssignment('one', quick), revision: 5 });
    const result = await told;
    assert.deepEqual([result.monitor, result.revision, result.outcome], ['one', 1, 'up']);
    assert.deepEqual(records, [{ kind: 'probe', result }]);
    durableRecordSchema.parse(records[0]);
    assert.deepEqual(await give(runner, { type: 'results.list', monitor: 'one', limit: 10 }), {
      type: 'results',
      results: [result],
    });
    const [carried] = (await list(runner)).monitors;
    assert.deepEqual([carried.state, carried.since, carried.running], ['up', result.at, true]);
    assert.equal(carried.last?.at, result.at);
    const described = await give(runner, { type: 'agent.describe' });
    assert.ok(described.type === 'agent' && described.agent.monitors === 1);
    await runner.stop();
  });

  it('of the server are replaced as a whole, those of consoles stay', async () => {
    const { runner } = makeRunner();
    await give(runner, { type: 'monitor.put', monitor: makeAssignment('mine') }, 'console');
    await give(runner, set(1, 'a', 'b'));
    assert.deepEqual(await ids(runner), ['console:mine', 'server:a', 'server:b']);
    await give(runner, set(2, 'b', 'c'));
    assert.deepEqual(await ids(runner), ['console:mine', 'server:b', 'server:c']);
    assert.equal(runner.revision, 2);
    await runner.stop();
  });

  it('come in parts, which hold with the last of them', async () => {
    const { runner } = makeRunner();
    await give(runner, set(1, 'old'));
    const part = (number: number, id: string): Order => ({
      type: 'monitors.set',
      revision: 2,
      part: number,
      parts: 2,
      monitors: [makeAssignment(id)],
    });
    assert.equal((await give(runner, part(0, 'x'))).type, 'done');
    assert.deepEqual(await ids(runner), ['server:old']);
    await give(runner, part(1, 'y'));
    assert.deepEqual(await ids(runner), ['server:x', 'server:y']);
    const alone = await give(runner, part(1, 'z'));
    assert.ok(alone.type === 'refused' && alone.code === 'NM_CONFLICT');
    await runner.stop();
  });

  it('have a revision that a change brings or takes away', async () => {
    const { runner } = makeRunner();
    assert.equal(runner.revision, null);
    await give(runner, { type: 'monitor.put', monitor: makeAssignment('a'), revision: 7 });
    assert.equal(runner.revision, 7);
    await give(runner, { type: 'monitor.put', monitor: makeAssignment('mine'), revision: 9 }, 'console');
    assert.equal(runner.revision, 7);
    await give(runner, { type: 'monitor.remove', monitor: 'a' });
    assert.equal(runner.revision, null);
    await runner.stop();
  });

  it('belong to who has put them', async () => {
    const { runner } = makeRunner();
    await give(runner, set(1, 'a'));
    for (const order of [
      { type: 'monitor.put', monitor: makeAssignment('a', { name: 'other' }) },
      { type: 'monitor.remove', monitor: 'a' },
      set(1, 'a'),
    ] as const) {
      const answer = await give(runner, order, 'console');
      assert.ok(answer.type === 'refused' && answer.code === 'NM_CONFLICT');
    }
    await give(runner, { type: 'monitor.put', monitor: makeAssignment('mine') }, 'console');
    await give(runner, { type: 'monitor.remove', monitor: 'mine' });
    assert.deepEqual(await ids(runner), ['console:mine', 'server:a']);
    const absent = await give(runner, { type: 'monitor.remove', monitor: 'none' }, 'console');
    assert.ok(absent.type === 'refused' && absent.code === 'NM_NOT_FOUND');
    await runner.stop();
  });

  it('stop and start again where they are told to, whatever the server sends meanwhile', async () => {
    const { runner, records } = makeRunner();
    await give(runner, set(1, 'a'));
    await give(runner, { type: 'monitor.stop', monitor: 'a' }, 'console');
    await give(runner, {
      type: 'monitor.put',
      monitor: makeAssignment('a', { ...quick, revision: 2 }),
    });
    const [carried] = (await list(runner)).monitors;
    assert.deepEqual([carried.running, carried.monitor.revision, records.length], [false, 2, 0]);
    const told = nextResult(runner);
    await give(runner, { type: 'monitor.start', monitor: 'a' });
    assert.equal((await told).revision, 2);
    await runner.stop();
  });

  it('go on after a restart, without a server', async () => {
    using folder = makeFolder();
    const { file } = folder;
    const first = makeRunner({ file }).runner;
    first.start();
    await give(first, set(3, 'a', 'b'));
    await give(first, { type: 'monitor.put', monitor: makeAssignment('mine', quick) }, 'console');
    await give(first, { type: 'monitor.stop', monitor: 'b' });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await first.stop();

    const second = makeRunner({ file }).runner;
    assert.equal(second.revision, 3);
    second.start();
    assert.deepEqual(await ids(second), ['console:mine', 'server:a', 'server:b']);
    assert.equal((await nextResult(second)).outcome, 'up');
    const { monitors } = await list(second);
    assert.equal(monitors.find(({ monitor }) => monitor.id === 'b')?.running, false);
    await second.stop();
  });

  it('are none after a file that is none, which is set aside', async () => {
    for (const text of ['{', '{"version":2}', `{"version":1,"revision":1,"carried":[{}]}`]) {
      using folder = makeFolder();
      writeFileSync(folder.file, text);
      const { runner, log } = makeRunner({ file: folder.file });
      runner.start();
      assert.equal(runner.revision, null);
      assert.deepEqual(await ids(runner), []);
      assert.equal(readFileSync(`${folder.file}.bad`, 'utf8'), text);
      assert.match(log.join(), /set aside/);
      await runner.stop();
    }
  });

  it('are refused when they cannot be kept, and the server is not told that they are', async () => {
    const { runner } = makeRunner({ file: '/dev/null/monitors.json' });
    const answer = await give(runner, set(4, 'a'));
    assert.ok(answer.type === 'refused' && answer.code === 'NM_SYSTEM');
    assert.equal(runner.revision, null);
    await runner.stop();
  });

  it('that this agent cannot carry out say so when the server sent them, and are refused to a console', async () => {
    const { runner } = makeRunner();
    const strange = makeAssignment('strange', {
      ...quick,
      assertions: [{ test: '[NONSENSE] == 1', severity: 'down' }],
    });
    const answer = await give(runner, { type: 'monitor.put', monitor: strange }, 'console');
    assert.ok(answer.type === 'refused' && answer.code === 'NM_VALIDATION');
    const told = nextResult(runner);
    await give(runner, { type: 'monitor.put', monitor: strange });
    const { outcome, reason } = await told;
    assert.deepEqual([outcome, reason?.code, reason?.phase], ['unknown', 'NOT_SUPPORTED', 'agent']);
    await runner.stop();
  });

  it('are listed without the details of rounds when there are many', async () => {
    const detail = { banner: 'x'.repeat(512) };
    const { runner } = makeRunner({ types: makeTypes(async () => makeRun({ detail })) });
    const seen = new Set<string>();
    runner.onResult(({ monitor }) => seen.add(monitor));
    const many = Array.from({ length: 1_001 }, (_, i) => makeAssignment(`m${i}`, quick));
    for (let part = 0; part < 6; part++) {
      const monitors = many.slice(part * 200, part * 200 + 200);
      await give(runner, { type: 'monitors.set', revision: 1, part, parts: 6, monitors });
    }
    while (seen.size < 1_001) await nextResult(runner);
    const { monitors } = await list(runner);
    assert.ok(monitors.every(({ last }) => last !== null && last.detail.banner === undefined));
    await give(runner, { type: 'monitor.remove', monitor: 'm1000' });
    assert.equal((await list(runner)).monitors[0].last?.detail.banner, detail.banner);
    await runner.stop();
  });

  it('are tried once on request, and nothing is kept of it', async () => {
    const { runner, records } = makeRunner({ types: makeTypes(async () => refused) });
    const { probe } = makeAssignment('x');
    const trial: Order = { type: 'probe.run', probe, assertions: [], timeout_ms: 100, retries: 1 };
    const answer = await give(runner, trial);
    assert.ok(answer.type === 'result');
    assert.deepEqual([answer.result.outcome, answer.result.attempts, records.length], ['down', 2, 0]);
    await runner.stop();
  });

  it('end with the agent, and what had not ended is not recorded', async () => {
    using folder = makeFolder();
    const began = Promise.withResolvers<void>();
    const { runner, records } = makeRunner({
      file: folder.file,
      types: makeTypes(async (_, { signal }) => {
        began.resolve();
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        return refused;
      }),
    });
    runner.start();
    await give(runner, set(1, 'a'));
    await began.promise;
    await runner.stop();
    assert.deepEqual(records, []);
    assert.ok(existsSync(folder.file));
    const late = await give(runner, set(2, 'b'));
    assert.ok(late.type === 'refused' && late.code === 'NM_UNAVAILABLE');
  });

  it('tell of the state that thresholds make of rounds, over changes of all but the target', async () => {
    const { runner } = makeRunner({ types: makeTypes(async () => refused) });
    const once = makeAssignment('a', {
      ...quick,
      thresholds: { failures: 1, successes: 1, share: null },
    });
    const told = nextResult(runner);
    await give(runner, { type: 'monitor.put', monitor: once });
    await told;
    const state = async () => (await list(runner)).monitors[0].state;
    assert.equal(await state(), 'down');
    await give(runner, { type: 'monitor.put', monitor: { ...once, revision: 2, name: 'renamed' } });
    assert.equal(await state(), 'down');
    const probe = { ...once.probe, host: '192.0.2.8' } as typeof once.probe;
    await give(runner, { type: 'monitor.put', monitor: { ...once, revision: 3, probe } });
    assert.equal(await state(), 'pending');
    await runner.stop();
  });
});
