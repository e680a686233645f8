import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type RunningServer, readStatus } from '../server.fixture.ts';
import { body, json, openSocket, raw, startClosed, startOpen, upgrade } from './attack.fixture.ts';

describe('another origin', () => {
  let open: RunningServer;
  let closed: RunningServer;
  before(async () => {
    open = await startOpen();
    closed = await startClosed();
  });
  after(() => Promise.all([open[Symbol.asyncDispose](), closed[Symbol.asyncDispose]()]));

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
    const rows = open.store.stats().rows;
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
    for (const Origin of ['null', 'https://127.0.0.1.evil.com', `https://127.0.0.1:${open.port}.evil.com`]) {
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
