import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { AgentLink } from '../../src/agent/link/link.ts';
import type { SourceFrame } from '../../src/agent/link/source.ts';
import { OrderDesk } from '../../src/agent/orders/desk.ts';
import { SeenOrders } from '../../src/agent/orders/seen.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { ended } from '../../src/wire/reported.fixture.ts';
import { startLinkServer } from './server.ts';
import { NumberSource } from './source.ts';

const dayMs = 86_400_000;

it('a wall clock that jumps by a day either way stops no records, no frames and no orders, and floods nobody', async (t) => {
  let jump = 0;
  const real = Date.now;
  Date.now = () => real() + jump;
  t.after(() => {
    Date.now = real;
  });
  const folder = mkdtempSync(join(tmpdir(), 'netmon-jump-'));
  const logged: string[] = [];
  const reporter = makeReporter({ format: 'json', write: (line) => void logged.push(line) });
  const server = await startLinkServer(join(folder, 'db.sqlite'), reporter);
  const orders = new OrderDesk(
    { agent: 'box', forbidden: new Set(), seen: new SeenOrders({ path: join(folder, 'orders') }) },
    { handle: async () => ({ type: 'done' }) },
    reporter,
  );
  const source = new NumberSource();
  const hello = { agent: 'box', version: '1', kernel: '', os: '' };
  const spool = { path: join(folder, 'spool') };
  const link = new AgentLink({ server: server.url, hello, spool, orders }, source, reporter);
  link.start();
  const viewer = new WebSocket(`${server.url}/ws?mode=delta`);
  let frames = 0;
  viewer.on('message', () => frames++);
  await once(viewer, 'open');
  viewer.send('{"kind":"subscribe","id":"v","topic":"connections"}');
  t.after(async () => {
    viewer.terminate();
    await link.stop();
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  const until = async (what: string, holds: () => boolean): Promise<void> => {
    const deadline = performance.now() + 60_000;
    while (!holds()) {
      assert.ok(performance.now() < deadline, `${what} did not come`);
      await sleep(10);
    }
  };
  await until('the agent', () => server.agents.connected().includes('box'));
  const reading = setInterval(() => source.read(), 100);
  t.after(() => clearInterval(reading));

  let rows = 0;
  for (const next of [0, dayMs, -dayMs, 2 * dayMs, 0]) {
    jump = next;
    const before = { frames, at: performance.now() };
    link.record(ended(++rows, { error: 'ECONNREFUSED' }));
    source.add(rows);
    await until(`the record after ${jump} ms`, () => server.store.stats().rows === rows);
    await until(`the connection after ${jump} ms`, () => server.mirror.stats().active_connections === rows);
    assert.deepEqual(await server.agents.order('box', { type: 'monitors.list' }), { type: 'done' });
    await until(`frames after ${jump} ms`, () => frames >= before.frames + 10);
    const perSecond = ((frames - before.frames) / (performance.now() - before.at)) * 1000;
    assert.ok(perSecond < 25, `${perSecond.toFixed(1)} frames a second after ${jump} ms`);
    assert.equal(link.status().connected, true);
  }
  assert.ok(logged.length < 30, logged.join(''));
});

it('an agent takes orders whatever its clock says, and soon after it was set', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-jump-'));
  const reporter = makeReporter({ write: () => {} });
  const server = await startLinkServer(join(folder, 'db.sqlite'), reporter);
  let off = -dayMs;
  const orders = new OrderDesk(
    { agent: 'box', forbidden: new Set(), seen: new SeenOrders({ path: null }), now: () => Date.now() + off },
    { handle: async () => ({ type: 'done' }) },
    reporter,
  );
  class OffSource extends NumberSource {
    override takeFrame(full: boolean): SourceFrame {
      const frame = super.takeFrame(full);
      return { ...frame, at: frame.at + off };
    }
  }
  const source = new OffSource();
  const hello = { agent: 'box', version: '1', kernel: '', os: '' };
  const link = new AgentLink({ server: server.url, hello, spool: { path: null }, orders }, source, reporter);
  link.start();
  t.after(async () => {
    await link.stop();
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  const deadline = performance.now() + 60_000;
  while (!server.agents.connected().includes('box')) {
    assert.ok(performance.now() < deadline);
    await sleep(5);
  }
  const order = (): Promise<unknown> => server.agents.order('box', { type: 'monitors.list' });
  assert.deepEqual(await order(), { type: 'done' });
  for (const next of [0, dayMs, -dayMs]) {
    off = next;
    const offset = (): number => server.agents.get('box')!.facts().clockOffsetMs!;
    while (Math.abs(offset() - off) > 1000) {
      assert.ok(performance.now() < deadline, `${offset()} after ${off}`);
      source.read();
      await sleep(20);
    }
    assert.deepEqual(await order(), { type: 'done' });
  }
});
