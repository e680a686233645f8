import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type RunningServer, readStatus } from '../server.fixture.ts';
import { raw, startClosed, startOpen } from './attack.fixture.ts';

describe('a path that was made up', () => {
  let open: RunningServer;
  let closed: RunningServer;
  before(async () => {
    open = await startOpen();
    closed = await startClosed();
  });
  after(() => Promise.all([open[Symbol.asyncDispose](), closed[Symbol.asyncDispose]()]));

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

  it('lets no target past the gate that is no path of this server', async () => {
    for (const target of ['/%zz', '/api/connections/%ff', 'http://evil.example/api/stats', '*']) {
      assert.equal(readStatus(await raw(closed, 'OPTIONS', target)), 401, target);
      const answer = await raw(open, 'OPTIONS', target);
      assert.equal(readStatus(answer), 404, target);
      assert.match(answer, /x-content-type-options: nosniff/i);
    }
    assert.equal(readStatus(await raw(open, 'GET', '/%zz', { Host: 'evil.example' })), 421);
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
