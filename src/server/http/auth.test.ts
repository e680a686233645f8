import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type RunningServer, readStatus, startServer } from '../server.fixture.ts';
import { body, json, openSocket, raw, startClosed, token, upgrade } from './attack.fixture.ts';

describe('a client without the token', () => {
  let closed: RunningServer;
  before(async () => {
    closed = await startClosed();
  });
  after(() => closed[Symbol.asyncDispose]());

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
      assert.equal(readStatus(await raw(closed, 'GET', '/api/stats', { Authorization })), 401, Authorization);
    }
  });

  it('is sent to the login as a browser, and gets a session for the token', async () => {
    const home = await fetch(closed.url, { headers: { accept: 'text/html' }, redirect: 'manual' });
    assert.deepEqual([home.status, home.headers.get('location')], [303, '/login']);
    assert.match(await (await fetch(`${closed.url}/login`)).text(), /<form method="post" action="\/login">/);
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
    assert.equal(readStatus(await raw(closed, 'GET', '/api/stats', { Cookie: 'netmon_session=AAAA' })), 401);
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
