import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { missing } from '../../../test/support/needs.ts';
import { TestAuthority } from './certificates.fixture.ts';
import { KnownCertificates } from './known-certificates.ts';

const skip = missing('openssl');
const authority = skip ? null : new TestAuthority('Root');
after(() => authority?.[Symbol.dispose]());
const load = (path: string): X509Certificate => new X509Certificate(readFileSync(path));

test('a certificate is for its own names, however often and in whatever order they are asked for', {
  skip,
}, () => {
  const known = new KnownCertificates();
  const one = load(authority!.issue('one', 'DNS:a.test,DNS:*.b.test,IP:192.0.2.1').chain);
  const two = load(authority!.issue('two', 'DNS:c.test').chain);
  for (let i = 0; i < 3; i++) {
    for (const name of ['a.test', 'x.b.test', '192.0.2.1'])
      assert.equal(known.explainName(one, name), null, name);
    for (const name of ['c.test', 'b.test', '192.0.2.2', 'x.y.b.test'])
      assert.equal(known.explainName(one, name), 'ERR_TLS_CERT_ALTNAME_INVALID', name);
    assert.equal(known.explainName(two, 'c.test'), null);
    assert.equal(known.explainName(two, 'a.test'), 'ERR_TLS_CERT_ALTNAME_INVALID');
    assert.deepEqual(known.read(one)?.names, ['a.test', '*.b.test', '192.0.2.1']);
    assert.deepEqual(known.read(two)?.names, ['c.test']);
  }
});
