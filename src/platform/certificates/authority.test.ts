import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { NetmonError } from '../../base/errors.ts';
import { enroll, makeFolder, openAuthority } from './authority.fixture.ts';
import { identityPath, readIdentity, renewalDue, writeIdentity } from './identity.ts';
import { loadLibrary } from './library.ts';
import { importKeyPair, makeKey, makeRequest, signingAlgorithm } from './request.ts';

const is = (code: string) => (thrown: unknown) => thrown instanceof NetmonError && thrown.code === code;
const dayMs = 86_400_000;
let folder = makeFolder();

afterEach(() => {
  folder[Symbol.dispose]();
  folder = makeFolder();
});

function openssl(input: string, ...args: string[]): string {
  return execFileSync('openssl', args, { input, encoding: 'utf8', stdio: 'pipe' });
}

/** A request for more than its sender is due. */
async function makeGreedyRequest(key: string): Promise<string> {
  const x509 = await loadLibrary();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=other, O=root',
    keys: importKeyPair(key),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 3, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.codeSigning]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: 'netmon:server' },
        { type: 'url', value: 'netmon:agent:other' },
        { type: 'dns', value: 'bank.example' },
      ]),
    ],
  });
  return request.toString('pem');
}

describe('the authority of a server', () => {
  it('is made once, in files that only their owner may read, and found again', async () => {
    const first = await openAuthority(folder.path);
    for (const name of readdirSync(folder.path)) {
      assert.equal(statSync(join(folder.path, name)).mode & 0o777, 0o600, name);
    }
    assert.deepEqual(readdirSync(folder.path).toSorted(), ['authority.pem', 'orders.pem', 'server.pem']);
    const again = await openAuthority(folder.path);
    assert.equal(again.fingerprint, first.fingerprint);
    assert.equal(again.server.serial, first.server.serial);
    const certificate = new X509Certificate(first.certificate);
    const years = (Date.parse(certificate.validTo) - Date.now()) / dayMs / 365.25;
    assert.ok(certificate.ca && years > 9.9 && years < 10.1);
  });

  it('is not used when others may read its key, nor replaced when it is damaged', async () => {
    await openAuthority(folder.path);
    const path = join(folder.path, 'authority.pem');
    chmodSync(path, 0o640);
    await assert.rejects(openAuthority(folder.path), is('NM_BAD_CONFIG'));
    chmodSync(path, 0o600);
    const text = readFileSync(path, 'utf8');
    for (const damaged of ['', text.slice(0, 200), text.slice(0, -200), 'x'.repeat(100_000)]) {
      writeFileSync(path, damaged);
      await assert.rejects(openAuthority(folder.path), is('NM_BAD_CONFIG'));
    }
    writeFileSync(path, text);
    await openAuthority(folder.path);
  });

  it('names the server by its hosts, and anew when these change or its time comes', async () => {
    let hosts = ['netmon.example', '192.0.2.7'];
    let now = Date.now();
    const options = { hosts: () => hosts, now: () => now };
    const authority = await openAuthority(folder.path, options);
    const { serial, certificate } = authority.server;
    assert.match(openssl(certificate, 'x509', '-noout', '-text'), /IP Address:192\.0\.2\.7/);
    assert.equal(await authority.renewServer(), false);
    hosts = ['netmon.example'];
    assert.equal(await authority.renewServer(), false);
    hosts = ['netmon.example', '2001:db8::1'];
    assert.equal(await authority.renewServer(), true);
    assert.notEqual(authority.server.serial, serial);
    now += 61 * dayMs;
    assert.equal(await authority.renewServer(), true);
    assert.equal((await openAuthority(folder.path, options)).server.serial, authority.server.serial);
  });

  it('issues what openssl takes for an end of TLS of that authority, and for nothing else', async () => {
    const authority = await openAuthority(folder.path);
    const { certificate } = await enroll(authority, 'agent', 'web-1');
    const text = openssl(certificate, 'x509', '-noout', '-text');
    assert.match(text, /Subject: CN ?= ?web-1\n/);
    assert.match(text, /X509v3 Subject Alternative Name: ?\n\s+URI:netmon:agent:web-1\n/);
    assert.match(text, /X509v3 Basic Constraints: critical\n\s+CA:FALSE/);
    assert.match(text, /X509v3 Key Usage: critical\n\s+Digital Signature\n/);
    assert.match(
      text,
      /X509v3 Extended Key Usage: ?\n\s+TLS Web Server Authentication, TLS Web Client Authentication\n/,
    );
    const [ca, leaf] = ['ca.crt', 'leaf.crt'].map((name) => join(folder.path, name));
    writeFileSync(ca, authority.certificate);
    writeFileSync(leaf, certificate);
    for (const purpose of ['sslclient', 'sslserver']) {
      openssl('', 'verify', '-x509_strict', '-CAfile', ca, '-purpose', purpose, leaf);
    }
    assert.throws(() => openssl('', 'verify', '-CAfile', ca, '-purpose', 'smimesign', leaf));
  });

  it('takes nothing but the key from a request that asks for more', async () => {
    const authority = await openAuthority(folder.path);
    const key = makeKey();
    const { subject, answer } = await authority.issue(await makeGreedyRequest(key), 'agent', 'web-1');
    assert.deepEqual([subject.role, subject.name], ['agent', 'web-1']);
    const text = openssl(answer.certificate, 'x509', '-noout', '-text');
    assert.doesNotMatch(text, /other|root|bank|CA:TRUE|Certificate Sign|Code Signing|netmon:server/);
    assert.match(text, /Subject: CN ?= ?web-1\n/);
  });

  it('refuses a request that has not its key, of another kind of key, or that is none', async () => {
    const authority = await openAuthority(folder.path);
    const good = await makeRequest(makeKey());
    const [, body] = /REQUEST-----\n([\s\S]+)\n-----END/.exec(good)!;
    const bytes = Buffer.from(body, 'base64');
    const wrap = (der: Buffer): string =>
      `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    const forged = Buffer.from(bytes);
    forged[forged.indexOf('netmon')] ^= 1;
    const rsa = openssl(
      '',
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=a',
    );
    const p384 = openssl(
      '',
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-384',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      '/CN=a',
    );
    const nested = Buffer.alloc(6000, Buffer.from([0x30, 0x80]));
    for (const bad of ['', 'x', wrap(forged), rsa, p384, good + good, wrap(nested), wrap(Buffer.alloc(0))]) {
      await assert.rejects(authority.issue(bad, 'agent', 'web-1'), is('NM_VALIDATION'), bad.slice(0, 60));
    }
    for (let length = 0; length < bytes.length; length += 7) {
      await assert.rejects(
        authority.issue(wrap(bytes.subarray(0, length)), 'agent', 'a'),
        is('NM_VALIDATION'),
      );
    }
  });

  it('gives each certificate another serial, and 30 days', async () => {
    const now = Date.now();
    const authority = await openAuthority(folder.path, { now: () => now });
    const made = await Promise.all(Array.from({ length: 20 }, () => enroll(authority, 'agent', 'a')));
    assert.equal(new Set(made.map(({ serial }) => serial)).size, 20);
    const [{ until, serial }] = made;
    assert.ok(Math.abs(until - now - 30 * dayMs) <= 1_000);
    assert.match(serial, /^[4-7][0-9a-f]{31}$/);
    assert.ok(Math.abs(renewalDue(made[0]) - now - 20 * dayMs) <= 1_000);
  });
});

describe('an identity', () => {
  it('is one file that is read back as it was written', async () => {
    const identity = await enroll(await openAuthority(join(folder.path, 'ca')), 'console', 'desk');
    const path = identityPath(folder.path, 'console');
    assert.equal(readIdentity(path), null);
    writeIdentity(path, identity);
    assert.deepEqual(readIdentity(path), identity);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
    assert.equal(
      openssl('', 'x509', '-in', path, '-noout', '-serial').trim().toLowerCase(),
      `serial=${identity.serial}`,
    );
  });

  it('is refused when a part is missing, or of another', async () => {
    const authority = await openAuthority(join(folder.path, 'ca'));
    const foreign = await openAuthority(join(folder.path, 'other'));
    const [own, other] = [await enroll(authority, 'agent', 'a'), await enroll(foreign, 'agent', 'a')];
    const path = identityPath(folder.path, 'agent');
    for (const mixed of [
      { ...own, key: other.key },
      { ...own, key: '' },
      { ...own, certificate: other.certificate },
      { ...own, authority: other.authority },
      { ...own, authority: own.certificate },
      { ...own, orderKey: '' },
      { ...own, orderKey: own.key },
    ]) {
      writeIdentity(path, mixed);
      assert.throws(() => readIdentity(path), is('NM_BAD_CONFIG'));
    }
    writeIdentity(path, own);
    chmodSync(path, 0o644);
    assert.throws(() => readIdentity(path), is('NM_BAD_CONFIG'));
  });
});
