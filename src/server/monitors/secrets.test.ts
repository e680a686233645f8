import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maskProbe } from '../../rules/monitors/mask-probe.ts';
import { type Probe, probeSchema } from '../../wire/probe.ts';
import { unmaskProbe } from './secrets.ts';

const http = (fields: object): Probe =>
  probeSchema.parse({ kind: 'http', url: 'https://example.org/', ...fields });

describe('secrets of a probe', () => {
  const secret = http({
    url: 'https://bob:hunter2@example.org/a?token=abc&page=1',
    proxy: 'http://only-a-token@proxy.example:3128',
    headers: { Authorization: 'Bearer abcdefghij', 'X-Api-Key': 'k', Accept: 'text/html', Cookie: 'a=b' },
    body: '{"user": "bob", "password": "hunter2"}',
  });

  it('are not told, and all else is', () => {
    assert.deepEqual(maskProbe(secret), {
      ...secret,
      url: 'https://***@example.org/a?token=***&page=1',
      proxy: 'http://***@proxy.example:3128',
      headers: { Authorization: '***', 'X-Api-Key': '***', Accept: 'text/html', Cookie: '***' },
      body: '{"user": "bob", "password": ***}',
    });
    const tcp = probeSchema.parse({
      kind: 'tcp',
      host: 'mail.example',
      port: 110,
      steps: [{ send: 'USER bob\r\n' }, { expect: '+OK' }, { send: 'PASS hunter2\r\n' }],
    });
    assert.doesNotMatch(JSON.stringify(maskProbe(tcp)), /hunter2/);
    assert.match(JSON.stringify(maskProbe(tcp)), /USER bob/);
  });

  it('are kept by an edit that sends back what was read', () => {
    assert.deepEqual(unmaskProbe(maskProbe(secret), secret), secret);
    const edited = { ...(maskProbe(secret) as object), method: 'POST', body: 'new' } as Probe;
    assert.deepEqual(unmaskProbe(edited, secret), { ...secret, method: 'POST', body: 'new' });
    const replaced = http({ url: 'https://example.org/', headers: { Authorization: 'Bearer other' } });
    assert.deepEqual(unmaskProbe(replaced, secret), replaced);
  });

  it('are not taken to another place', () => {
    const moved = http({ url: 'https://***@evil.example/a?token=***&page=1' });
    assert.throws(() => unmaskProbe(moved, secret), /probe\.url: expected the value itself/);
    assert.throws(
      () => unmaskProbe(http({ headers: { 'X-Other': '***' } }), secret),
      /probe\.headers\.X-Other/,
    );
    const elsewhere = {
      ...(maskProbe(secret) as object),
      url: 'https://evil.example/',
      proxy: null,
    } as Probe;
    assert.throws(() => unmaskProbe(elsewhere, secret), /probe\.headers\.Authorization/);
    assert.throws(() => unmaskProbe(maskProbe(secret), null), /expected the value itself/);
    const masked = maskProbe(secret) as Probe & { kind: 'http' };
    for (const less of [
      { ...masked, url: masked.url.replace('https:', 'http:') },
      { ...masked, proxy: 'http://***@proxy.evil:3128' },
      { ...masked, proxy: 'http://proxy.evil:3128' },
    ]) {
      assert.throws(() => unmaskProbe(less, secret), /expected the value itself/, less.url);
    }
    const { proxy } = unmaskProbe({ ...masked, proxy: null }, secret) as typeof masked;
    assert.equal(proxy, null);
  });

  it('of a conversation are not taken to another port, nor out of TLS', () => {
    const mail = {
      kind: 'tcp',
      host: 'mail.example',
      port: 995,
      tls: 'direct',
      steps: [{ send: 'PASS hunter2' }],
    };
    const before = probeSchema.parse(mail);
    const read = maskProbe(before);
    assert.deepEqual(unmaskProbe({ ...read, verify: false } as Probe, before), { ...before, verify: false });
    for (const other of [{ port: 4444 }, { tls: 'none' }, { host: 'evil.example' }]) {
      assert.throws(() => unmaskProbe({ ...read, ...other } as Probe, before), /expected the value itself/);
    }
  });
});
