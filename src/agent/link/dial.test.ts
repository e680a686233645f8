import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linkUrl } from './dial.ts';

describe('linkUrl', () => {
  const urls: ReadonlyArray<readonly [string, string]> = [
    ['http://127.0.0.1:8080', 'ws://127.0.0.1:8080/api/agent/link'],
    ['https://monitor.example/netmon/', 'wss://monitor.example/netmon/api/agent/link'],
    ['http://[::1]:8080/', 'ws://[::1]:8080/api/agent/link'],
    ['unix:/run/netmon/agent.sock', 'ws+unix:/run/netmon/agent.sock:/api/agent/link'],
  ];
  for (const [server, expected] of urls) {
    it(`dials ${expected} for ${server}`, () => assert.equal(linkUrl(server), expected));
  }

  for (const bad of ['', '127.0.0.1:8080', 'ftp://x', 'file:///etc/passwd', 'unix:relative', 'unix:/a:b']) {
    it(`refuses "${bad}"`, () => assert.throws(() => linkUrl(bad), { code: 'NM_BAD_CONFIG' }));
  }
});
