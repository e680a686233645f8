import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { AgentLink } from '../../src/agent/link/link.ts';
import { Listener } from '../../src/agent/listen/listener.ts';
import { OrderDesk } from '../../src/agent/orders/desk.ts';
import { SeenOrders } from '../../src/agent/orders/seen.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { Dialer } from '../../src/server/agents/dialer.ts';
import { makeAgentDirectory } from '../../src/server/agents/directory.ts';
import { AgentRegistry } from '../../src/server/agents/registry.ts';
import { Ingest } from '../../src/server/ingest/ingest.ts';
import { IdPool } from '../../src/server/live/ids.ts';
import { Mirror } from '../../src/server/live/mirror.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { ended } from '../../src/wire/reported.fixture.ts';
import { startLinkServer } from './server.ts';
import { NumberSource } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'netmon-dial-'));
after(() => rmSync(folder, { recursive: true }));
const reporter = makeReporter({ write: () => {} });
const running: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
});

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function startAgent(agent: string, port = 0, token?: string, server: string | null = null) {
  const hello = { agent, version: '1', kernel: 'k', os: 'o' };
  const orders = new OrderDesk(
    { agent, forbidden: new Set(['probe.run']), seen: new SeenOrders({ path: null }) },
    { handle: async (order) => ({ type: 'refused', code: 'NM_NOT_SUPPORTED', message: order.type }) },
    reporter,
  );
  const link = new AgentLink({ server, hello, spool: { path: null }, orders }, new NumberSource(), reporter);
  const listener = new Listener(
    { address: { host: '127.0.0.1', port }, ...(token !== undefined && { token }) },
    { hello, orders, feed: null, reporter, link },
  );
  link.start();
  await listener.start();
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await listener.stop();
    await link.stop();
  };
  running.push(stop);
  return { link, address: listener.address, stop };
}

let databases = 0;
async function startServer(
  fixed: readonly string[] = [],
  path = join(folder, `${databases++}.db`),
  token?: string,
) {
  const store = openSqliteStore({ path });
  const mirror = new Mirror(new IdPool(store), null);
  const registry = new AgentRegistry(store, reporter);
  const ingest = new Ingest({ store, mirror, reporter, agents: registry });
  const dialer = new Dialer({ fixed, ...(token !== undefined && { token }) }, { ingest, store, reporter });
  const directory = makeAgentDirectory({ store, registry, live: mirror });
  await ingest.start();
  await dialer.start();
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    dialer.stop();
    await ingest.stop();
    await store.close();
  };
  running.push(stop);
  return { store, registry, dialer, directory, path, stop };
}

describe('a server that dials', () => {
  it('has all of an agent that it would have, had the agent dialled', async () => {
    const agent = await startAgent('box');
    agent.link.record(ended(1));
    const server = await startServer();
    const added = await server.dialer.add(agent.address);
    assert.deepEqual([added.address, added.connected], [`http://${agent.address}`, false]);
    await until('the record', () => server.store.stats().rows === 1);
    const [row] = await server.directory.list();
    assert.deepEqual(
      [row.agent, row.connected, row.dialled_by, row.address, row.tls, row.reason],
      ['box', true, 'server', `http://${agent.address}`, false, null],
    );
    await until(
      'the clock',
      () => Math.abs(server.registry.get('box')?.facts().clockOffsetMs ?? 1000) < 1000,
    );
    assert.deepEqual(server.dialer.list(), [
      { address: `http://${agent.address}`, agent: 'box', connected: true, reason: null },
    ]);
  });

  it('gives orders by that link, and is told what the agent refuses', async () => {
    const agent = await startAgent('box');
    const { registry } = await startServer([agent.address]);
    await until('the agent', () => registry.connected().includes('box'));
    const code = async (order: Parameters<typeof registry.order>[1], name = 'box'): Promise<string> => {
      const answer = await registry.order(name, order);
      return answer.type === 'refused' ? answer.code : answer.type;
    };
    assert.equal(await code({ type: 'monitors.list' }), 'NM_NOT_SUPPORTED');
    assert.equal(await code({ type: 'monitors.list' }, 'other'), 'NM_UNAVAILABLE');
    const probe = {
      kind: 'icmp',
      host: '127.0.0.1',
      echoes: 1,
      gap_ms: 1,
      size: 56,
      ttl: 64,
      family: null,
    } as const;
    assert.equal(
      await code({ type: 'probe.run', probe, assertions: [], timeout_ms: 100, retries: 0 }),
      'NM_FORBIDDEN',
    );
    assert.equal(await code({ type: 'results.watch', on: true }), 'NM_NOT_SUPPORTED');
  });

  it('dials again when the agent was away, and goes on after a restart of its own', async () => {
    const first = await startAgent('box');
    const port = Number(first.address.split(':')[1]);
    let server = await startServer();
    await server.dialer.add(first.address);
    await until('the agent', () => server.registry.connected().includes('box'));
    await first.stop();
    await until('the end', () => server.registry.connected().length === 0);
    const [gone] = await server.directory.list();
    assert.equal(gone.connected, false);
    assert.ok(gone.reason !== null);
    const second = await startAgent('box', port);
    await until('the agent again', () => server.registry.connected().includes('box'));
    await server.stop();
    await until('the free link', () => second.link.holder === null);
    server = await startServer([], server.path);
    await until('the agent after a restart', () => server.registry.connected().includes('box'));
    await server.dialer.remove(second.address);
    await until('the end of it', () => server.registry.connected().length === 0);
    assert.deepEqual(await server.store.readDials(), []);
    assert.deepEqual(server.dialer.list(), []);
  });

  it('tells its token to nobody who has taken the place of an agent', async () => {
    const told: string[] = [];
    const thief = createServer().on('upgrade', (request, socket) => {
      told.push(request.headers.authorization ?? '');
      socket.destroy();
    });
    thief.listen(0, '127.0.0.1');
    await once(thief, 'listening');
    running.push(() => void thief.close());
    const { port } = thief.address() as AddressInfo;
    await startServer([`127.0.0.1:${port}`], undefined, 'token-of-sixteen-characters');
    await until('a try', () => told.length > 0);
    assert.match(told[0], /^Bearer [\w-]{43}$/);
    assert.doesNotMatch(told[0], /token-of/);
  });

  it('says why it has no link: nobody there, another server, a wrong token, no agent at all', async () => {
    const held = await startAgent('held');
    const guarded = await startAgent('guarded', 0, 'token-of-sixteen-characters');
    const other = createServer((_, response) => response.writeHead(200).end('<html>'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    running.push(() => void other.close());
    const elsewhere = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const holder = await startServer([held.address]);
    await until('the first server', () => holder.registry.connected().length === 1);
    const { dialer } = await startServer([held.address, guarded.address, elsewhere, '127.0.0.1:1']);
    const reason = (address: string): string =>
      dialer.list().find((dial) => dial.address === `http://${address}`)?.reason ?? '';
    await until('the reasons', () => dialer.list().every((dial) => dial.reason !== null));
    assert.match(reason(held.address), /one server at a time/);
    assert.match(reason(guarded.address), /asks for its token/);
    assert.match(reason(elsewhere), /status 200/);
    assert.match(reason('127.0.0.1:1'), /ECONNREFUSED/);
    const trusted = await startServer([guarded.address], undefined, 'token-of-sixteen-characters');
    await until('the guarded agent', () => trusted.registry.connected().includes('guarded'));
  });

  it('waits for an agent that dials another server, and has it for as long as that is away', async () => {
    const away = createServer();
    away.listen(0, '127.0.0.1');
    await once(away, 'listening');
    const port = (away.address() as AddressInfo).port;
    away.close();
    await once(away, 'close');
    const path = join(folder, 'home.db');
    let home = await startLinkServer(path, reporter, port);
    running.push(() => home.stop());
    const agent = await startAgent('box', 0, undefined, home.url);
    await until('its own server', () => home.agents.connected().includes('box'));
    const { registry, dialer } = await startServer([agent.address]);
    await until('the refusal', () => dialer.list()[0].reason !== null);
    assert.match(dialer.list()[0].reason!, new RegExp(`linked to ${home.url};`));
    await home.stop();
    await until('the link', () => registry.connected().includes('box'));
    home = await startLinkServer(path, reporter, port);
    agent.link.record(ended(1));
    await until('an empty spool', () => agent.link.status().spooled_records === 0);
    assert.deepEqual(home.agents.connected(), []);
    dialer.stop();
    await until('its own server again', () => home.agents.connected().includes('box'));
  });

  it('has one link to an agent that it dials by two addresses', async () => {
    const agent = await startAgent('box');
    const { registry, dialer } = await startServer([
      agent.address,
      agent.address.replace('127.0.0.1', 'localhost'),
    ]);
    await until('both ends', () =>
      dialer.list().every(({ connected, reason }) => connected || reason !== null),
    );
    assert.deepEqual(registry.connected(), ['box']);
    assert.equal(dialer.list().filter(({ connected }) => connected).length, 1);
  });
});
