import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { AgentLink } from '../../src/agent/link/link.ts';
import { Listener } from '../../src/agent/listen/listener.ts';
import { OrderDesk } from '../../src/agent/orders/desk.ts';
import { SeenOrders } from '../../src/agent/orders/seen.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { linkPath, linkSubprotocol } from '../../src/wire/link.ts';
import { startLinkServer } from './server.ts';
import { NumberSource } from './source.ts';

const reporter = makeReporter({ write: () => {} });
const who = { agent: 'box', version: '1', kernel: '', os: '' };
const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** One end of a link. One that is dead is connected still, and answers nothing. */
function open(url: string, isDead: boolean): { socket: WebSocket; next: () => Promise<string> } {
  const socket = new WebSocket(url + linkPath, [linkSubprotocol], { autoPong: !isDead });
  const kinds: string[] = [];
  let wake = (): void => {};
  socket.on('message', (data) => {
    kinds.push(JSON.parse(String(data)).kind);
    wake();
  });
  socket.on('error', () => {});
  stops.push(() => socket.terminate());
  const next = async (): Promise<string> => {
    while (kinds.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return kinds.shift()!;
  };
  return { socket, next };
}

describe('a server whose link to an agent is half dead', () => {
  it('lets the agent in by another connection as soon as the old one did not answer', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'netmon-half-'));
    stops.push(() => rmSync(dir, { recursive: true }));
    const server = await startLinkServer(join(dir, 'db.sqlite'), reporter);
    stops.push(() => server.stop());
    const hello = JSON.stringify({ kind: 'hello', ...who, epoch: 'e1', sensors: [] });
    const dead = open(server.url, true);
    dead.socket.on('open', () => dead.socket.send(hello));
    assert.equal(await dead.next(), 'welcome');
    const closed = once(dead.socket, 'close');
    const [first, second] = [open(server.url, false), open(server.url, false)];
    for (const { socket } of [first, second]) socket.on('open', () => socket.send(hello));
    const answers = await Promise.all([first.next(), second.next()]);
    assert.deepEqual(answers.sort(), ['refused', 'welcome'], 'one of two');
    await closed;
    assert.deepEqual(
      server.mirror.agents().map(({ agent, connected }) => [agent, connected]),
      [['box', true]],
    );
  });
});

describe('an agent that waits, whose link to a server is half dead', () => {
  it('takes the next server as soon as the old one did not answer, and one only', async () => {
    const desk = new OrderDesk(
      { agent: 'box', forbidden: new Set(), seen: new SeenOrders({ path: null }) },
      { handle: async () => ({ type: 'done' }) },
      reporter,
    );
    const link = new AgentLink(
      { server: null, hello: who, spool: { path: null } },
      new NumberSource(),
      reporter,
    );
    const listener = new Listener(
      { address: { host: '127.0.0.1', port: 0 } },
      { hello: who, orders: desk, feed: null, reporter, link },
    );
    link.start();
    stops.push(() => link.stop());
    await listener.start();
    stops.push(() => listener.stop());
    const url = `http://${listener.address}`;
    const dead = open(url, true);
    assert.equal(await dead.next(), 'hello');
    const closed = once(dead.socket, 'close');
    const alive = open(url, false);
    assert.equal(await alive.next(), 'hello');
    await closed;
    const late = open(url, false);
    const [, response] = await once(late.socket, 'unexpected-response');
    assert.equal(response.statusCode, 409);
    assert.equal(await link.isHeld(), true);
  });
});
