import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { makeOrderSigner, makeOrderVerifier } from './order-signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const body = '{"id":"é","agent":"a"}';

describe('the signature of an order', () => {
  it('holds for the very bytes that were signed, by that key', () => {
    const sign = makeOrderSigner(privateKey);
    const verify = makeOrderVerifier(String(publicKey.export({ type: 'spki', format: 'pem' })));
    const signature = sign(body);
    assert.equal(verify(body, signature), true);
    const other = makeOrderSigner(generateKeyPairSync('ed25519').privateKey);
    for (const [text, given] of [
      [`${body} `, signature],
      [body.replace('"a"', '"b"'), signature],
      [body, null],
      [body, ''],
      [body, 'x'.repeat(128)],
      [body, Buffer.alloc(64).toString('base64')],
      [body, other(body)],
    ] as const) {
      assert.equal(verify(text, given), false);
    }
  });
});
