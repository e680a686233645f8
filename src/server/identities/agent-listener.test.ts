import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { until } from '../../../test/support/until.ts';
import { enroll } from '../../agent/identity/enroll.ts';
import { NetmonError } from '../../base/errors.ts';
import { enroll as issueOnly } from '../../platform/certificates/authority.fixture.ts';
import { Authority } from '../../platform/certificates/authority.ts';
import { parseToken } from '../../platform/certificates/enrollment-token.ts';
import type { Identity } from '../../platform/certificates/identity.ts';
import { makeKey, makeRequest } from '../../platform/certificates/request.ts';
import { dialServerTls } from '../../platform/certificates/tls.ts';
import { linkPath, linkSubprotocol, type ServerMessage, serverMessageSchema } from '../../wire/link.ts';
import type { AgentSession } from '../ingest/session.ts';
import { ask, askForLink, type Entrance, openEntrance } from './entrance.fixture.ts';

const is = (code: string) => (thrown: unknown) => thrown instanceof NetmonError && thrown.code === code;
const hourMs = 3_600_000;

/** An agent's end of a link, as far as a test needs it. */
class Agent {
  readonly socket: WebSocket;
  readonly #messages: ServerMessage[] = [];
  #wake: () => void = () => {};

  constructor({ url }: Entrance, tls: ConnectionOptions) {
    this.socket = new WebSocket(url.replace('https', 'wss') + linkPath, [linkSubprotocol], tls);
    this.socket.on('error', () => {});
    this.socket.on('message', (data) => {
      this.#messages.push(serverMessageSchema.parse(JSON.parse(String(data))));
      this.#wake();
    });
    this.socket.on('close', () => this.#wake());
  }

  async hello(agent: string, epoch = 'e1'): Promise<void> {
    await once(this.socket, 'open');
    this.send({ kind: 'hello', agent, version: '1', kernel: 'k', os: 'o', epoch, sensors: [] });
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next message of that kind; null when the link ends first. */
  async next<K extends ServerMessage['kind']>(kind: K): Promise<Extract<ServerMessage, { kind: K }> | null> {
    for (;;) {
      const at = this.#messages.findIndex((message) => message.kind === kind);
      if (at >= 0) return this.#messages.splice(0, at + 1).at(-1) as Extract<ServerMessage, { kind: K }>;
      if (this.socket.readyState === WebSocket.CLOSED) return null;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}

const gap = { kind: 'gap', at: '2026-01-01T00:00:00.000Z', reason: 'x', lost: 1 };

describe('the entrance for agents', () => {
  let entrance: Entrance;
  before(async () => {
    entrance = await openEntrance();
  });
  after(() => entrance[Symbol.asyncDispose]());

  const giveToken = async (name: string, role: 'agent' | 'console' = 'agent', ms = hourMs): Promise<string> =>
    (await entrance.identities.give(name, role, ms)).token;
  const letIn = async (name: string): Promise<Identity> => enroll(await giveToken(name));
  const audits = (): string => entrance.logged.filter((line) => line.includes('audit')).join('\n');

  it('gives an identity for a token, once, to the name and role of the token', async () => {
    const token = await giveToken('web-1');
    const identity = await enroll(token);
    assert.deepEqual([identity.role, identity.name, identity.server], ['agent', 'web-1', entrance.url]);
    await assert.rejects(enroll(token), is('NM_REPLAYED'));
    const desk = await enroll(await giveToken('desk', 'console'));
    assert.deepEqual([desk.role, desk.name], ['console', 'desk']);
    assert.match(audits(), /refused an enrolment.*NM_REPLAYED/);
    const [{ usedAt }] = (await entrance.identities.list()).filter(({ name }) => name === 'web-1');
    assert.ok(usedAt !== null);
  });

  it('gives one identity alone when a token is used twice at once', async () => {
    const token = await giveToken('twice');
    const uses = await Promise.allSettled([enroll(token), enroll(token), enroll(token)]);
    assert.equal(uses.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('refuses a token past its time, and does not use one up for a request that is none', async () => {
    const late = await giveToken('late', 'agent', 10_000);
    entrance.clock.aheadMs = 10_001;
    await assert.rejects(enroll(late), is('NM_EXPIRED'));
    entrance.clock.aheadMs = 0;
    const token = await giveToken('slip');
    const { secret } = parseToken(token);
    await assert.rejects(entrance.identities.redeem(secret, 'x', 'test'), is('NM_VALIDATION'));
    assert.equal((await enroll(token)).name, 'slip');
  });

  it('tells no secret to a server that is not the one of the token', async () => {
    const other = await openEntrance();
    try {
      const token = await giveToken('fooled');
      const there = Buffer.from(`127.0.0.1:${other.port}`).toString('base64url');
      const misled = token.replace(/\.[^.]+/, `.${there}`);
      await assert.rejects(enroll(misled), is('NM_UNAVAILABLE'));
      assert.ok(!other.logged.some((line) => line.includes('enrolment')));
      assert.equal((await enroll(token)).name, 'fooled');
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  it('serves nothing else without a certificate, and no browser', async () => {
    const json = { 'content-type': 'application/json' };
    const post = { method: 'POST', headers: json };
    for (const [path, options, status] of [
      ['/', {}, 404],
      ['/api/agents', {}, 404],
      ['/metrics', {}, 404],
      ['/api/enrollments', { ...post, body: '{"name":"evil"}' }, 404],
      ['/api/enroll', {}, 405],
      ['/api/enroll', { method: 'POST', body: '{}' }, 415],
      ['/api/enroll', { ...post, body: '{' }, 400],
      ['/api/enroll', { ...post, body: '{"__proto__":{"a":1}}' }, 400],
      ['/api/enroll', { ...post, body: JSON.stringify({ token: 'a', csr: 'a', name: 'b' }) }, 400],
      ['/api/enroll', { ...post, body: `"${'x'.repeat(20_000)}"` }, 413],
      [
        '/api/enroll',
        { method: 'POST', headers: { ...json, origin: 'https://evil.example' }, body: '{}' },
        403,
      ],
      ['/api/enroll', { method: 'POST', headers: { ...json, cookie: 'a=b' }, body: '{}' }, 403],
    ] as const) {
      assert.equal((await ask(entrance, path, options)).status, status, `${path} ${JSON.stringify(options)}`);
    }
  });

  it('links nobody without a certificate, with one of his own making, of others, or that ended', async () => {
    const { ca } = dialServerTls(await letIn('real'));
    const own = join(entrance.folder, 'own.pem');
    const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    const names = ['-subj', '/CN=real', '-addext', 'subjectAltName=URI:netmon:agent:real'];
    execFileSync('openssl', ['req', ...options, ...names, '-keyout', own, '-out', `${own}.crt`], {
      stdio: 'pipe',
    });
    const selfSigned = { ca, key: readFileSync(own), cert: readFileSync(`${own}.crt`) };
    const foreign = await Authority.open({ folder: join(entrance.folder, 'foreign'), hosts: () => [] });
    const impostor = await issueOnly(foreign, 'agent', 'real');
    const past = await Authority.open({
      folder: join(entrance.folder, 'ca'),
      hosts: () => [],
      lifetimeMs: -60_000,
    });
    const expired = await issueOnly(past, 'agent', 'real');
    for (const [tls, status, code] of [
      [{ ca }, 401, 'NM_UNAUTHORIZED'],
      [selfSigned, 401, 'NM_UNAUTHORIZED'],
      [{ ...dialServerTls(impostor), ca }, 401, 'NM_UNAUTHORIZED'],
      [expired, 403, 'NM_EXPIRED'],
    ] as const) {
      const answer = await askForLink(entrance, tls);
      assert.deepEqual([answer.status, answer.code], [status, code], answer.text);
    }
    assert.match(audits(), /refused a link.*the certificate is not of this server/);
  });

  it('links no console, not itself, and no certificate that it does not remember', async () => {
    const desk = await enroll(await giveToken('desk-2', 'console'));
    const forgotten = await issueOnly(entrance.authority, 'agent', 'web-1');
    for (const identity of [desk, entrance.authority.server, forgotten]) {
      const answer = await askForLink(entrance, identity);
      assert.deepEqual([answer.status, answer.code], [403, 'NM_FORBIDDEN'], answer.text);
    }
    const agent = await letIn('web-3');
    assert.equal((await askForLink(entrance, agent, '/ws')).status, 404);
    assert.equal((await askForLink(entrance, agent)).status, 101);
  });

  it('takes hello for the name in the certificate alone', async () => {
    const agent = new Agent(entrance, dialServerTls(await letIn('mine')));
    await agent.hello('web-1');
    const refused = await agent.next('refused');
    assert.equal(refused?.code, 'NM_FORBIDDEN');
    await agent.next('ack');
    assert.equal(agent.socket.readyState, WebSocket.CLOSED);
    assert.equal(entrance.agents.get('web-1'), undefined);
  });

  it('refuses an enrolled name without its certificate, but on the socket of this machine', () => {
    const plain = { dialledBy: 'agent', tls: false, identity: null } as const;
    const { identities } = entrance;
    assert.throws(() => identities.admit('web-1', { ...plain, address: '127.0.0.1:9' }), is('NM_FORBIDDEN'));
    assert.throws(
      () => identities.admit('web-1', { ...plain, tls: true, address: null }),
      is('NM_UNAUTHORIZED'),
    );
    identities.admit('web-1', { ...plain, address: null });
    identities.admit('never-enrolled', { ...plain, address: '127.0.0.1:9' });
  });

  it('ends a link at once when its agent is revoked, and takes it back enrolled anew, with another serial', async () => {
    const first = await letIn('lost');
    const unused = await giveToken('lost');
    const agent = new Agent(entrance, dialServerTls(first));
    await agent.hello('lost');
    assert.ok(await agent.next('welcome'));
    while (!entrance.agents.get('lost')) await new Promise((resolve) => setImmediate(resolve));
    await entrance.identities.revoke('agent', 'lost');
    assert.equal((await agent.next('refused'))?.code, 'NM_FORBIDDEN');
    await agent.next('ack');
    const answer = await askForLink(entrance, first);
    assert.deepEqual([answer.status, answer.code], [403, 'NM_FORBIDDEN']);
    await assert.rejects(enroll(unused), is('NM_EXPIRED'));
    const again = await letIn('lost');
    assert.notEqual(again.serial, first.serial);
    assert.equal((await askForLink(entrance, again)).status, 101);
    assert.equal((await askForLink(entrance, first)).status, 403);
    await assert.rejects(entrance.identities.revoke('agent', 'nobody'), is('NM_NOT_FOUND'));
  });

  it('has revoked what was linked but had not said hello, or was not welcome yet', async () => {
    const identity = await letIn('slow');
    const agent = new Agent(entrance, dialServerTls(identity));
    await once(agent.socket, 'open');
    await entrance.identities.revoke('agent', 'slow');
    agent.send({ kind: 'hello', agent: 'slow', version: '1', kernel: 'k', os: 'o', epoch: 'e', sensors: [] });
    assert.equal((await agent.next('refused'))?.code, 'NM_FORBIDDEN');
  });

  it('has room for few connections of one certificate that say nothing, and for others meanwhile', async () => {
    const silent = await letIn('silent');
    const held: Agent[] = [];
    const refused = async (): Promise<true | undefined> => {
      const agent = new Agent(entrance, dialServerTls(silent));
      const refusal = once(agent.socket, 'unexpected-response').then(([, response]) => response.statusCode);
      const status = await Promise.race([once(agent.socket, 'open').then(() => 101), refusal]);
      if (status === 101) held.push(agent);
      return status === 429 || undefined;
    };
    await until('a refusal', refused, { withinMs: 30_000, everyMs: 1 });
    const open = held.filter(({ socket }) => socket.readyState === WebSocket.OPEN).length;
    assert.ok(open <= 4, `${open}`);
    const other = new Agent(entrance, dialServerTls(await letIn('talker')));
    await other.hello('talker');
    assert.ok(await other.next('welcome'));
    for (const { socket } of [...held, other]) socket.terminate();
    await until('room', async () => (await askForLink(entrance, silent)).status === 101 || undefined, {
      withinMs: 30_000,
    });
  });

  it('ends a link whose certificate was not renewed in time', async () => {
    const agent = new Agent(entrance, dialServerTls(await letIn('stale')));
    await agent.hello('stale');
    assert.ok(await agent.next('welcome'));
    while (!entrance.agents.get('stale')) await new Promise((resolve) => setImmediate(resolve));
    const session = entrance.agents.get('stale') as AgentSession;
    assert.equal(session.endReason, null);
    entrance.clock.aheadMs = 31 * 24 * hourMs;
    session.checkAlive();
    entrance.clock.aheadMs = 0;
    assert.equal((await agent.next('refused'))?.code, 'NM_EXPIRED');
  });

  it('resumes no session, before a revocation or after it', async () => {
    const identity = await letIn('resumer');
    const open = async (session?: Buffer): Promise<TLSSocket> => {
      const socket = connect({
        host: '127.0.0.1',
        port: entrance.port,
        ...dialServerTls(identity),
        ...(session && { session }),
      });
      await once(socket, 'secureConnect');
      return socket;
    };
    const first = await open();
    const tickets: Buffer[] = [];
    first.on('session', (session: Buffer) => tickets.push(session));
    first.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    first.resume();
    await once(first, 'close');
    await entrance.identities.revoke('agent', 'resumer');
    for (const session of [...tickets, first.getSession()].filter((each) => each !== undefined)) {
      const socket = await open(session);
      assert.equal(socket.isSessionReused(), false);
      socket.destroy();
    }
    assert.equal((await askForLink(entrance, identity)).status, 403);
  });

  it('keeps a copy of a machine out while the machine is linked, says so, and mixes no numbers', async () => {
    const identity = await letIn('cloned');
    const original = new Agent(entrance, dialServerTls(identity));
    await original.hello('cloned');
    assert.equal((await original.next('welcome'))?.committed, -1);
    original.send({ kind: 'records', epoch: 'e1', first: 0, records: [gap] });
    assert.equal((await original.next('ack'))?.seq, 0);
    while (!entrance.agents.get('cloned')) await new Promise((resolve) => setImmediate(resolve));
    const copy = new Agent(entrance, dialServerTls(identity));
    await copy.hello('cloned');
    copy.send({ kind: 'records', epoch: 'e1', first: 1, records: [gap, gap, gap] });
    assert.equal((await copy.next('refused'))?.code, 'NM_CONFLICT');
    original.send({ kind: 'records', epoch: 'e1', first: 1, records: [gap] });
    assert.equal((await original.next('ack'))?.seq, 1);
    assert.equal(await entrance.store.committedSeq('cloned', 'e1'), 1);
    assert.match(audits(), /one identity in two places.*"agent":"cloned"/);
    original.socket.terminate();
  });

  it('renews over the link alone, for the same name, and not for one that was revoked', async () => {
    const identity = await letIn('renewer');
    const agent = new Agent(entrance, dialServerTls(identity));
    await agent.hello('renewer');
    await agent.next('welcome');
    agent.send({ kind: 'renew', csr: await makeRequest(makeKey()) });
    const renewed = await agent.next('certificate');
    assert.equal(renewed?.name, 'renewer');
    agent.send({ kind: 'renew', csr: await makeRequest(makeKey()) });
    assert.equal((await agent.next('refused'))?.code, 'NM_VALIDATION');
    await entrance.identities.revoke('agent', 'renewer');
    const origin = { agent: 'renewer', serial: identity.serial, until: '' };
    await assert.rejects(entrance.identities.renew(origin, await makeRequest(makeKey())), is('NM_FORBIDDEN'));
  });

  it('remembers few certificates of an agent that has them renewed all the time, the one that it shows among them', async () => {
    const { serial } = await letIn('restless');
    const { identities, store } = entrance;
    const csr = await makeRequest(makeKey());
    for (let i = 0; i < 20; i++) await identities.renew({ agent: 'restless', serial, until: '' }, csr);
    const own = (await store.readCertificates()).filter(({ name }) => name === 'restless');
    assert.deepEqual([own.length, own[0].serial], [17, serial]);
    identities.check({ role: 'agent', name: 'restless', serial: own[16].serial });
  });

  it('takes no TLS 1.2, as openssl sees it', async () => {
    const openssl = (...args: string[]): Promise<string> =>
      new Promise((resolve) => {
        const all = ['s_client', '-connect', `127.0.0.1:${entrance.port}`, ...args];
        const child = execFile('openssl', all, { timeout: 60_000 }, (_, out, err) => resolve(out + err));
        child.stdin!.end();
      });
    assert.match(await openssl('-tls1_2'), /alert protocol version/);
    const ca = join(entrance.folder, 'witness.pem');
    writeFileSync(ca, entrance.authority.certificate);
    const seen = await openssl('-CAfile', ca, '-verify_return_error', '-verify_ip', '127.0.0.1');
    assert.match(seen, /New, TLSv1\.3/);
    assert.match(seen, /Verify return code: 0 \(ok\)/);
  });

  it('lets one address hold no more than its share of connections, and has room again', async () => {
    const held = Array.from({ length: 80 }, () => connectPlain(entrance.port, '127.0.0.1'));
    let refused = 0;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    for (const socket of held) {
      socket.on('error', () => {});
      socket.on('close', () => {
        if (++refused === 16) resolve();
      });
    }
    await over;
    await assert.rejects(ask(entrance, '/'));
    const closed = held.filter(({ closed }) => !closed).map((socket) => once(socket.destroy(), 'close'));
    assert.equal(closed.length, 64);
    await Promise.all(closed);
    while ((await ask(entrance, '/').catch(() => null)) === null);
  });

  it('lets a caller not in for a minute after twenty wrong tokens, whatever the token', async () => {
    entrance.clock.aheadMs = 2 * 60_000;
    const right = await giveToken('patient');
    const csr = await makeRequest(makeKey());
    const guess = async (): Promise<string | undefined> => {
      const body = JSON.stringify({ token: 'A'.repeat(32), csr });
      const headers = { 'content-type': 'application/json' };
      return (await ask(entrance, '/api/enroll', { method: 'POST', headers, body })).code;
    };
    for (let i = 0; i < 20; i++) assert.equal(await guess(), 'NM_UNAUTHORIZED');
    for (let i = 0; i < 5; i++) assert.equal(await guess(), 'NM_RATE');
    await assert.rejects(enroll(right), is('NM_RATE'));
    entrance.clock.aheadMs += 60_000;
    assert.equal((await enroll(right)).name, 'patient');
    for (let i = 0; i < 20; i++) assert.equal(await guess(), 'NM_UNAUTHORIZED');
    assert.equal(await guess(), 'NM_RATE');
    entrance.clock.aheadMs -= 3_600_000;
    assert.equal(await guess(), 'NM_UNAUTHORIZED', 'a clock that was set back shuts nobody out for an hour');
  });

  it('takes a token back that nobody has used yet', async () => {
    const { identities } = entrance;
    const leaked = await giveToken('never-came');
    await assert.rejects(identities.revoke('console', 'never-came'), is('NM_NOT_FOUND'));
    await identities.revoke('agent', 'never-came');
    await assert.rejects(enroll(leaked), is('NM_EXPIRED'));
    assert.equal(identities.certificate('never-came'), null);
  });
});
