import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import { problemSchema } from '../../wire/api.ts';
import { type RunningServer, readStatus, sendRaw, startServer } from '../server.fixture.ts';
import type { UpgradeRoute } from '../upgrade.ts';

const body = JSON.stringify({
  timestamp: '2024-03-16T12:00:00Z',
  local_addr: '127.0.0.1:8080',
  remote_addr: '192.168.1.1:12345',
});
const json = { 'content-type': 'application/json' };

/** WebSocket routes that greet whoever gets in. */
function makeGreeters(): UpgradeRoute[] {
  const server = new WebSocketServer({ noServer: true });
  const handle: UpgradeRoute['handle'] = (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (webSocket) => webSocket.send('hello'));
  return [
    { path: '/ws', audience: 'viewer', handle },
    { path: '/api/agent/link', audience: 'agent', handle },
  ];
}

const token = 'a-token-of-enough-length-0123456789';

describe('an attack on the server', () => {
  let open: RunningServer;
  let closed: RunningServer;
  before(async () => {
    open = await startServer({ allowedHosts: ['monitor.example'] }, makeGreeters());
    closed = await startServer({ host: '127.0.0.1', token }, makeGreeters());
  });
  after(() => Promise.all([open[Symbol.asyncDispose](), closed[Symbol.asyncDispose]()]));

  /** One request with headers that fetch would not send; the whole answer as text. */
  const raw = (
    { port }: RunningServer,
    method: string,
    path: string,
    headers: Record<string, string> = {},
    content = '',
  ): Promise<string> => {
    const all = {
      Host: `127.0.0.1:${port}`,
      Connection: 'close',
      ...(content && { 'Content-Length': String(Buffer.byteLength(content)) }),
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return sendRaw(port, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${content}`);
  };
  const upgrade = (running: RunningServer, path: string, headers: Record<string, string>): Promise<string> =>
    raw(running, 'GET', path, {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    });
  const rowsBefore = (): number => open.store.stats().rows;

  describe('by another origin', () => {
    it('opens no WebSocket with a foreign Origin', async () => {
      for (const Origin of [
        'https://evil.example',
        'null',
        `http://127.0.0.1:1`,
        `http://127.0.0.1:${open.port}@evil.example`,
      ]) {
        const answer = await upgrade(open, '/ws', { Origin });
        assert.equal(readStatus(answer), 403, Origin);
        assert.match(answer, /"code":"NM_FORBIDDEN"/);
      }
    });

    it('opens no WebSocket with a cookie but no Origin', async () => {
      assert.equal(readStatus(await upgrade(open, '/ws', { Cookie: 'netmon_session=x' })), 403);
      assert.equal(readStatus(await upgrade(closed, '/ws', { Cookie: 'netmon_session=x' })), 403);
    });

    it('opens the WebSocket for its own page and for programs, but the agents link for no browser', async () => {
      for (const Origin of [undefined, `http://127.0.0.1:${open.port}`]) {
        const headers: Record<string, string> = Origin === undefined ? {} : { Origin };
        const socket = await openSocket(open, '/ws', headers);
        assert.match(socket, /^HTTP\/1\.1 101 /);
      }
      const own = { Origin: `http://127.0.0.1:${open.port}` };
      assert.equal(readStatus(await upgrade(open, '/api/agent/link', own)), 403);
      assert.match(await openSocket(open, '/api/agent/link', {}), /^HTTP\/1\.1 101 /);
      assert.equal(readStatus(await upgrade(open, '/nowhere', {})), 404);
    });

    it('goes by no name that was pointed at it (DNS rebinding), though Host and Origin match', async () => {
      for (const Host of [
        'evil.example:8443',
        'evil.example',
        '127.0.0.1.evil.example',
        '10.0.0.1',
        '[2001:db8::1]',
        'localhost@evil.example',
        '',
      ]) {
        const Origin = `https://${Host}`;
        assert.equal(readStatus(await raw(open, 'GET', '/api/connections', { Host, Origin })), 421, Host);
        assert.equal(
          readStatus(await raw(open, 'POST', '/api/connections', { Host, ...json }, body)),
          421,
          Host,
        );
        assert.equal(readStatus(await upgrade(open, '/ws', { Host, Origin })), 421, Host);
      }
    });

    it('goes by localhost, loopback addresses and the names of its configuration', async () => {
      for (const Host of [
        'localhost',
        `LOCALHOST:${open.port}`,
        '127.0.0.1',
        '127.9.9.9:1',
        '[::1]:8080',
        'Monitor.Example',
      ]) {
        assert.equal(readStatus(await raw(open, 'GET', '/health', { Host })), 200, Host);
      }
    });

    it('changes nothing for another site, and nothing that is not JSON', async () => {
      const rows = rowsBefore();
      const own = { Origin: `http://127.0.0.1:${open.port}` };
      const attempts: [Record<string, string>, number][] = [
        [{ 'Content-Type': 'text/plain', 'Sec-Fetch-Site': 'cross-site', Cookie: 'netmon_session=x' }, 403],
        [{ ...json, 'Sec-Fetch-Site': 'same-site' }, 403],
        [{ ...json, Origin: 'https://evil.example' }, 403],
        [{ ...json, Cookie: 'netmon_session=x' }, 403],
        [{ ...own, 'Content-Type': 'text/plain' }, 415],
        [{ ...own, 'Content-Type': 'application/x-www-form-urlencoded' }, 415],
        [{ ...own, 'Content-Type': 'multipart/form-data; boundary=x' }, 415],
        [{ ...own }, 415],
      ];
      for (const [headers, status] of attempts) {
        assert.equal(
          readStatus(await raw(open, 'POST', '/api/connections', headers, body)),
          status,
          JSON.stringify(headers),
        );
      }
      assert.equal(open.store.stats().rows, rows);
    });

    it('fetches no data for another site, but lets a link lead to the dashboard', async () => {
      const from = { 'Sec-Fetch-Site': 'cross-site' };
      const image = { ...from, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' };
      assert.equal(readStatus(await raw(open, 'GET', '/api/connections', image)), 403);
      const link = {
        ...from,
        'Sec-Fetch-Mode': 'navigate',
        'Sec-Fetch-Dest': 'document',
        Accept: 'text/html',
      };
      assert.equal(readStatus(await raw(open, 'GET', '/', link)), 200);
      const frame = { ...link, 'Sec-Fetch-Dest': 'iframe' };
      assert.equal(readStatus(await raw(open, 'GET', '/', frame)), 403);
    });

    it('changes nothing by GET or by other methods', async () => {
      for (const [method, path, status] of [
        ['DELETE', '/api/connections', 405],
        ['PUT', '/api/connections/1', 405],
        ['PATCH', '/health', 405],
        ['POST', '/api/stats', 405],
        ['OPTIONS', '/api/connections', 405],
        ['TRACE', '/', 405],
        ['GET', '/api/response/block?ip=10.0.0.1', 404],
        ['GET', '/logout', 404],
      ] as const) {
        const answer = await raw(open, method, path);
        assert.equal(readStatus(answer), status, `${method} ${path}`);
        if (status === 405) assert.match(answer, /\r\nallow: GET, HEAD/i);
      }
      assert.match(await raw(open, 'DELETE', '/api/connections'), /\r\nallow: GET, HEAD, POST\r\n/i);
    });

    it('gives no other origin leave to read (CORS)', async () => {
      for (const Origin of [
        'null',
        'https://127.0.0.1.evil.com',
        `https://127.0.0.1:${open.port}.evil.com`,
      ]) {
        const preflight = { Origin, 'Access-Control-Request-Method': 'POST' };
        for (const answer of [
          await raw(open, 'OPTIONS', '/api/connections', preflight),
          await raw(open, 'GET', '/api/stats', { Origin }),
        ]) {
          assert.doesNotMatch(answer, /access-control/i);
          assert.equal(readStatus(answer), 403);
        }
      }
    });

    it('frames no page, and runs no script but its own', async () => {
      for (const path of ['/', '/docs', '/nowhere', '/api/stats', '/assets/main-0a1b2c3d.js']) {
        const { headers } = await fetch(open.url + path);
        assert.equal(headers.get('x-frame-options'), 'DENY');
        const policy = headers.get('content-security-policy') ?? '';
        assert.match(policy, /script-src 'self';/);
        assert.match(policy, /frame-ancestors 'none'/);
        assert.match(policy, /require-trusted-types-for 'script'/);
        assert.doesNotMatch(policy, /unsafe-eval|script-src[^;]*unsafe-inline|\*/);
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
      }
      const docs = await (await fetch(`${open.url}/docs`)).text();
      assert.equal(/<script|\son\w+=|(?:src|href)="(?![/#])/.exec(docs)?.[0], undefined);
    });

    it('leads from the login nowhere but home', async () => {
      for (const next of ['//evil.com', '/\\evil.com', '/..//evil.com']) {
        const { status, headers } = await fetch(`${closed.url}/login?next=${encodeURIComponent(next)}`, {
          redirect: 'manual',
        });
        assert.equal(status, 400);
        assert.equal(headers.get('location'), null);
      }
    });
  });

  describe('on its files', () => {
    it('finds nothing outside of the dashboard', async () => {
      for (const path of [
        '/public/../../etc/passwd',
        '/../secret.txt',
        '/assets/../../secret.txt',
        '/..%2fsecret.txt',
        '/%2e%2e/secret.txt',
        '/%252e%252e/secret.txt',
        '/....//secret.txt',
        '/\\..\\secret.txt',
        '/assets/..%5c..%5csecret.txt',
        '/static/%00',
        '/assets/main-0a1b2c3d.js%00.html',
        '//etc/passwd',
        '/etc/passwd',
        '/index.html/../../secret.txt',
      ]) {
        const answer = await raw(open, 'GET', path, { Accept: 'text/html' });
        assert.ok([400, 404].includes(readStatus(answer)), `${path}: ${answer.slice(0, 60)}`);
        assert.doesNotMatch(answer, /a secret|root:/);
      }
      const absolute = await raw(open, 'GET', 'http://evil.example/secret.txt');
      assert.ok([400, 404].includes(readStatus(absolute)));
    });

    it('takes another spelling of a path as that path or as none', async () => {
      for (const path of [
        '/api/./stats',
        '/api//stats',
        '/api/stats;.css',
        '/api/stats%2f..',
        `/${'%2e%2f'.repeat(100)}x.css`,
        '/API/stats',
      ]) {
        assert.ok([400, 401, 404].includes(readStatus(await raw(closed, 'GET', path))), path);
        assert.ok([400, 404].includes(readStatus(await raw(open, 'GET', path))), path);
      }
      assert.equal(readStatus(await raw(closed, 'GET', '/%61pi/stats')), 401);
    });

    it('knows no file by an id from outside', async () => {
      for (const id of [
        '../../../etc/shadow',
        '..%2f..%2fetc%2fshadow',
        '1%00',
        '1e400',
        '-1',
        '0x1',
        '9'.repeat(30),
      ]) {
        assert.ok([400, 404].includes(readStatus(await raw(open, 'GET', `/api/connections/${id}`))), id);
      }
    });
  });

  describe('by what it sends', () => {
    it('gets prototypes changed nowhere', async () => {
      const rows = rowsBefore();
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
      const started = performance.now();
      assert.equal(
        (await fetch(`${open.url}/api/connections?text=${encodeURIComponent('(a+)+$'.repeat(40))}`)).status,
        200,
      );
      assert.ok(performance.now() - started < 1000);
    });

    it('is stopped at a size, before it is read whole', async () => {
      const rows = rowsBefore();
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
      for (const text of [
        '['.repeat(500_000),
        '{"a":'.repeat(100_000),
        `${'['.repeat(17)}${']'.repeat(17)}`,
      ]) {
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

  describe('by holding on', () => {
    it('is cut off when its headers or its body come too slowly (slowloris)', async () => {
      await using slow = await startServer({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } });
      const headers = sendRaw(slow.port, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ');
      const content = sendRaw(
        slow.port,
        'POST /api/connections HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
      );
      assert.equal(readStatus(await headers), 408);
      assert.equal(readStatus(await content), 408);
    });

    it('keeps others out no longer than its connections last', async () => {
      await using small = await startServer({
        limits: { connections: 20, headersTimeoutMs: 300, requestTimeoutMs: 300 },
      });
      const idle = await Promise.all(Array.from({ length: 20 }, () => openIdle(small.port)));
      await assert.rejects(fetch(`${small.url}/health`));
      await Promise.all(idle.filter((socket) => !socket.closed).map((socket) => once(socket, 'close')));
      assert.equal((await fetch(`${small.url}/health`)).status, 200);
    });
  });

  describe('without the token', () => {
    it('gets in nowhere', async () => {
      for (const path of [
        '/api/connections',
        '/health',
        '/metrics',
        '/docs',
        '/api/openapi.json',
        '/assets/main-0a1b2c3d.js',
        '/nowhere',
      ]) {
        const answer = await raw(closed, 'GET', path);
        assert.equal(readStatus(answer), 401, path);
        assert.match(answer, /\r\nwww-authenticate: Bearer\r\n/i);
      }
      assert.equal(readStatus(await raw(closed, 'POST', '/api/connections', json, body)), 401);
      assert.equal(readStatus(await upgrade(closed, '/ws', {})), 401);
      assert.equal(readStatus(await upgrade(closed, '/api/agent/link', {})), 401);
      assert.equal(
        readStatus(await raw(closed, 'GET', `/api/stats?token=${token}&access_token=${token}`)),
        401,
      );
      for (const Authorization of [
        'Bearer wrong',
        `Basic ${btoa(`admin:${token}`)}`,
        `Bearer ${token}x`,
        'Bearer ',
        token,
      ]) {
        assert.equal(
          readStatus(await raw(closed, 'GET', '/api/stats', { Authorization })),
          401,
          Authorization,
        );
      }
    });

    it('is sent to the login as a browser, and gets a session for the token', async () => {
      const home = await fetch(closed.url, { headers: { accept: 'text/html' }, redirect: 'manual' });
      assert.deepEqual([home.status, home.headers.get('location')], [303, '/login']);
      assert.match(
        await (await fetch(`${closed.url}/login`)).text(),
        /<form method="post" action="\/login">/,
      );
      const signIn = (candidate: string): Promise<Response> =>
        fetch(`${closed.url}/login`, {
          method: 'POST',
          body: new URLSearchParams({ token: candidate }),
          headers: { origin: closed.url },
          redirect: 'manual',
        });
      assert.equal((await signIn('wrong')).status, 401);
      const response = await signIn(token);
      assert.deepEqual([response.status, response.headers.get('location')], [303, '/']);
      const set = response.headers.get('set-cookie') ?? '';
      assert.match(set, /^netmon_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
      const Cookie = set.split(';')[0];
      assert.equal(readStatus(await raw(closed, 'GET', '/api/stats', { Cookie })), 200);
      const Origin = closed.url;
      assert.equal(readStatus(await raw(closed, 'POST', '/api/connections', { ...json, Cookie }, body)), 403);
      assert.equal(
        readStatus(await raw(closed, 'POST', '/api/connections', { ...json, Cookie, Origin }, body)),
        201,
      );
      assert.match(await openSocket(closed, '/ws', { Cookie, Origin }), /^HTTP\/1\.1 101 /);
      assert.equal(readStatus(await raw(closed, 'POST', '/logout', { Cookie, Origin })), 303);
      assert.equal(readStatus(await raw(closed, 'GET', '/api/stats', { Cookie })), 401);
      assert.equal(
        readStatus(await raw(closed, 'GET', '/api/stats', { Cookie: 'netmon_session=AAAA' })),
        401,
      );
    });

    it('gets in with it', async () => {
      const Authorization = `Bearer ${token}`;
      assert.equal(readStatus(await raw(closed, 'GET', '/api/stats', { Authorization })), 200);
      assert.match(await openSocket(closed, '/api/agent/link', { Authorization }), /^HTTP\/1\.1 101 /);
    });

    it('cannot guess it', async () => {
      await using guessed = await startServer({ token });
      const statuses = [];
      for (let i = 0; i < 25; i++) {
        const response = await fetch(`${guessed.url}/login`, {
          method: 'POST',
          body: new URLSearchParams({ token: `${i}` }),
        });
        statuses.push(response.status);
      }
      assert.deepEqual([statuses[0], statuses[19], statuses[20], statuses[24]], [401, 401, 429, 429]);
    });
  });
});

/** The head of the answer to an upgrade that is let in; the socket is ended then. */
async function openSocket(
  { port }: RunningServer,
  path: string,
  headers: Record<string, string>,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    path,
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  });
  request.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve(`HTTP/1.1 ${response.statusCode} `);
  });
  request.on('response', (response) => resolve(`HTTP/1.1 ${response.statusCode} refused`));
  request.on('error', reject);
  request.end();
  return promise;
}

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

async function openIdle(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(port, '127.0.0.1', () => resolve(socket));
  socket.on('error', reject);
  socket.resume();
  return promise;
}
