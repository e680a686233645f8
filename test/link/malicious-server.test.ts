import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SecureContextOptions } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { enroll } from '../../src/platform/certificates/authority.fixture.ts';
import { Authority } from '../../src/platform/certificates/authority.ts';
import { type Identity, identityPath, writeIdentity } from '../../src/platform/certificates/identity.ts';
import { listenContext } from '../../src/platform/certificates/tls.ts';
import { makeOrderSigner } from '../../src/platform/order-signature.ts';
import { type AgentMessage, linkSubprotocol } from '../../src/wire/link.ts';
import type { OrderAnswer } from '../../src/wire/orders.ts';
import { makeDataFolder } from '../support/netmon.ts';
import { until } from '../support/until.ts';

const program = join(import.meta.dirname, '../../bin/netmon');
const patient = { withinMs: 60_000 };
/** Of the agent. */
const name = 'box';
const openAuthority = (folder: string, hosts = ['127.0.0.1', 'localhost']): Promise<Authority> =>
  Authority.open({ folder, hosts: () => hosts });

/** What the agent that is enrolled at `127.0.0.1` is shown in place of its server, one connection after the other. */
async function makeImpostors(
  folder: string,
  authority: Authority,
): Promise<Record<string, SecureContextOptions>> {
  const other = await openAuthority(join(folder, 'other'));
  const server = authority.server;
  const ofAgent = await enroll(authority, 'agent', 'other');
  cpSync(join(folder, 'ca'), join(folder, 'elsewhere'), { recursive: true });
  const elsewhere = await openAuthority(join(folder, 'elsewhere'), ['elsewhere.example']);
  const tls12 = { ...listenContext(server), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
  const tls11 = {
    ...tls12,
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  } as const;
  return {
    'the server of another authority': listenContext(other.server),
    'a server that shows the right authority and is of another': {
      ...listenContext(other.server),
      cert: other.server.certificate + authority.certificate,
    },
    'an agent of the same authority': listenContext(ofAgent),
    'a server for another host': listenContext(elsewhere.server),
    'the server itself with TLS 1.2': tls12,
    'the server itself with TLS 1.1': tls11,
  };
}

/** An HTTPS server that shows each connection the identity that is next, the last one from then on. */
class Impostor {
  readonly #server: Server;
  readonly #links: WebSocketServer;
  readonly received: AgentMessage[] = [];
  socket: WebSocket | null = null;
  /** Of handshakes that failed. */
  refused = 0;

  constructor(context: SecureContextOptions) {
    this.#server = createServer({ ...context, requestCert: true, rejectUnauthorized: false });
    this.#links = new WebSocketServer({ server: this.#server, handleProtocols: () => linkSubprotocol });
    this.#server.on('tlsClientError', () => this.refused++);
    this.#server.on('secureConnection', (socket) => {
      // With TLS 1.3 a client says that it does not trust after the server is done.
      socket.on('error', () => this.refused++);
    });
    this.#links.on('connection', (socket) => {
      socket.on('error', () => {});
      this.socket = socket;
      socket.on('message', (data) => this.received.push(JSON.parse(String(data))));
    });
  }

  async listen(port: number): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#links.clients) socket.terminate();
    this.#links.close();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  hello(): Promise<AgentMessage> {
    return until('hello', () => this.received.find(({ kind }) => kind === 'hello'), patient);
  }

  async welcome(): Promise<void> {
    await this.hello();
    this.socket!.send('{"kind":"welcome","committed":-1,"live_interval_ms":60000,"credit":1000000}');
  }

  /** Sends an order, or the text of one. */
  send(body: string, signature: string | null): void {
    this.socket!.send(JSON.stringify({ kind: 'order', body, signature }));
  }

  answer(id: string): Promise<OrderAnswer> {
    const find = () =>
      this.received.find((message) => message.kind === 'answer' && message.id === id) as
        | Extract<AgentMessage, { kind: 'answer' }>
        | undefined;
    return until(`the answer to ${id}`, () => find()?.answer, patient);
  }
}

interface OrderFields {
  readonly agent?: string;
  readonly id?: string;
  readonly issuedMs?: number;
  readonly lifeMs?: number;
}

function writeOrder(order: unknown, fields: OrderFields = {}): { id: string; body: string } {
  const { agent = name, id = randomUUID(), issuedMs = 0, lifeMs = 20_000 } = fields;
  const issued = Date.now() + issuedMs;
  const [issued_at, expires_at] = [issued, issued + lifeMs].map((at) => new Date(at).toISOString());
  return { id, body: JSON.stringify({ id, agent, issued_at, expires_at, order }) };
}

const probe = { kind: 'tcp', host: '127.0.0.1', port: 9 };
const monitor = {
  id: 'm',
  revision: 1,
  name: 'm',
  probe,
  interval_ms: 86_400_000,
  timeout_ms: 1000,
  retries: 0,
  assertions: [],
  thresholds: {},
  labels: {},
};
const put = (fields: object): object => ({ type: 'monitor.put', monitor: { ...monitor, ...fields } });
const run = (fields: object): object => ({
  type: 'probe.run',
  probe,
  assertions: [],
  timeout_ms: 100,
  ...fields,
});
const tcp = (fields: object): object => run({ probe: { ...probe, ...fields } });
const http = (fields: object): object =>
  run({ probe: { kind: 'http', url: 'http://127.0.0.1/', ...fields } });
const set = (fields: object): object => ({
  type: 'monitors.set',
  revision: 1,
  part: 0,
  parts: 1,
  monitors: [],
  ...fields,
});
const steps = new Array(33).fill({ send: 'x' });

/** Orders that no agent may carry out, however well they are signed. */
const invalid: Readonly<Record<string, object>> = {
  'a command': { type: 'exec', command: 'id > /etc/cron.d/netmon-test' },
  'a file': { type: 'file.read', path: '/etc/shadow' },
  'an unknown field': { type: 'monitors.list', path: '/etc/shadow' },
  'a path for an id': put({ id: '../../../etc/cron.d/netmon-test' }),
  'an id of JavaScript': put({ id: '__proto__' }),
  'an interval of 0': put({ interval_ms: 0 }),
  'a negative interval': put({ interval_ms: -1 }),
  'an endless interval': put({ interval_ms: 1e300 }),
  'a name of a megabyte': put({ name: 'x'.repeat(900_000) }),
  'a threshold of 0': put({ thresholds: { failures: 0 } }),
  '201 monitors in a part': set({ monitors: new Array(201).fill(monitor) }),
  '101 parts': set({ parts: 101 }),
  'a negative part': set({ part: -1 }),
  'a revision beyond all': set({ revision: 2 ** 63 }),
  'a file for a URL': http({ url: 'file:///etc/passwd' }),
  'another scheme': http({ url: 'gopher://127.0.0.1:6379/_FLUSHALL' }),
  'a URL without end': http({ url: `http://a.example/${'x'.repeat(3000)}` }),
  'a header in a header': http({ headers: { 'X-A': 'b\r\nHost: evil' } }),
  'a header whose name is a line': http({ headers: { 'X-A: b\r\nHost': 'evil' } }),
  'a method with a line break': http({ method: 'GET / HTTP/1.1\r\n' }),
  'a hundred redirects': http({ redirects: 100 }),
  'a command for a host': tcp({ host: '8.8.8.8;id' }),
  'a substitution for a host': tcp({ host: '$(id)' }),
  'an option for a host': tcp({ host: '-I/etc/passwd' }),
  'a host with a line break': tcp({ host: 'a.example\nb' }),
  'a host with NUL': tcp({ host: 'a.example\0' }),
  'a port out of range': tcp({ port: 65_536 }),
  'a conversation without end': tcp({ steps }),
  'a billion echoes': run({ probe: { kind: 'icmp', host: 'a.example', echoes: 1e9 } }),
  'packets of a megabyte': run({ probe: { kind: 'icmp', host: 'a.example', size: 1e6 } }),
  'a thousand hops': run({ probe: { kind: 'traceroute', host: 'a.example', hops: 1000 } }),
  'a try without end': run({ timeout_ms: 1e12 }),
  'a million tries': run({ retries: 1e6 }),
  'an assertion without end': run({ assertions: [{ test: `[STATUS] == ${'1'.repeat(600)}` }] }),
  'a million assertions': run({ assertions: new Array(33).fill({ test: '[CONNECTED] == true' }) }),
  'an assertion that is none': run({ assertions: [{ test: `[BODY]${'.a'.repeat(100)} == 1` }] }),
  'a pattern with brackets in brackets': run({
    assertions: [{ test: `[BANNER] == pat(${'('.repeat(300)}` }],
  }),
  'rounds without end': { type: 'results.list', monitor: 'm', limit: 1e9 },
};

describe('a server that is not, or no longer, to be trusted', () => {
  const folder = makeDataFolder();
  const data = join(folder, 'agent');
  let authority: Authority;
  let sign: (body: string) => string;
  let identity: Identity;
  let impostor: Impostor;
  let port: number;
  let agent: ChildProcess;
  let output = '';

  function start(...flags: readonly string[]): ChildProcess {
    const args = [
      'agent',
      '--data',
      data,
      '--sensor',
      'proc',
      '--no-inspect',
      '--log-format',
      'json',
      ...flags,
    ];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        output += String(text);
      });
    }
    return child;
  }

  async function kill(): Promise<void> {
    const ended = once(agent, 'exit');
    agent.kill('SIGKILL');
    await ended;
  }

  async function replaceImpostor(context: SecureContextOptions): Promise<Impostor> {
    await impostor.close();
    const next = new Impostor(context);
    await next.listen(port);
    impostor = next;
    return next;
  }

  before(async () => {
    authority = await openAuthority(join(folder, 'ca'));
    sign = makeOrderSigner(authority.orderKey);
    impostor = new Impostor(listenContext(authority.server));
    port = await impostor.listen(0);
    identity = { ...(await enroll(authority, 'agent', name)), server: `https://127.0.0.1:${port}` };
    writeIdentity(identityPath(data, 'agent'), identity);
  });
  after(async () => {
    await kill();
    await impostor.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is told nothing where it is not the one that the agent was enrolled with', async () => {
    const impostors = await makeImpostors(folder, authority);
    agent = start();
    for (const [who, context] of Object.entries(impostors)) {
      const fake = await replaceImpostor(context);
      await until(`a refusal of ${who}`, () => fake.refused > 0 || undefined, {
        ...patient,
        describe: () => output,
      });
      assert.deepEqual(fake.received, [], who);
    }
    const right = await replaceImpostor(listenContext(authority.server));
    const hello = await right.hello();
    assert.equal(hello.kind === 'hello' && hello.agent, name);
    await right.welcome();
  });

  it('is refused what is not signed, not for this agent, or not of now', async () => {
    const list = { type: 'monitors.list' };
    const other = makeOrderSigner((await openAuthority(join(folder, 'other'))).orderKey);
    const attempts: readonly (readonly [string, OrderFields, (body: string) => string | null])[] = [
      ['NM_UNAUTHORIZED', {}, () => null],
      ['NM_UNAUTHORIZED', {}, () => ''],
      ['NM_UNAUTHORIZED', {}, other],
      ['NM_UNAUTHORIZED', {}, (body) => sign(`${body} `)],
      ['NM_UNAUTHORIZED', {}, (body) => sign(body).slice(4)],
      ['NM_FORBIDDEN', { agent: 'other' }, sign],
      ['NM_EXPIRED', { issuedMs: -120_000 }, sign],
      ['NM_EXPIRED', { issuedMs: 120_000 }, sign],
      ['NM_VALIDATION', { lifeMs: 121_000 }, sign],
      ['NM_VALIDATION', { lifeMs: -1 }, sign],
    ];
    for (const [code, fields, signature] of attempts) {
      const { id, body } = writeOrder(list, fields);
      impostor.send(body, signature(body));
      const answer = await impostor.answer(id);
      assert.ok(answer.type === 'refused' && answer.code === code, `${code}: ${JSON.stringify(answer)}`);
    }
    const { id, body } = writeOrder(list);
    impostor.send(body, sign(body));
    assert.equal((await impostor.answer(id)).type, 'monitors');
  });

  it('has no order carried out that is none, whatever is in it', async () => {
    for (const [what, order] of Object.entries(invalid)) {
      const { id, body } = writeOrder(order);
      impostor.send(body, sign(body));
      const answer = await impostor.answer(id);
      assert.ok(
        answer.type === 'refused' && answer.code === 'NM_VALIDATION',
        `${what}: ${JSON.stringify(answer)}`,
      );
    }
    assert.equal(existsSync('/etc/cron.d/netmon-test'), false);
    assert.equal(agent.exitCode, null);
  });

  it('has no more monitors carried out than there may be, and what was there goes on', async () => {
    const many = (part: number): object =>
      set({
        part,
        parts: 100,
        monitors: Array.from({ length: 200 }, (_, i) => ({ ...monitor, id: `m-${part}-${i}` })),
      });
    const codes: string[] = [];
    for (let part = 0; part <= 50; part++) {
      const { id, body } = writeOrder(many(part));
      impostor.send(body, sign(body));
      const answer = await impostor.answer(id);
      codes.push(answer.type === 'refused' ? answer.code : answer.type);
    }
    assert.deepEqual(new Set(codes.slice(0, 50)), new Set(['done']));
    assert.equal(codes[50], 'NM_TOO_LARGE');
    const { id, body } = writeOrder({ type: 'monitors.list' });
    impostor.send(body, sign(body));
    assert.deepEqual(await impostor.answer(id), { type: 'monitors', revision: 0, monitors: [] });
  });

  it('reaches nothing on the agent’s own machine by its probes', async () => {
    const targets = [
      probe,
      { kind: 'http', url: `https://127.0.0.1:${port}/` },
      { kind: 'http', url: 'http://169.254.169.254/latest/meta-data/' },
      { kind: 'http', url: `http://0x7f.1:${port}/` },
      { kind: 'http', url: `http://2130706433:${port}/` },
      { kind: 'http', url: 'http://[::ffff:7f00:1]/' },
      { kind: 'http', url: 'http://１２７.０.０.１/' },
      { kind: 'icmp', host: '::1' },
      { kind: 'dns', name: 'a.example', server: '127.0.0.1' },
      { kind: 'ntp', host: '::ffff:127.0.0.1' },
      { kind: 'udp', host: 'localhost', port: 9, payload: '' },
      { kind: 'traceroute', host: '127.1.1.1' },
    ];
    for (const target of targets) {
      const { id, body } = writeOrder(run({ probe: target }));
      impostor.send(body, sign(body));
      const answer = await impostor.answer(id);
      assert.ok(answer.type === 'result', JSON.stringify(answer));
      const { outcome, reason } = answer.result;
      assert.deepEqual([outcome, reason?.code], ['unknown', 'FORBIDDEN_ADDRESS'], JSON.stringify(target));
    }
  });

  it('does not have an order carried out again after the agent was killed, nor one that the agent forbids', async () => {
    const kept = writeOrder({ type: 'agent.describe' }, { lifeMs: 120_000 });
    impostor.send(kept.body, sign(kept.body));
    assert.equal((await impostor.answer(kept.id)).type, 'agent');
    await kill();
    const again = await replaceImpostor(listenContext(authority.server));
    agent = start('--forbid-orders', 'probe.run,monitors.set');
    await again.welcome();
    again.send(kept.body, sign(kept.body));
    const replayed = await again.answer(kept.id);
    assert.ok(replayed.type === 'refused' && replayed.code === 'NM_REPLAYED', JSON.stringify(replayed));
    for (const order of [run({}), set({})]) {
      const { id, body } = writeOrder(order);
      again.send(body, sign(body));
      const answer = await again.answer(id);
      assert.ok(answer.type === 'refused' && answer.code === 'NM_FORBIDDEN', JSON.stringify(answer));
    }
  });
});
