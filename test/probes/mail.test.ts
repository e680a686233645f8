// STARTTLS and what can go wrong with it against servers of mail: aiosmtpd and Dovecot.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TestAuthority } from '../../src/agent/probes/certificates.fixture.ts';
import type { ProbeRun } from '../../src/agent/probes/probe.ts';
import { makeOwnNetwork, names, runProbe, withRule } from '../../src/agent/probes/probes.fixture.ts';
import { makeTcpProbe } from '../../src/agent/probes/tcp.ts';
import { makeTrust } from '../../src/agent/probes/tls.ts';
import { missing } from '../support/needs.ts';
import { accepts, type Server, startServer } from '../support/servers.ts';
import { until } from '../support/until.ts';

const skip = missing('root', 'namespaces', 'nft', 'openssl', 'aiosmtpd', 'dovecot');
if (!skip) makeOwnNetwork();
const folder = mkdtempSync(join(tmpdir(), 'netmon-mail-'));
const authority = skip ? null : new TestAuthority('Root');
const known = makeTcpProbe(names, makeTrust(authority ? [authority.root] : []));
const unknown = makeTcpProbe(names, makeTrust([]));
const ports = { smtp: 2525, plain: 2526, expired: 2527, imap: 1143, pop3: 1110 } as const;
const servers: Server[] = [];

before(async () => {
  if (skip) return;
  const good = authority!.issue('mail', 'DNS:localhost,IP:127.0.0.1');
  const expired = authority!.issue('expired', 'DNS:localhost', -1);
  const smtp = (port: number, tls?: { chain: string; key: string }): void => {
    const secure = tls ? ['--tlscert', tls.chain, '--tlskey', tls.key] : [];
    servers.push(
      startServer('aiosmtpd', ['-n', '-l', `0.0.0.0:${port}`, '-c', 'aiosmtpd.handlers.Sink', ...secure]),
    );
  };
  smtp(ports.smtp, good);
  smtp(ports.plain);
  smtp(ports.expired, expired);
  mkdirSync(join(folder, 'run'));
  writeFileSync(
    join(folder, 'dovecot.conf'),
    `base_dir = ${folder}/run\nstate_dir = ${folder}/run\nlog_path = ${folder}/log\nprotocols = imap pop3\nssl = yes
ssl_cert = <${good.chain}\nssl_key = <${good.key}\nmail_location = maildir:${folder}/mail
service imap-login {\n inet_listener imap {\n address = 127.0.0.1\n port = ${ports.imap}\n }\n inet_listener imaps {\n port = 0\n }\n chroot =\n}
service pop3-login {\n inet_listener pop3 {\n address = 127.0.0.1\n port = ${ports.pop3}\n }\n inet_listener pop3s {\n port = 0\n }\n chroot =\n}
passdb {\n driver = static\n args = nopassword=y\n}\nuserdb {\n driver = static\n args = uid=65534 gid=65534 home=${folder}\n}\n`,
  );
  servers.push(startServer('dovecot', ['-F', '-c', join(folder, 'dovecot.conf')]));
  for (const port of Object.values(ports))
    await until(`port ${port}`, () => accepts(port), { withinMs: 60_000 });
});
after(async () => {
  for (const server of servers) server.kill();
  authority?.[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

type Name = 'smtp' | 'imap' | 'pop3';

function ask(starttls: Name, port: number, host = 'localhost', probe = known): Promise<ProbeRun> {
  return runProbe(probe, { host, port, tls: 'starttls', starttls, family: 4 }, { timeoutMs: 60_000 });
}

for (const name of ['smtp', 'imap', 'pop3'] as const) {
  test(`STARTTLS of ${name} ends in TLS with the certificate of the server`, { skip }, async () => {
    const { failure, detail, phases, facts } = await ask(name, ports[name]);
    assert.equal(failure, null);
    assert.equal(detail.tls_version, 'TLSv1.3');
    assert.deepEqual(detail.certificate?.names, ['localhost', '127.0.0.1']);
    assert.equal(detail.certificate.problem, null);
    assert.equal(facts.CONNECTED, true);
    assert.ok(phases.connect_ms !== null && phases.processing_ms !== null && phases.tls_ms !== null);
  });

  test(`an authority that is not known is the failure of ${name}, after all was said`, { skip }, async () => {
    const { failure, detail } = await ask(name, ports[name], 'localhost', unknown);
    assert.deepEqual([failure?.code, failure?.phase], ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls']);
    assert.equal(detail.certificate?.problem, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test(`a server of ${name} that is reset or silent in the middle says so`, { skip }, async () => {
    {
      using _rule = withRule(`tcp dport ${ports[name]} reject with tcp reset`);
      const { failure } = await ask(name, ports[name]);
      assert.equal(failure?.code, 'ECONNREFUSED');
    }
    using _rule = withRule(`tcp sport ${ports[name]} tcp flags & (syn|psh) == psh drop`);
    const probe = { host: '127.0.0.1', port: ports[name], tls: 'starttls', starttls: name } as const;
    const { failure } = await runProbe(known, probe, { timeoutMs: 1000 });
    assert.deepEqual([failure?.code, failure?.phase], ['TIMEOUT', 'processing']);
  });
}

test('a certificate for another name, or one that has ended, is that failure', { skip }, async () => {
  const misnamed = await ask('smtp', ports.smtp, '127.0.0.2');
  assert.deepEqual(misnamed.failure, {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    message: '127.0.0.2: the certificate is for another name: it is for localhost, 127.0.0.1',
    phase: 'tls',
  });
  const ended = await ask('smtp', ports.expired);
  assert.equal(ended.failure?.code, 'CERT_HAS_EXPIRED');
  assert.match(
    ended.failure.message,
    /^localhost: the certificate, or one of its chain, has expired: it ended on /,
  );
});

test('a server without STARTTLS, or of another protocol, says so', { skip }, async () => {
  const plain = await ask('smtp', ports.plain);
  assert.deepEqual(plain.failure, {
    code: 'PROTOCOL',
    message: 'the server does not offer STARTTLS',
    phase: 'tls',
  });
  const other = await ask('imap', ports.pop3);
  assert.equal(other.failure?.code, 'UNEXPECTED_REPLY');
  assert.match(other.failure.message, /^the server says "\+OK .*, not the greeting of IMAP$/);
});

test('a banner and steps are as the server speaks', { skip }, async () => {
  const steps = [{ expect: '220 *SMTP*' }, { send: 'NOOP\r\n' }, { expect: '250 *' }] as const;
  const { failure, facts } = await runProbe(
    known,
    {
      host: '127.0.0.1',
      port: ports.plain,
      banner: true,
      steps: steps.map((step) => ({ ...step })) as never,
    },
    { timeoutMs: 60_000 },
  );
  assert.equal(failure, null);
  assert.match(String(facts.BANNER), /^220 .*SMTP/);
});
