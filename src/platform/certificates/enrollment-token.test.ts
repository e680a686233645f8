import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NetmonError } from '../../base/errors.ts';
import { formatToken, hashSecret, makeSecret, parseToken, secretOf } from './enrollment-token.ts';

const fingerprint = 'A'.repeat(43);

describe('an enrolment token', () => {
  it('carries addresses, fingerprint and secret in a text without blanks', () => {
    const token = { addresses: ['netmon.example:65241', '[::1]:1'], fingerprint, secret: makeSecret() };
    const text = formatToken(token);
    assert.match(text, /^[\w.-]+$/);
    assert.deepEqual(parseToken(`  ${text}\n`), token);
    assert.equal(secretOf(text), token.secret);
    assert.equal(secretOf(token.secret), token.secret);
    assert.match(hashSecret(token.secret), /^[0-9a-f]{64}$/);
  });

  it('has 192 bits that do not repeat', () => {
    const made = new Set(Array.from({ length: 10_000 }, makeSecret));
    assert.equal(made.size, 10_000);
    for (const secret of made) assert.equal(Buffer.from(secret, 'base64url').length, 24);
  });

  it('is refused in parts, with other characters, and with places that are no addresses', () => {
    const text = formatToken({ addresses: ['a:1'], fingerprint, secret: makeSecret() });
    const withPlaces = (places: string): string =>
      text.replace(/\.[^.]+/, `.${Buffer.from(places).toString('base64url')}`);
    const bad = [
      'a',
      'a:',
      ':1',
      'a:1 ',
      '-x:1',
      'a:1/..',
      'http://a:1',
      'a\n:1',
      Array(9).fill('a:1').join(' '),
    ];
    for (let length = 0; length < text.length; length++) {
      assert.throws(() => parseToken(text.slice(0, length)), NetmonError);
    }
    for (const places of bad) assert.throws(() => parseToken(withPlaces(places)), NetmonError, places);
    assert.throws(() => parseToken(`${text}=`), NetmonError);
    assert.throws(() => parseToken('x'.repeat(1_000_000)), NetmonError);
  });
});
