import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { makeReporter } from '../../src/platform/reporter.ts';
import { linkPath, linkSubprotocol, type ServerMessage } from '../../src/wire/link.ts';
import { attacks, hello, live, records } from './attacks.ts';
import { type LinkServer, startLinkServer } from './server.ts';

describe('an agent that is hostile', () => {
  const dir = mkdtempSync(join(tmpdir(), 'netmon-hostile-'));
  const sockets: WebSocket[] = [];
  let server: LinkServer;
  before(async () => {
    server = await startLinkServer(join(dir, 'db.sqlite'), makeReporter({ write: () => {} }));
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) {
      if (socket.readyState === socket.CLOSED) continue;
      socket.terminate();
      await once(socket, 'close');
    }
  });
  after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true });
  });

  function dial(protocol = linkSubprotocol): WebSocket {
    const socket = new WebSocket(`${server.url}${linkPath}`, [protocol]);
    socket.on('error', () => {});
    sockets.push(socket);
    return socket;
  }

  async function greet(agent: string): Promise<{ socket: WebSocket; received: ServerMessage[] }> {
    const socket = dial();
    const received: ServerMessage[] = [];
    socket.on('message', (data) => received.push(JSON.parse(String(data))));
    await once(socket, 'open');
    socket.send(JSON.stringify({ ...hello, agent }));
    await once(socket, 'message');
    return { socket, received };
  }

  for (const [name, messages] of Object.entries(attacks)) {
    it(`is refused for ${name}, and others go on`, async () => {
      const good = await greet('good');
      const { socket, received } = await greet('evil');
      assert.equal(received[0].kind, 'welcome');
      for (const message of messages) {
        socket.send(typeof message === 'string' ? message : JSON.stringify(message));
      }
      const [code] = await once(socket, 'close');
      assert.equal(code, 1008);
      const last = received.at(-1)!;
      assert.ok(last.kind === 'refused' && last.code === 'NM_VALIDATION', JSON.stringify(last));
      good.socket.send(JSON.stringify({ ...records, first: 0 }));
      const [ack] = await once(good.socket, 'message');
      assert.equal(JSON.parse(String(ack)).kind, 'ack');
      assert.equal(({} as { isAdmin?: boolean }).isAdmin, undefined);
    });
  }

  it('is cut off for a frame beyond the limit', async () => {
    const { socket } = await greet('evil');
    socket.send('x'.repeat(17 * 1024 * 1024));
    const [code] = await once(socket, 'close');
    assert.equal(code, 1009);
  });

  it('is cut off when it sends and takes nothing, so that nothing piles up', async () => {
    const { socket } = await greet('deaf');
    socket.pause();
    const closed = once(socket, 'close');
    const alerts = await server.store.readAlertSettings();
    for (let i = 0; i < 200_000 && server.mirror.connectedAgents() > 0; i++) {
      server.mirror.configureAlerts(alerts);
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(server.mirror.agents().find(({ agent }) => agent === 'deaf')?.connected, false);
    assert.match(server.agents.reason('deaf') ?? '', /took nothing/);
    socket.resume();
    await closed;
  });

  it('has an answer that nobody waits for let go', async () => {
    const { socket } = await greet('chatty');
    const id = '00000000-0000-4000-8000-000000000000';
    for (let i = 0; i < 100; i++)
      socket.send(JSON.stringify({ kind: 'answer', id, answer: { type: 'done' } }));
    socket.send(JSON.stringify(records));
    for (;;) {
      const [data] = await once(socket, 'message');
      if (JSON.parse(String(data)).kind === 'ack') break;
    }
  });

  it('is refused for a binary frame and for one before hello', async () => {
    for (const first of [Buffer.from([1, 2, 3]), JSON.stringify(live)]) {
      const socket = dial();
      await once(socket, 'open');
      socket.send(first);
      const [message] = await once(socket, 'message');
      assert.equal(JSON.parse(String(message)).kind, 'refused');
    }
  });

  it('gets no WebSocket for another version of the protocol', async () => {
    const socket = dial('netmon.v2');
    sockets.pop();
    const [, response] = await once(socket, 'unexpected-response');
    assert.equal(response.statusCode, 400);
  });

  it('is refused under the name of an agent that is connected', async () => {
    await greet('twin');
    const { received } = await greet('twin');
    assert.ok(received[0].kind === 'refused' && received[0].code === 'NM_CONFLICT');
    assert.equal(server.mirror.agents().find(({ agent }) => agent === 'twin')?.connected, true);
  });
});

describe('a viewer that is hostile', () => {
  const dir = mkdtempSync(join(tmpdir(), 'netmon-hostile-'));
  let server: LinkServer;
  before(async () => {
    server = await startLinkServer(join(dir, 'db.sqlite'), makeReporter({ write: () => {} }));
  });
  after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true });
  });

  async function watch(query: string): Promise<WebSocket> {
    const socket = new WebSocket(`${server.url}/ws${query}`);
    await once(socket, 'open');
    return socket;
  }
  async function nextProblem(socket: WebSocket): Promise<{ code: string; id?: string }> {
    for (;;) {
      const [data] = await once(socket, 'message');
      const message = JSON.parse(String(data));
      if (message.kind === 'problem') return message;
    }
  }
  const subscribe = { kind: 'subscribe', id: 'v', topic: 'connections' };
  const bad: Readonly<Record<string, readonly [string | object, string]>> = {
    'no JSON': ['{', 'NM_BAD_REQUEST'],
    'an unknown kind': [{ kind: 'exec' }, 'NM_VALIDATION'],
    'an unknown topic': [{ ...subscribe, topic: 'secrets' }, 'NM_VALIDATION'],
    'an unknown filter': [{ ...subscribe, filter: { colour: 'red' } }, 'NM_VALIDATION'],
    'a filter that cannot be read': [{ ...subscribe, filter: { since: 'yesterday' } }, 'NM_BAD_FILTER'],
    'an order that is none': [{ ...subscribe, sort: '(select 1)' }, 'NM_VALIDATION'],
    'a limit too high': [{ ...subscribe, limit: 1_000_000 }, 'NM_VALIDATION'],
    'a __proto__': ['{"kind":"pace","hidden":true,"__proto__":{"isAdmin":true}}', 'NM_VALIDATION'],
    'a chart of nothing': [{ ...subscribe, topic: 'bandwidth', by: 'process' }, 'NM_VALIDATION'],
  };
  for (const [name, [message, code]] of Object.entries(bad)) {
    it(`is told of ${name} and keeps its connection`, async () => {
      const socket = await watch('?mode=delta');
      socket.send(typeof message === 'string' ? message : JSON.stringify(message));
      assert.equal((await nextProblem(socket)).code, code);
      assert.equal(socket.readyState, socket.OPEN);
      socket.terminate();
    });
  }

  it('may not hold more than its share of subscriptions', async () => {
    const socket = await watch('?mode=delta');
    for (let i = 0; i < 33; i++) socket.send(JSON.stringify({ ...subscribe, id: String(i) }));
    const problem = await nextProblem(socket);
    assert.deepEqual([problem.code, problem.id], ['NM_RATE', '32']);
    socket.terminate();
  });

  it('is cut off when it floods, and for a message beyond the limit', async () => {
    const flooding = await watch('?mode=delta');
    for (let i = 0; i < 200; i++) flooding.send('{"kind":"unsubscribe","id":"x"}');
    assert.equal((await once(flooding, 'close'))[0], 1008);
    const long = await watch('?mode=delta');
    long.send('x'.repeat(40_000));
    assert.equal((await once(long, 'close'))[0], 1009);
  });

  it('gets no WebSocket for a limit that is none', async () => {
    const socket = new WebSocket(`${server.url}/ws?limit=-1`);
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    assert.equal(response.statusCode, 400);
  });
});
