import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { NetmonError } from '../../base/errors.ts';
import { makeReporter } from '../../platform/reporter.ts';
import { agentMessageSchema, linkPath, linkSubprotocol } from '../../wire/link.ts';
import type { MonitorResult } from '../../wire/monitor.ts';
import {
  type ConsoleMessage,
  consoleMessageSchema,
  consolePath,
  consoleSubprotocol,
  type Order,
} from '../../wire/orders.ts';
import { AgentLink } from '../link/link.ts';
import type { LiveSource } from '../link/source.ts';
import { OrderDesk } from '../orders/desk.ts';
import { SeenOrders } from '../orders/seen.ts';
import { Listener, type ListenOptions } from './listener.ts';

const hello = { agent: 'box', version: '1.2.3', kernel: '6.8', os: 'Debian' };
const reporter = makeReporter({ write: () => {} });
const quiet: LiveSource = {
  sensors: () => [],
  takeFrame: (full) => ({
    at: Date.now(),
    full,
    opened: [],
    revised: [],
    changed: [],
    closed: [],
    samples: [],
    interface_samples: {},
    process_samples: {},
    processes: [],
    processes_gone: [],
  }),
};
const result: MonitorResult = {
  monitor: 'm',
  revision: 1,
  at: '2026-03-01T12:00:00.000Z',
  outcome: 'up',
  duration_ms: 1,
  reason: null,
  attempts: 1,
  address: null,
  phases: { resolve_ms: null, connect_ms: null, tls_ms: null, processing_ms: null, transfer_ms: null },
  echoes: [],
  detail: {},
};

const running: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
});

interface Started {
  readonly url: string;
  readonly link: AgentLink;
  readonly given: Order[];
  readonly tell: (result: MonitorResult) => void;
}

async function start(options: Partial<ListenOptions> = {}): Promise<Started> {
  const given: Order[] = [];
  const listeners = new Set<(result: MonitorResult) => void>();
  const orders = new OrderDesk(
    { agent: 'box', forbidden: new Set(), seen: new SeenOrders({ path: null }) },
    {
      handle: async (order) => {
        given.push(order);
        return { type: 'done' };
      },
    },
    reporter,
  );
  const link = new AgentLink({ server: null, hello, spool: { path: null }, orders }, quiet, reporter);
  const feed = {
    onResult: (listener: (result: MonitorResult) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const listener = new Listener(
    { address: { host: '127.0.0.1', port: 0 }, ...options },
    { hello, orders, feed, reporter, link },
  );
  link.start();
  await listener.start();
  running.push(
    () => link.stop(),
    () => listener.stop(),
  );
  const tell = (told: MonitorResult): void => {
    for (const each of listeners) each(told);
  };
  return { url: `ws://${listener.address}`, link, given, tell };
}

class Client {
  readonly socket: WebSocket;
  readonly #waiting: string[] = [];
  #wake: () => void = () => {};

  constructor(url: string, subprotocol: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, [subprotocol], { headers });
    this.socket.on('message', (data) => {
      this.#waiting.push(String(data));
      this.#wake();
    });
    this.socket.on('error', () => {});
    running.push(() => this.socket.terminate());
  }

  async next(): Promise<unknown> {
    while (this.#waiting.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return JSON.parse(this.#waiting.shift()!);
  }

  order(order: Order): string {
    const id = randomUUID();
    const now = Date.now();
    const body = JSON.stringify({
      id,
      agent: 'box',
      issued_at: new Date(now).toISOString(),
      expires_at: new Date(now + 10_000).toISOString(),
      order,
    });
    this.socket.send(JSON.stringify({ kind: 'order', body, signature: null }));
    return id;
  }

  /** Status and problem document of a refused upgrade. */
  async refusal(): Promise<{ status: number; code: string; detail: string }> {
    const [, response] = await once(this.socket, 'unexpected-response');
    let text = '';
    for await (const part of response) text += String(part);
    return JSON.parse(text);
  }
}

const asConsole = (url: string, headers?: Record<string, string>): Client =>
  new Client(url + consolePath, consoleSubprotocol, headers);
const asServer = (url: string, headers?: Record<string, string>): Client =>
  new Client(url + linkPath, linkSubprotocol, headers);
const parse = (message: unknown): ConsoleMessage => consoleMessageSchema.parse(message);

describe('an agent that listens', () => {
  it('tells a console who it is, carries its orders out and tells it of rounds while it watches', async () => {
    const { url, given, tell } = await start();
    const client = asConsole(url);
    assert.deepEqual(parse(await client.next()), { kind: 'hello', ...hello });
    const id = client.order({ type: 'monitors.list' });
    assert.deepEqual(parse(await client.next()), { kind: 'answer', id, answer: { type: 'done' } });
    assert.deepEqual(given, [{ type: 'monitors.list' }]);
    tell(result);
    client.order({ type: 'results.watch', on: true });
    assert.equal(parse(await client.next()).kind, 'answer');
    tell({ ...result, monitor: 'seen' });
    assert.deepEqual(parse(await client.next()), { kind: 'result', result: { ...result, monitor: 'seen' } });
    client.order({ type: 'results.watch', on: false });
    assert.equal(parse(await client.next()).kind, 'answer');
    tell(result);
    const last = client.order({ type: 'agent.describe' });
    assert.deepEqual(parse(await client.next()), { kind: 'answer', id: last, answer: { type: 'done' } });
  });

  it('takes programs of allowed users alone, unless a token says more', async () => {
    const asked: number[] = [];
    const isAllowed = (uid: number): boolean => asked.push(uid) > 2;
    const { url } = await start({ isAllowed });
    for (const client of [asConsole(url), asServer(url)]) {
      const { status, code, detail } = await client.refusal();
      assert.deepEqual([status, code], [403, 'NM_FORBIDDEN']);
      assert.match(detail, /^this agent takes no orders from programs of user \d+: .* --listen-users/);
    }
    assert.deepEqual(parse(await asConsole(url).next()), { kind: 'hello', ...hello });
    assert.deepEqual(asked, new Array(3).fill(process.getuid?.()));
    const token = await start({ isAllowed: () => false, token: 'x' });
    const client = asConsole(token.url, { authorization: 'Bearer x' });
    assert.deepEqual(parse(await client.next()), { kind: 'hello', ...hello });
  });

  it('says hello to a server that dials, and sends it the spool as if it had dialled itself', async () => {
    const { url, link } = await start();
    link.record({ kind: 'gap', at: '2026-03-01T12:00:00.000Z', reason: 'a test', lost: 1 });
    const client = asServer(url);
    const first = agentMessageSchema.parse(await client.next());
    assert.ok(first.kind === 'hello' && first.agent === 'box');
    client.socket.send('{"kind":"welcome","committed":-1,"live_interval_ms":1000}');
    for (;;) {
      const message = agentMessageSchema.parse(await client.next());
      if (message.kind !== 'records') continue;
      assert.equal(message.records.length, 1);
      break;
    }
    assert.equal(link.status().connected, true);
  });

  it('lets one server hold the link and names it to the second, until the first is gone', async () => {
    const { url, link } = await start();
    const first = asServer(url);
    await first.next();
    const holder = link.status().server;
    const refused = await asServer(url).refusal();
    assert.deepEqual([refused.status, refused.code], [409, 'NM_LINKED']);
    assert.ok(holder !== null && refused.detail.includes(holder));
    first.socket.close();
    while (link.holder !== null) await new Promise((resolve) => setImmediate(resolve));
    const second = asServer(url);
    assert.equal(agentMessageSchema.parse(await second.next()).kind, 'hello');
  });

  it('lets in no browser, no other name, no other path and no other protocol', async () => {
    const { url } = await start();
    const cases: [Client, number][] = [
      [asConsole(url, { origin: 'http://127.0.0.1:65240' }), 403],
      [asConsole(url, { origin: 'null' }), 403],
      [asServer(url, { cookie: 'a=b' }), 403],
      [asServer(url, { 'sec-fetch-site': 'same-origin' }), 403],
      [asConsole(url, { host: 'rebound.example' }), 421],
      [new Client(`${url}/other`, consoleSubprotocol), 404],
      [new Client(url + consolePath, linkSubprotocol), 400],
      [new Client(url + linkPath, 'netmon.v2'), 400],
    ];
    for (const [client, status] of cases) assert.equal((await client.refusal()).status, status);
    const answer = await fetch(url.replace('ws:', 'http:'));
    assert.equal(answer.status, 404);
  });

  it('asks for its token where it has one', async () => {
    const { url } = await start({ token: 'secret-of-sixteen' });
    assert.equal((await asServer(url).refusal()).status, 401);
    assert.equal((await asConsole(url, { authorization: 'Bearer wrong' }).refusal()).status, 401);
    const client = asConsole(url, { authorization: 'Bearer secret-of-sixteen' });
    assert.equal(parse(await client.next()).kind, 'hello');
  });

  it('cuts a console off that sends what is no order, or too much, and goes on with the others', async () => {
    const { url } = await start();
    const good = asConsole(url);
    await good.next();
    for (const [bad, expected] of [
      ['{', 1008],
      ['{"kind":"exec","command":"id"}', 1008],
      [Buffer.from([1]), 1008],
      ['x'.repeat(5 * 1024 * 1024), 1009],
    ] as const) {
      const client = asConsole(url);
      await client.next();
      client.socket.send(bad);
      const [code] = await once(client.socket, 'close');
      assert.equal(code, expected);
    }
    good.order({ type: 'monitors.list' });
    assert.equal(parse(await good.next()).kind, 'answer');
  });

  it('has room for sixteen consoles', async () => {
    const { url } = await start();
    for (let i = 0; i < 16; i++) await asConsole(url).next();
    const refused = await asConsole(url).refusal();
    assert.deepEqual([refused.status, refused.code], [429, 'NM_RATE']);
  });

  it('refuses an address of the network without an identity, and a port in use', async () => {
    const is = (code: string) => (thrown: unknown) => thrown instanceof NetmonError && thrown.code === code;
    for (const host of ['0.0.0.0', '192.0.2.1', '::', 'example.org']) {
      await assert.rejects(start({ address: { host, port: 0 } }), is('NM_PUBLIC_ADDRESS'));
    }
    const { url } = await start();
    const port = Number(new URL(url).port);
    await assert.rejects(start({ address: { host: '127.0.0.1', port } }), is('NM_PORT_IN_USE'));
  });
});
