import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { AgentLink } from '../../src/agent/link/link.ts';
import { OrderDesk } from '../../src/agent/orders/desk.ts';
import { SeenOrders } from '../../src/agent/orders/seen.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { linkSubprotocol } from '../../src/wire/link.ts';
import type { Order, OrderAnswer } from '../../src/wire/orders.ts';
import { ended } from '../../src/wire/reported.fixture.ts';
import { NumberSource } from './source.ts';

interface Received {
  readonly kind: string;
  readonly [name: string]: unknown;
}

/** A server that says what a test has it say, to one real agent. */
class Stage {
  readonly #http: Server = createServer();
  readonly #server = new WebSocketServer({ server: this.#http, handleProtocols: () => linkSubprotocol });
  readonly carriedOut: Order[] = [];
  received: Received[] = [];
  socket!: WebSocket;
  links = 0;
  epoch = '';
  link!: AgentLink;

  async start(): Promise<void> {
    this.#server.on('connection', (socket) => {
      this.socket = socket;
      this.links++;
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as Received;
        if (message.kind === 'hello') this.epoch = String(message.epoch);
        this.received.push(message);
      });
    });
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    const reporter = makeReporter({ write: () => {} });
    const orders = new OrderDesk(
      {
        agent: 'box',
        forbidden: new Set(['monitor.stop']),
        seen: new SeenOrders({ path: null, maxIds: 500 }),
      },
      {
        handle: async (order) => {
          this.carriedOut.push(order);
          return { type: 'done' };
        },
      },
      reporter,
    );
    const server = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
    const hello = { agent: 'box', version: '1', kernel: '', os: '' };
    this.link = new AgentLink({ server, hello, spool: { path: null }, orders }, new NumberSource(), reporter);
    this.link.start();
  }

  async stop(): Promise<void> {
    await this.link.stop();
    this.#server.close();
    this.#http.closeAllConnections();
    this.#http.close();
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (!holds()) {
      assert.ok(performance.now() < deadline, `${what} did not come`);
      await sleep(5);
    }
  }

  /** Waits for a hello that was not welcomed yet, and welcomes it. */
  async welcome(): Promise<void> {
    await this.until('hello', () => this.received.some(({ kind }) => kind === 'hello'));
    this.received = this.received.filter(({ kind }) => kind !== 'hello');
    this.socket.send('{"kind":"welcome","committed":-1,"live_interval_ms":60000,"credit":1000000}');
    await this.until('the link', () => this.link.status().connected);
  }

  /** Acknowledges the records that came. */
  acknowledge(): void {
    const frame = this.received.findLast(({ kind }) => kind === 'records')!;
    const seq = Number(frame.first) + (frame.records as unknown[]).length - 1;
    this.socket.send(JSON.stringify({ kind: 'ack', epoch: this.epoch, seq }));
    this.received = [];
  }

  order(
    fields: { order?: unknown; agent?: string; issuedMs?: number; id?: string; body?: string } = {},
  ): string {
    const id = fields.id ?? randomUUID();
    const issued = Date.now() + (fields.issuedMs ?? 0);
    const body =
      fields.body ??
      JSON.stringify({
        id,
        agent: fields.agent ?? 'box',
        issued_at: new Date(issued).toISOString(),
        expires_at: new Date(issued + 10_000).toISOString(),
        order: fields.order ?? { type: 'monitors.list' },
      });
    this.socket.send(JSON.stringify({ kind: 'order', body, signature: null }));
    return id;
  }

  async answerTo(id: string): Promise<OrderAnswer> {
    const find = (): Received | undefined => this.received.find((message) => message.id === id);
    await this.until('the answer', () => find() !== undefined);
    return find()!.answer as OrderAnswer;
  }
}

describe('an agent with a hostile server', () => {
  const stage = new Stage();
  before(async () => {
    await stage.start();
    await stage.welcome();
  });
  after(() => stage.stop());

  const breaches: Readonly<Record<string, string | Buffer | ((stage: Stage) => string)>> = {
    'no JSON': '{',
    'a binary message': Buffer.from('{"kind":"sync","sync":1}'),
    'a message beyond the limit': 'x'.repeat(5 * 1024 * 1024),
    'deep nesting': '['.repeat(100_000) + ']'.repeat(100_000),
    'an unknown kind': '{"kind":"exec","command":"id"}',
    'an unknown field': '{"kind":"sync","sync":1,"command":"id"}',
    'a second welcome': '{"kind":"welcome","committed":-1,"live_interval_ms":1000}',
    'a negative credit': (s) => `{"kind":"ack","epoch":"${s.epoch}","seq":0,"credit":-1}`,
    'an acknowledgement of what was not sent': (s) =>
      `{"kind":"ack","epoch":"${s.epoch}","seq":9007199254740991}`,
    'an acknowledgement of 2^63': (s) => `{"kind":"ack","epoch":"${s.epoch}","seq":9223372036854775808}`,
    'an acknowledgement of another epoch': '{"kind":"ack","epoch":"other","seq":0}',
    'a pace of nothing': '{"kind":"pace","live_interval_ms":0}',
    'an order longer than any': JSON.stringify({
      kind: 'order',
      body: 'x'.repeat(1_100_000),
      signature: null,
    }),
    'a certificate that was not asked for':
      '{"kind":"certificate","name":"box","certificate":"","authority":"","order_key":""}',
  };
  for (const [name, breach] of Object.entries(breaches)) {
    it(`ends the link for ${name}, dials again and still has its records`, async () => {
      const { links } = stage;
      stage.link.record(ended(1, { error: 'ECONNREFUSED' }));
      stage.socket.send(typeof breach === 'function' ? breach(stage) : breach);
      await stage.until('another link', () => stage.links > links);
      await stage.welcome();
      await stage.until('the records', () => stage.received.some(({ kind }) => kind === 'records'));
      assert.ok(stage.link.status().spooled_records > 0);
      stage.acknowledge();
    });
  }

  const refusals: Readonly<Record<string, readonly [Parameters<Stage['order']>[0], string]>> = {
    'to run a command': [{ order: { type: 'exec', command: 'id' } }, 'NM_VALIDATION'],
    'to read a file': [{ order: { type: 'file.read', path: '/etc/shadow' } }, 'NM_VALIDATION'],
    'to block the network': [{ order: { type: 'firewall.block', target: '0.0.0.0/0' } }, 'NM_VALIDATION'],
    'to kill a process': [{ order: { type: 'process.kill', pid: 1 } }, 'NM_VALIDATION'],
    'to capture into a file': [{ order: { type: 'capture', path: '/etc/cron.d/x' } }, 'NM_VALIDATION'],
    'for another agent': [{ agent: 'other' }, 'NM_FORBIDDEN'],
    'that expired': [{ issuedMs: -60_000 }, 'NM_EXPIRED'],
    'from the future': [{ issuedMs: 60_000 }, 'NM_EXPIRED'],
    'that its policy forbids': [{ order: { type: 'monitor.stop', monitor: 'm' } }, 'NM_FORBIDDEN'],
  };
  for (const [name, [fields, code]] of Object.entries(refusals)) {
    it(`refuses an order ${name} with ${code}, and keeps the link`, async () => {
      const { links } = stage;
      const done = stage.carriedOut.length;
      const answer = await stage.answerTo(stage.order(fields));
      assert.ok(answer.type === 'refused' && answer.code === code, JSON.stringify(answer));
      assert.equal((await stage.answerTo(stage.order())).type, 'done');
      assert.deepEqual([stage.links, stage.carriedOut.length], [links, done + 1]);
    });
  }

  it('carries an order out once, however often it comes', async () => {
    const id = randomUUID();
    const body = JSON.stringify({
      id,
      agent: 'box',
      issued_at: new Date().toISOString(),
      expires_at: new Date(Date.now() + 10_000).toISOString(),
      order: { type: 'agent.describe' },
    });
    const done = stage.carriedOut.length;
    for (let i = 0; i < 10; i++) stage.order({ body });
    await stage.until(
      'ten answers',
      () => stage.received.filter((message) => message.id === id).length === 10,
    );
    assert.equal(stage.carriedOut.length, done + 1);
  });

  it('takes what it can of a flood of orders, refuses the rest, and sends its records meanwhile', async () => {
    const { links } = stage;
    stage.received = [];
    const many = 20_000;
    for (let i = 0; i < many; i++) stage.order();
    stage.link.record(ended(7, { error: 'ECONNREFUSED' }));
    const answers = (): Received[] => stage.received.filter(({ kind }) => kind === 'answer');
    await stage.until('all answers', () => answers().length === many);
    await stage.until('the records', () => stage.received.some(({ kind }) => kind === 'records'));
    const refused = answers().filter(({ answer }) => (answer as OrderAnswer).type === 'refused').length;
    assert.ok(stage.carriedOut.length <= 500 && refused >= many - 500);
    assert.equal(stage.links, links);
  });
});
