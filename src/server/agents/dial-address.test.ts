import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NetmonError } from '../../base/errors.ts';
import { parseDialAddress } from './dial-address.ts';

describe('the address of an agent to dial', () => {
  const urls: readonly (readonly [string, boolean, string])[] = [
    ['127.0.0.1:65240', false, 'http://127.0.0.1:65240'],
    ['localhost:1', true, 'http://localhost:1'],
    ['[::1]:9', false, 'http://[::1]:9'],
    ['https://127.0.0.1:9/', true, 'https://127.0.0.1:9'],
    ['Agent.Example:65240', true, 'https://agent.example:65240'],
    ['[2001:db8::1]:65240', true, 'https://[2001:db8::1]:65240'],
  ];
  for (const [text, hasIdentity, url] of urls) {
    it(`${text} is ${url}`, () => assert.equal(parseDialAddress(text, hasIdentity), url));
  }

  const refused: readonly (readonly [string, boolean, string])[] = [
    ['192.0.2.1:65240', false, 'NM_VALIDATION'],
    ['http://agent.example:65240', true, 'NM_VALIDATION'],
    ['https://agent.example:65240', false, 'NM_VALIDATION'],
    ['127.0.0.1', false, 'NM_VALIDATION'],
    ['127.0.0.1:0', false, 'NM_VALIDATION'],
    ['127.0.0.1:65536', false, 'NM_VALIDATION'],
    ['user@127.0.0.1:1', false, 'NM_VALIDATION'],
    ['ftp://127.0.0.1:1', false, 'NM_VALIDATION'],
    ['127.0.0.1:1/path?x', false, 'NM_VALIDATION'],
    ['-x:1', false, 'NM_VALIDATION'],
    ['', false, 'NM_VALIDATION'],
  ];
  for (const [text, hasIdentity, code] of refused) {
    it(`${JSON.stringify(text)} is refused with ${code}`, () => {
      assert.throws(
        () => parseDialAddress(text, hasIdentity),
        (thrown) => thrown instanceof NetmonError && thrown.code === code,
      );
    });
  }
});
