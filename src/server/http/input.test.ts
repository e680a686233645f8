import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { problemSchema } from '../../wire/api.ts';
import { type RunningServer, readStatus, sendRaw } from '../server.fixture.ts';
import { body, json, raw, startClosed, startOpen } from './attack.fixture.ts';

describe('what is sent to the server', () => {
  let open: RunningServer;
  let closed: RunningServer;
  before(async () => {
    open = await startOpen();
    closed = await startClosed();
  });
  after(() => Promise.all([open[Symbol.asyncDispose](), closed[Symbol.asyncDispose]()]));

  it('gets prototypes changed nowhere', async () => {
    const rows = open.store.stats().rows;
    for (const text of [
      `{"__proto__":{"isAdmin":true},${body.slice(1)}`,
      `{"constructor":{"prototype":{"isAdmin":true}},${body.slice(1)}`,
      '{"a":{"__proto__":{"isAdmin":true}}}',
      '{"\\u005f_proto__":{"isAdmin":true}}',
      '[{"prototype":1}]',
    ]) {
      const answer = await raw(open, 'POST', '/api/connections', json, text);
      assert.equal(readStatus(answer), 400, text);
      assert.match(answer, /"field":"(\[0\]\.|a\.)?(__proto__|constructor|prototype)"/);
    }
    assert.equal(readStatus(await raw(open, 'GET', '/api/connections?a[__proto__][x]=1')), 400);
    assert.equal(readStatus(await raw(open, 'GET', '/api/connections?__proto__=1&constructor=2')), 400);
    assert.equal(({} as { isAdmin?: unknown }).isAdmin, undefined);
    assert.equal(open.store.stats().rows, rows);
  });

  it('gets no SQL into a filter or an order', async () => {
    await fetch(`${open.url}/api/connections`, { method: 'POST', body, headers: json });
    const inject = "' OR 1=1--";
    for (const field of ['process', 'path', 'text', 'agent', 'user', 'container', 'remote']) {
      const response = await fetch(`${open.url}/api/connections?${field}=${encodeURIComponent(inject)}`);
      const answer = (await response.json()) as { connections: unknown[] };
      assert.deepEqual([response.status, answer.connections.length], [200, 0], field);
    }
    for (const query of [
      'sort=(select 1)',
      'limit=1;DROP TABLE connections',
      `error=${inject}`,
      `since=${inject}`,
      `local=${inject}`,
    ]) {
      assert.equal(
        (await fetch(`${open.url}/api/connections?${query.replaceAll(' ', '%20')}`)).status,
        400,
        query,
      );
    }
    const started = process.cpuUsage();
    assert.equal(
      (await fetch(`${open.url}/api/connections?text=${encodeURIComponent('(a+)+$'.repeat(40))}`)).status,
      200,
    );
    assert.ok(process.cpuUsage(started).user < 2e6, 'a pattern that backtracks takes no time');
  });

  it('is stopped at a size, before it is read whole', async () => {
    const rows = open.store.stats().rows;
    const large = await postStream(open, 10 * 1024 * 1024);
    assert.equal(large, 413);
    const name = 'x'.repeat(2 * 1024 * 1024);
    const response = await fetch(`${open.url}/api/connections`, {
      method: 'POST',
      body: JSON.stringify({ name }),
      headers: json,
    });
    assert.equal(response.status, 413);
    assert.equal(problemSchema.parse(await response.json()).code, 'NM_TOO_LARGE');
    assert.equal(open.store.stats().rows, rows);
  });

  it('is stopped at a depth', async () => {
    for (const text of ['['.repeat(500_000), '{"a":'.repeat(100_000), `${'['.repeat(17)}${']'.repeat(17)}`]) {
      const answer = await raw(open, 'POST', '/api/connections', json, text);
      assert.equal(readStatus(answer), 400);
      assert.match(answer, /nests deeper/);
    }
  });

  it('is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, 0x20));
    const response = await fetch(`${open.url}/api/connections`, {
      method: 'POST',
      body: bomb,
      headers: { ...json, 'content-encoding': 'gzip' },
    });
    assert.equal(response.status, 415);
  });

  it('is refused when it is no UTF-8, no JSON, or nothing', async () => {
    for (const content of [Buffer.from([0x22, 0xff, 0x22]), 'NaN', '{', '', '\0']) {
      const { status } = await fetch(`${open.url}/api/connections`, {
        method: 'POST',
        body: content,
        headers: json,
      });
      assert.equal(status, 400);
    }
  });

  it('is refused with too long a URL, header or cookie', async () => {
    const long = 'x'.repeat(20_000);
    for (const answer of [
      await raw(open, 'GET', `/api/connections?text=${long}`),
      await raw(open, 'GET', '/health', { Cookie: long }),
      await raw(open, 'GET', '/health', { 'X-Long': long }),
    ]) {
      assert.equal(readStatus(answer), 431);
      assert.match(answer, /application\/problem\+json/);
    }
  });

  it('is refused when it is not HTTP, or two lengths at once', async () => {
    const host = `Host: 127.0.0.1\r\n`;
    for (const text of [
      'nonsense\r\n\r\n',
      `GET / HTTP/9.9\r\n${host}\r\n`,
      `POST /api/connections HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST /api/connections HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
      `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`,
    ]) {
      assert.equal(readStatus(await sendRaw(open.port, text)), 400, JSON.stringify(text));
    }
  });

  it('forges no line of the log', async () => {
    open.logged.length = 0;
    const forged = 'x\r\n{"level":"info","message":"admin logged in"}';
    const { live } = open;
    Object.assign(live, { refresh: () => Promise.reject(new Error(forged)) });
    const response = await fetch(`${open.url}/api/connections?process=forged`);
    Object.assign(live, { refresh: async () => {} });
    assert.equal(response.status, 500);
    assert.equal(open.logged.length, 1);
    for (const line of open.logged) assert.equal(line.split('\n').length, 2);
    assert.doesNotMatch(await response.text(), /admin logged in/);
  });

  it('forges no address by a proxy header', async () => {
    const headers = {
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Host': 'localhost',
      'X-WEBAUTH-USER': 'admin',
    };
    assert.equal(readStatus(await raw(open, 'GET', '/health', { Host: 'evil.example', ...headers })), 421);
    assert.equal(readStatus(await raw(closed, 'GET', '/health', headers)), 401);
  });
});

/** The status of a body of that many bytes, sent as long as the server reads. */
async function postStream({ port }: RunningServer, bytes: number): Promise<number> {
  const head = `POST /api/connections HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const { promise, resolve } = Promise.withResolvers<number>();
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 0x20), Buffer.from('\r\n')]);
  let sent = 0;
  const socket: Socket = connect(port, '127.0.0.1', () => {
    socket.write(head);
    const send = (): void => {
      while (sent < bytes && !socket.destroyed) {
        sent += 0x10000;
        if (!socket.write(chunk)) {
          socket.once('drain', send);
          return;
        }
      }
      socket.write('0\r\n\r\n');
    };
    send();
  });
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString('latin1');
    if (answer.includes('\r\n\r\n')) {
      resolve(readStatus(answer));
      socket.destroy();
    }
  });
  socket.on('error', () => {});
  return promise;
}
