import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { makeCertificate } from './certificate.ts';

test('a certificate is signed with its own key, for all its names, and valid today', () => {
  const names = ['secure.shop.example', 'accounts.example'];
  const x509 = new X509Certificate(makeCertificate(names).cert);
  assert.ok(x509.verify(x509.publicKey));
  for (const name of names) assert.equal(x509.checkHost(name), name);
  assert.equal(x509.checkHost('other.example'), undefined);
  assert.equal(x509.subject, 'CN=secure.shop.example');
  assert.ok(x509.validFromDate.getTime() < Date.now() && x509.validToDate.getTime() > Date.now());
});

test('a certificate of many names needs lengths of two bytes', () => {
  const names = Array.from({ length: 40 }, (_, i) => `site-${i}.shop.example`);
  const x509 = new X509Certificate(makeCertificate(names).cert);
  assert.equal(x509.checkHost('site-39.shop.example'), 'site-39.shop.example');
  assert.ok(x509.raw.length > 1000);
});

test('two certificates share neither key nor number', () => {
  const [a, b] = [makeCertificate(['a.example']), makeCertificate(['a.example'])];
  assert.notEqual(a.key, b.key);
  assert.notEqual(new X509Certificate(a.cert).serialNumber, new X509Certificate(b.cert).serialNumber);
});
