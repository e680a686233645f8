import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { WebSocket } from 'ws';
import { enroll, makeFolder, openAuthority } from '../../platform/certificates/authority.fixture.ts';
import { dialAgentTls } from '../../platform/certificates/tls.ts';
import { makeReporter } from '../../platform/reporter.ts';
import { linkPath, linkSubprotocol } from '../../wire/link.ts';
import { consolePath, consoleSubprotocol } from '../../wire/orders.ts';
import { IdentityKeeper } from '../identity/keeper.ts';
import { AgentLink } from '../link/link.ts';
import { OrderDesk } from '../orders/desk.ts';
import { SeenOrders } from '../orders/seen.ts';
import { Listener } from './listener.ts';
import { makeListenTls } from './tls.ts';

const hello = { agent: 'box', version: '1', kernel: '', os: '' };

describe('an enrolled agent that listens', () => {
  const folders = [makeFolder(), makeFolder()];
  const logged: string[] = [];
  const reporter = makeReporter({ format: 'json', write: (line) => void logged.push(line) });
  const who: Record<string, ConnectionOptions> = {};
  const orders = new OrderDesk(
    { agent: 'box', forbidden: new Set(), seen: new SeenOrders({ path: null }) },
    { handle: async () => ({ type: 'done' }) },
    reporter,
  );
  const source = { sensors: () => [], takeFrame: () => assert.fail('nobody said welcome') };
  const link = new AgentLink({ server: null, hello, spool: { path: null }, orders }, source, reporter);
  let listener: Listener;
  let box: IdentityKeeper;

  before(async () => {
    const authority = await openAuthority(join(folders[0].path, 'ca'));
    const other = await openAuthority(join(folders[1].path, 'ca'));
    const enrolled = await enroll(authority, 'agent', 'box');
    who.server = dialAgentTls(authority.server, 'box');
    who.console = dialAgentTls(await enroll(authority, 'console', 'desk'), 'box');
    who['another agent'] = dialAgentTls(await enroll(authority, 'agent', 'web'), 'box');
    who.stranger = { ...dialAgentTls(await enroll(other, 'console', 'desk')), ca: enrolled.authority };
    who.nobody = { ca: enrolled.authority, minVersion: 'TLSv1.3', checkServerIdentity: () => undefined };
    who['an old client'] = { ...who.console, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' };
    box = new IdentityKeeper(join(folders[0].path, 'box.pem'), enrolled);
    listener = new Listener(
      { address: { host: '127.0.0.1', port: 0 }, token: 'a-token-of-sixteen', tls: makeListenTls(box) },
      { hello, orders, feed: null, reporter, link },
    );
    link.start();
    await listener.start();
  });
  after(async () => {
    await listener.stop();
    await link.stop();
    for (const folder of folders) folder[Symbol.dispose]();
  });

  /** What becomes of an upgrade: the first message's kind, the status of the refusal, or no connection. */
  async function dial(name: string, path: string, headers: Record<string, string> = {}): Promise<string> {
    const subprotocol = path === linkPath ? linkSubprotocol : consoleSubprotocol;
    const options = { ...who[name], headers };
    const socket = new WebSocket(`wss://${listener.address}${path}`, [subprotocol], options);
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.on('message', (data) => resolve(JSON.parse(String(data)).kind));
    socket.on('unexpected-response', (_, response) => resolve(String(response.statusCode)));
    socket.on('error', () => resolve('no connection'));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    const found = await promise;
    socket.terminate();
    await closed;
    while (link.holder !== null) await new Promise((wait) => setImmediate(wait));
    return found;
  }

  const cases: readonly (readonly [string, string, string])[] = [
    ['server', linkPath, 'hello'],
    ['server', consolePath, '403'],
    ['console', consolePath, 'hello'],
    ['console', linkPath, '403'],
    ['another agent', linkPath, '403'],
    ['another agent', consolePath, '403'],
    ['stranger', consolePath, 'no connection'],
    ['nobody', consolePath, 'no connection'],
    ['an old client', consolePath, 'no connection'],
  ];
  for (const [name, path, expected] of cases) {
    it(`answers ${name} at ${path} with ${expected}`, async () => {
      assert.equal(await dial(name, path), expected);
    });
  }

  it('may be called by any name, and lets in no browser whatever its certificate', async () => {
    assert.equal(await dial('console', consolePath, { host: 'agent.example:65240' }), 'hello');
    assert.equal(await dial('console', consolePath, { origin: 'https://agent.example' }), '403');
  });

  it('ends a console whose certificate ends', async () => {
    let until = Number.POSITIVE_INFINITY;
    const tls = makeListenTls(box);
    const brief = new Listener(
      {
        address: { host: '127.0.0.1', port: 0 },
        tls: { ...tls, identify: (socket) => ({ ...tls.identify(socket)!, until }) },
      },
      { hello, orders, feed: null, reporter, link },
    );
    await brief.start();
    until = Date.now() + 200;
    const socket = new WebSocket(`wss://${brief.address}${consolePath}`, [consoleSubprotocol], who.console);
    const [code, reason] = await once(socket, 'close');
    assert.deepEqual([code, String(reason)], [1008, 'its certificate has ended']);
    await brief.stop();
  });

  it('logs the handshakes that it refused', () => {
    assert.ok(logged.some((line) => line.includes('refused a handshake')));
  });
});
