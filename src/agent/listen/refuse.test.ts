import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';
import { makeWaitingToken } from '../../platform/waiting-token.ts';
import { findRefusal } from './refuse.ts';

const plain = { token: undefined, isTls: false };
const tls = { token: 'a-token-of-sixteen', isTls: true };
const code = (headers: IncomingHttpHeaders, how: Parameters<typeof findRefusal>[1], method = 'GET') =>
  findRefusal({ method, headers }, how)?.code ?? null;

describe('an upgrade at an agent that listens', () => {
  it('names the agent by an address or its own name, unless certificates have said who is who', () => {
    for (const host of [
      '127.0.0.1:65240',
      '[::1]:65240',
      'localhost:1',
      `${hostname()}:65240`,
      '192.0.2.1',
    ]) {
      assert.equal(code({ host }, plain), null, host);
    }
    for (const host of ['agent.example:65240', '', '127.0.0.1.evil.example', 'a b', '[::1']) {
      assert.equal(code({ host }, plain), 'NM_HOST', host);
    }
    assert.equal(code({ host: 'agent.example:65240' }, tls), null);
  });

  it('is not that of a browser, with TLS or without', () => {
    for (const how of [plain, tls]) {
      for (const more of [{ origin: 'http://localhost' }, { cookie: 'a=b' }, { 'sec-fetch-site': 'none' }]) {
        assert.equal(code({ host: 'localhost', ...more }, how), 'NM_FORBIDDEN');
      }
      assert.equal(code({ host: 'localhost' }, how, 'POST'), 'NM_BAD_REQUEST');
    }
  });

  it('shows the token where there is one and nothing better', () => {
    const how = { token: 'a-token-of-sixteen', isTls: false };
    assert.equal(code({ host: 'localhost' }, how), 'NM_UNAUTHORIZED');
    assert.equal(
      code({ host: 'localhost', authorization: 'Bearer a-token-of-sixteeX' }, how),
      'NM_UNAUTHORIZED',
    );
    assert.equal(code({ host: 'localhost', authorization: 'Bearer a-token-of-sixteen' }, how), null);
    const made = makeWaitingToken(how.token);
    assert.equal(code({ host: 'localhost', authorization: `Bearer ${made}` }, how), null);
    assert.doesNotMatch(made, /token/);
    assert.equal(code({ host: 'localhost' }, tls), null);
  });
});
