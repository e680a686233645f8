import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { enroll } from '../../src/agent/identity/enroll.ts';
import { IdentityKeeper } from '../../src/agent/identity/keeper.ts';
import { AgentLink } from '../../src/agent/link/link.ts';
import { Listener } from '../../src/agent/listen/listener.ts';
import { makeListenTls } from '../../src/agent/listen/tls.ts';
import { OrderDesk } from '../../src/agent/orders/desk.ts';
import { SeenOrders } from '../../src/agent/orders/seen.ts';
import {
  type Identity,
  identityPath,
  readIdentity,
  writeIdentity,
} from '../../src/platform/certificates/identity.ts';
import { dialAgentTls } from '../../src/platform/certificates/tls.ts';
import { makeOrderVerifier } from '../../src/platform/order-signature.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { Dialer } from '../../src/server/agents/dialer.ts';
import { type Entrance, openEntrance } from '../../src/server/identities/entrance.fixture.ts';
import { linkPath, linkSubprotocol } from '../../src/wire/link.ts';
import { consoleMessageSchema, consolePath, consoleSubprotocol } from '../../src/wire/orders.ts';
import { ended } from '../../src/wire/reported.fixture.ts';
import { NumberSource } from './source.ts';

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

async function openServer(lifetimeMs?: number): Promise<Entrance> {
  const entrance = await openEntrance(lifetimeMs === undefined ? {} : { lifetimeMs });
  running.push(async () => entrance[Symbol.asyncDispose]());
  return entrance;
}

/** An enrolled agent, its identity on disk, that dials or listens. */
async function startAgent(entrance: Entrance, name: string, how: 'dials' | 'listens') {
  const { token } = await entrance.identities.give(name, 'agent', 60_000);
  const path = identityPath(join(entrance.folder, name), 'agent');
  writeIdentity(path, await enroll(token));
  const identity = readIdentity(path)!;
  const keeper = new IdentityKeeper(path, identity);
  const hello = { agent: name, version: '1', kernel: 'k', os: 'o' };
  const orders = new OrderDesk(
    {
      agent: name,
      forbidden: new Set(),
      seen: new SeenOrders({ path: null }),
      verify: makeOrderVerifier(identity.orderKey),
    },
    { handle: async () => ({ type: 'done' }) },
    reporter,
  );
  const server = how === 'dials' ? identity.server : null;
  const link = new AgentLink(
    { server, hello, spool: { path: null }, orders, identity: keeper },
    new NumberSource(),
    reporter,
  );
  const listener = new Listener(
    { address: { host: '127.0.0.1', port: 0 }, tls: makeListenTls(keeper) },
    { hello, orders, feed: null, reporter, link },
  );
  link.start();
  running.push(() => link.stop());
  if (how === 'listens') {
    await listener.start();
    running.push(() => listener.stop());
  }
  return { link, keeper, path, identity, listener };
}

function startDialer({ ingest, store, authority }: Entrance): Dialer {
  const dialer = new Dialer(
    { fixed: [], token: 'of-the-api-of-the-server', tls: { options: () => dialAgentTls(authority.server) } },
    { ingest, store, reporter },
  );
  running.push(() => dialer.stop());
  return dialer;
}

/** How a dialled agent answers: its first message, the status of a refusal, or the error of the handshake. */
async function dialAs(
  identity: Identity,
  listener: Listener,
  path: string,
  subprotocol: string,
): Promise<string> {
  const options = dialAgentTls(identity);
  const socket = new WebSocket(`wss://${listener.address}${path}`, [subprotocol], options);
  running.push(() => socket.terminate());
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('message', (data) => resolve(String(data)));
  socket.on('unexpected-response', (_, response) => resolve(String(response.statusCode)));
  socket.on('error', (error) => resolve(error.message));
  socket.on('close', () => resolve('closed'));
  return promise;
}

describe('an agent with an identity', () => {
  for (const how of ['dials', 'listens'] as const) {
    it(`that ${how} is linked, obeys signed orders, and has a new certificate in time`, async () => {
      const entrance = await openServer(10_000);
      const { link, keeper, path, identity, listener } = await startAgent(entrance, 'box', how);
      const dialer = startDialer(entrance);
      await dialer.start();
      if (how === 'listens') await dialer.add(`https://${listener.address}`);
      await until('the link', () => entrance.agents.get('box') !== undefined);
      const { origin } = entrance.agents.get('box')!;
      assert.deepEqual(
        [origin.tls, origin.identity?.agent, origin.identity?.serial],
        [true, 'box', identity.serial],
      );
      assert.deepEqual(await entrance.agents.order('box', { type: 'monitors.list' }), { type: 'done' });

      await until('another certificate', () => keeper.current.serial !== identity.serial);
      assert.deepEqual(readIdentity(path), keeper.current);
      assert.notEqual(keeper.current.key, identity.key);
      await until(
        'a link with it',
        () => entrance.agents.get('box')?.origin.identity?.serial === keeper.current.serial,
      );
      link.record(ended(1));
      await until('the record', () => entrance.store.stats().rows === 1);
      assert.deepEqual(await entrance.agents.order('box', { type: 'monitors.list' }), { type: 'done' });
    });
  }

  it('that listens takes its server and consoles of its authority, each for what is theirs', async () => {
    const entrance = await openServer();
    const { listener } = await startAgent(entrance, 'box', 'listens');
    const { listener: other, identity: agent } = await startAgent(entrance, 'other', 'listens');
    const desk = await enroll((await entrance.identities.give('desk', 'console', 60_000)).token);
    const hello = await dialAs(desk, listener, consolePath, consoleSubprotocol);
    assert.equal(consoleMessageSchema.parse(JSON.parse(hello)).kind, 'hello');
    assert.equal(await dialAs(desk, listener, linkPath, linkSubprotocol), '403');
    assert.equal(await dialAs(entrance.authority.server, listener, consolePath, consoleSubprotocol), '403');
    assert.equal(await dialAs(agent, listener, linkPath, linkSubprotocol), '403');
    const foreign = await openServer();
    const stranger = await enroll((await foreign.identities.give('desk', 'console', 60_000)).token);
    const trusting = { ...stranger, authority: desk.authority };
    assert.match(
      await dialAs(trusting, listener, consolePath, consoleSubprotocol),
      /hang up|ECONNRESET|closed|401|403/,
    );
    assert.match(await dialAs(stranger, other, consolePath, consoleSubprotocol), /self-signed|unable to/);
  });

  it('that listens shuts out a console that was revoked, at once, and after a restart', async () => {
    const entrance = await openServer();
    const { listener, link, path } = await startAgent(entrance, 'box', 'listens');
    const desk = await enroll((await entrance.identities.give('desk', 'console', 60_000)).token);
    const dialer = startDialer(entrance);
    await dialer.start();
    await dialer.add(`https://${listener.address}`);
    await until('the link', () => entrance.agents.get('box') !== undefined);
    const socket = new WebSocket(
      `wss://${listener.address}${consolePath}`,
      [consoleSubprotocol],
      dialAgentTls(desk),
    );
    socket.on('error', () => {});
    await until('the console', () => socket.readyState === WebSocket.OPEN);
    await entrance.identities.revoke('console', 'desk');
    await until('its end', () => socket.readyState === WebSocket.CLOSED);
    assert.ok(link.status().connected);
    assert.equal(await dialAs(desk, listener, consolePath, consoleSubprotocol), '403');
    assert.equal(new IdentityKeeper(path, readIdentity(path)!).isShutOut(desk.serial), true);
    const again = await enroll((await entrance.identities.give('desk', 'console', 60_000)).token);
    const hello = await dialAs(again, listener, consolePath, consoleSubprotocol);
    assert.equal(consoleMessageSchema.parse(JSON.parse(hello)).kind, 'hello');
  });

  it('is not linked by a server that dials it and has revoked it', async () => {
    const entrance = await openServer();
    const { listener } = await startAgent(entrance, 'box', 'listens');
    const dialer = startDialer(entrance);
    await dialer.start();
    await dialer.add(`https://${listener.address}`);
    await until('the link', () => entrance.agents.get('box') !== undefined);
    await entrance.identities.revoke('agent', 'box');
    await until('its end', () => entrance.agents.get('box') === undefined);
    await until('the reason', () => /revoked/.test(dialer.list()[0].reason ?? ''));
    assert.equal(entrance.agents.get('box'), undefined);
  });
});
