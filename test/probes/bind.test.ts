// DNSSEC and DNS over TLS against BIND: one server has the zones, another one validates for those that ask.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TestAuthority } from '../../src/agent/probes/certificates.fixture.ts';
import { makeDnsProbe } from '../../src/agent/probes/dns.ts';
import {
  makeOwnNetwork,
  names,
  ownIp,
  runProbe,
  shell,
  withRule,
} from '../../src/agent/probes/probes.fixture.ts';
import { SocketWatch } from '../../src/agent/probes/socket-watch.ts';
import { makeTrust } from '../../src/agent/probes/tls.ts';
import { missing } from '../support/needs.ts';
import { type Server, startServer } from '../support/servers.ts';
import { until } from '../support/until.ts';

const skip = missing('root', 'namespaces', 'nft', 'named', 'openssl');
if (!skip) makeOwnNetwork();
const [primary, resolver] = ['127.0.0.1', ownIp[4]];
const folder = mkdtempSync(join(tmpdir(), 'netmon-bind-'));
const authority = skip ? null : new TestAuthority('Root');
const dns = makeDnsProbe(names, new SocketWatch(), makeTrust(authority ? [authority.root] : []));
const long = { timeoutMs: 60_000 };
const servers: Server[] = [];

before(async () => {
  if (skip) return;
  makeZone('good.test');
  makeZone('bogus.test');
  makeZone('plain.test', false);
  // What was signed is another address than what is served.
  const bogus = join(folder, 'bogus.test.signed');
  writeFileSync(bogus, readFileSync(bogus, 'utf8').replace(/\b192\.0\.2\.7\b/, '192.0.2.8'));
  start('primary', primary, zones(), 'recursion no;');
  const { chain, key } = authority!.issue('resolver', 'DNS:resolver.test');
  const anchors = `trust-anchors { ${['good.test', 'bogus.test'].map(readAnchor).join(' ')} };`;
  const stubs = ['good', 'bogus', 'plain']
    .map((name) => `zone "${name}.test" { type static-stub; server-addresses { ${primary}; }; };`)
    .join('\n');
  start(
    'resolver',
    resolver,
    `${anchors} tls own { cert-file "${chain}"; key-file "${key}"; };\n${stubs}`,
    `recursion yes; dnssec-validation yes;
     listen-on port 853 tls own { ${resolver}; };`,
  );
  await until('BIND answers', async () => (await ask('www.plain.test')).failure === null || undefined, {
    withinMs: 60_000,
  });
});
after(() => {
  for (const server of servers) server.kill();
  authority?.[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** A zone with an address and a text that is too long for UDP, signed by a key of its own. */
function makeZone(zone: string, isSigned = true): void {
  const text = Array.from({ length: 8 }, (_, i) => `"${i}${'x'.repeat(200)}"`).join(' ');
  const records = `$TTL 60\n@ SOA ns.${zone}. root.${zone}. 1 3600 600 86400 60\n@ NS ns.${zone}.\nns A ${primary}
www A 192.0.2.7\nlong TXT ${text}\n`;
  writeFileSync(join(folder, zone), records);
  if (!isSigned) return;
  const run = (...argv: readonly [string, ...string[]]): string =>
    execFileSync(argv[0], argv.slice(1), {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const key = run('dnssec-keygen', '-q', '-a', 'ECDSAP256SHA256', '-f', 'KSK', zone).trim();
  run('dnssec-signzone', '-q', '-S', '-z', '-o', zone, '-f', `${zone}.signed`, zone, key);
}

/** The key that the resolver trusts. */
function readAnchor(zone: string): string {
  const [, tag, algorithm, type, digest] =
    /\bDS\s+(\d+)\s+(\d+)\s+(\d+)\s+([0-9A-F\s]+)/.exec(
      readFileSync(join(folder, `dsset-${zone}.`), 'utf8'),
    ) ?? [];
  return `${zone}. static-ds ${tag} ${algorithm} ${type} "${digest.replace(/\s/g, '')}";`;
}

function zones(): string {
  return ['good.test.signed', 'bogus.test.signed', 'plain.test']
    .map((file) => `zone "${file.replace('.signed', '')}" { type primary; file "${folder}/${file}"; };`)
    .join('\n');
}

function start(name: string, ip: string, blocks: string, options: string): void {
  const own = join(folder, name);
  mkdirSync(own);
  const config = join(own, 'conf');
  writeFileSync(
    config,
    `options { directory "${own}"; listen-on { ${ip}; }; listen-on-v6 { none; }; pid-file "${own}/pid";
       session-keyfile "${own}/key"; managed-keys-directory "${own}"; allow-query { any; };
       empty-zones-enable no; max-cache-size 16M; ${options} };
     controls {};\n${blocks}\n`,
  );
  servers.push(startServer('named', ['-f', '-c', config, '-n', '1']));
}

function ask(name: string, more: object = {}): ReturnType<typeof runProbe<'dns'>> {
  return runProbe(dns, { name, server: resolver, ...more }, long);
}

test('an answer that the resolver has found authentic has the flag AD', { skip }, async () => {
  const { failure, facts, detail } = await ask('www.good.test', { dnssec: true });
  assert.equal(failure, null);
  assert.deepEqual(detail.flags, ['RD', 'RA', 'AD']);
  assert.equal(facts.RCODE, 'NOERROR');
  assert.deepEqual((facts.ANSWERS as string[])[0], '192.0.2.7');
});

test('one of a zone without signatures is not authenticated', { skip }, async () => {
  const { failure, facts } = await ask('www.plain.test', { dnssec: true });
  assert.deepEqual(failure, {
    code: 'NOT_AUTHENTICATED',
    message: `${resolver}:53 on www.plain.test A: the answer is not authenticated (no flag AD)`,
    phase: 'processing',
  });
  assert.deepEqual(facts.ANSWERS, ['192.0.2.7']);
});

test('a zone whose signature is wrong is SERVFAIL, with or without asking for signatures', {
  skip,
}, async () => {
  for (const dnssec of [false, true]) {
    const { failure, facts } = await ask('www.bogus.test', { dnssec });
    assert.deepEqual(failure, {
      code: 'SERVFAIL',
      message: `${resolver}:53 on www.bogus.test A: SERVFAIL`,
      phase: 'processing',
    });
    assert.equal(facts.CONNECTED, true);
  }
  // Who does not validate has what is served.
  const { failure, facts } = await ask('www.bogus.test', { server: primary });
  assert.deepEqual([failure, facts.ANSWERS], [null, ['192.0.2.8']]);
});

test('a name that there is not is authentic, too', { skip }, async () => {
  const { failure, detail } = await ask('nosuch.good.test', { dnssec: true });
  assert.equal(failure?.code, 'NXDOMAIN');
  assert.deepEqual(detail.flags, ['RD', 'RA', 'AD']);
});

test('a server that is not asked for recursion knows its own zones alone', { skip }, async () => {
  const { failure, detail } = await ask('www.good.test', { server: primary, recursion: false });
  assert.deepEqual([failure, detail.flags], [null, ['AA']]);
  assert.equal((await ask('example.org', { server: primary })).failure?.code, 'REFUSED');
});

test('what is too long for UDP comes by TCP, signatures and all', { skip }, async () => {
  const { failure, detail, phases } = await ask('long.good.test', { type: 'TXT', dnssec: true });
  assert.equal(failure, null);
  assert.deepEqual(detail.flags, ['TC', 'RD', 'RA', 'AD']);
  assert.deepEqual(detail.answers?.map(({ type }) => type).sort(), ['RRSIG', 'TXT']);
  assert.ok(phases.connect_ms !== null);
});

test('by TLS it is the same, and the certificate is for the name that is told', { skip }, async () => {
  const tls = { transport: 'tls', tls_name: 'resolver.test', dnssec: true };
  const { failure, facts, detail, address } = await ask('www.good.test', tls);
  assert.deepEqual([failure, address, facts.TLS_VERSION], [null, `${resolver}:853`, 'TLSv1.3']);
  assert.deepEqual(detail.certificate?.names, ['resolver.test']);
  const misnamed = await ask('www.good.test', { ...tls, tls_name: 'other.test' });
  assert.equal(misnamed.failure?.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  using _rule = withRule('tcp dport 853 reject with tcp reset');
  assert.equal((await ask('www.good.test', tls)).failure?.code, 'ECONNREFUSED');
});

test('a resolver that does not get an answer itself is SERVFAIL', { skip }, async () => {
  shell(
    "nft 'add rule inet t in ip daddr 127.0.0.1 udp dport 53 reject; add rule inet t in ip daddr 127.0.0.1 tcp dport 53 reject'",
  );
  try {
    assert.equal((await ask('new.plain.test')).failure?.code, 'SERVFAIL');
  } finally {
    shell('nft flush chain inet t in');
  }
});
