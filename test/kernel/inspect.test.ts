// Inspection against real servers and clients in a network of this test's own: what they did is what is told.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Inspection } from '../../src/agent/capture/inspection.ts';
import { makeInspectorCommand } from '../../src/cmd/inspector-command.ts';
import { findAccount } from '../../src/platform/account.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { findPower } from '../../src/server/privileges.ts';
import { enterOwnNetwork } from '../../src/sys/network.fixture.ts';
import type { ApplicationRecord, DnsRecord, HttpRecord, TlsRecord } from '../../src/wire/traffic.ts';
import { missing } from '../support/needs.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const skip = missing('root', 'namespaces', 'bpf', 'nginx', 'dnsmasq', 'wrk', 'curl', 'openssl');
const loopback = { index: 1, name: 'lo', up: true, loopback: true, ethernet: true } as const;
const account = skip ? null : findAccount('nobody');

describe('inspection of real traffic', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-inspect-'));
  const records: ApplicationRecord[] = [];
  let inspection: Inspection;
  let timer: NodeJS.Timeout;
  const servers: { kill(): void }[] = [];

  before(async () => {
    enterOwnNetwork();
    servers.push(startNginx(folder));
    servers.push(
      start('dnsmasq', [
        '-k',
        '-C',
        '/dev/null',
        '-p',
        '53',
        '-R',
        '-h',
        '-a',
        '127.0.0.1',
        '-z',
        '-A',
        '/shop.test/192.0.2.7',
        '--user=root',
        `--pid-file=${folder}/dns.pid`,
      ]),
    );
    makeCertificate(folder);
    servers.push(
      start('openssl', [
        's_server',
        '-accept',
        '127.0.0.1:443',
        '-key',
        `${folder}/key`,
        '-cert',
        `${folder}/cert`,
        '-www',
      ]),
    );
    for (const port of [80, 53, 443]) await until(`port ${port}`, () => accepts(port));
    inspection = new Inspection(makeInspectorCommand(account, true, 'inherit'), {
      reporter: makeReporter({ level: 'error' }),
      onRecord: (record) => records.push(record),
      onRevised: () => {},
      record: () => {},
    });
    inspection.start();
    timer = setInterval(() => inspection.tick(() => [loopback], Date.now()), 50);
    await until(
      'the inspector',
      () => (inspection.losses().packets_not_inspected === 0 && inspection.works) || undefined,
    );
  });
  after(async () => {
    clearInterval(timer);
    await inspection?.stop(Date.now());
    for (const server of servers) server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Requests; an answer whose request was lost is told of as well. */
  const http = (): HttpRecord[] =>
    records.filter((one): one is HttpRecord => one.type === 'http' && one.method !== null);

  it('reads packets without any privilege', () => {
    const status = readFileSync(`/proc/${inspection.pid}/status`, 'latin1');
    assert.equal(findPower(status, account!), null);
  });

  it('tells of each request with status and sizes', async () => {
    const curl = (...args: string[]) => run('curl', ['-s', '-o', '/dev/null', ...args]);
    await curl('http://127.0.0.1/small', 'http://127.0.0.1/missing?token=secret');
    await curl(
      '-H',
      'Host: shop.test',
      '-X',
      'POST',
      '--data-binary',
      'x'.repeat(50_000),
      'http://127.0.0.1/upload',
    );
    await curl('http://127.0.0.1/large', 'http://127.0.0.1/small');
    const seen = await until('five requests', () => (http().length >= 5 ? http() : undefined));
    assert.deepEqual(
      seen.map((one) => [one.method, one.host, one.path, one.status, one.request_bytes, one.response_bytes]),
      [
        ['GET', '127.0.0.1', '/small', 200, 0, 2],
        ['GET', '127.0.0.1', '/missing?token=***', 404, 0, 4],
        ['POST', 'shop.test', '/upload', 200, 50_000, 2],
        ['GET', '127.0.0.1', '/large', 200, 0, 30_000_000],
        ['GET', '127.0.0.1', '/small', 200, 0, 2],
      ],
    );
    assert.ok(
      seen.every(({ duration_ms }) => duration_ms !== null && duration_ms >= 0 && duration_ms < 5000),
    );
  });

  it('tells of each name that was looked up, and gives it to the address', async () => {
    const answer = await ask('shop.test');
    assert.equal(answer, '192.0.2.7');
    const seen = await until('the question', () =>
      records.find((one): one is DnsRecord => one.type === 'dns'),
    );
    assert.deepEqual(
      [seen.query, seen.qtype, seen.rcode, seen.dst],
      ['shop.test', 'A', 'NOERROR', '127.0.0.1:53'],
    );
    assert.equal(inspection.join.names.find('192.0.2.7', '127.0.0.1', Date.now())?.name, 'shop.test');
  });

  it('tells of each TLS handshake', async () => {
    await run('curl', [
      '-sk',
      '-o',
      '/dev/null',
      '--resolve',
      'shop.test:443:127.0.0.1',
      'https://shop.test/',
    ]);
    const seen = await until('the handshake', () =>
      records.find((one): one is TlsRecord => one.type === 'tls'),
    );
    assert.deepEqual([seen.sni, seen.version, seen.transport], ['shop.test', '1.3', 'tcp']);
    assert.match(seen.ja4 ?? '', /^t13d/);
  });

  for (const [name, header] of [
    ['kept open', 'Connection: keep-alive'],
    ['opened anew each time', 'Connection: close'],
  ])
    it(`accounts for every request under full load, connections ${name}`, async (context) => {
      const logged = () => readFileSync(join(folder, 'log'), 'latin1').split('\n').length - 1;
      const before = {
        seen: http().length,
        logged: logged(),
        lost: inspection.losses().http_requests_not_inspected,
      };
      await run('wrk', ['-t', '1', '-c', '16', '-d', '2', '-H', header, 'http://127.0.0.1/small']);
      let last = -1;
      await until(
        'the end of what was under way',
        () => {
          const grown = http().length > last;
          last = http().length;
          return grown ? undefined : true;
        },
        { everyMs: 700 },
      );
      const seen = http().slice(before.seen);
      const lost = inspection.losses().http_requests_not_inspected - before.lost;
      const sent = logged() - before.logged;
      context.diagnostic(`${sent} sent in 2 s, ${seen.length} seen, ${lost} lost`);
      assert.ok(sent > 100);
      // What was under way when the load ended may be in one count and not in the other.
      assert.ok(Math.abs(seen.length + lost - sent) <= 16, `${seen.length} seen, ${lost} lost, ${sent} sent`);
      assert.ok(seen.filter(({ status }) => status !== 200).length <= 16 + lost);
    });
});

function start(file: string, args: readonly string[]): { kill(): void } {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  return { kill: () => void child.kill('SIGKILL') };
}

function startNginx(folder: string): { kill(): void } {
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; master_process off; user root; pid ${folder}/pid; error_log stderr crit;
     events { worker_connections 1024; }
     http { access_log ${folder}/log; keepalive_requests 1000000; client_body_temp_path ${folder}; server { listen 80 backlog=4096;
       location = /missing { return 404 "none"; }
       location = /large { alias ${folder}/large; }
       location = /log { internal; }
       location / { return 200 "ok"; } } }`,
  );
  writeFileSync(join(folder, 'large'), Buffer.alloc(30_000_000));
  return start('nginx', ['-p', folder, '-c', config]);
}

function makeCertificate(folder: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${folder}/key`];
  const args = ['req', '-x509', ...key, '-out', `${folder}/cert`, '-subj', '/CN=shop.test', '-days', '2'];
  execFileSync('openssl', args, { stdio: 'ignore' });
}

async function accepts(port: number): Promise<true | undefined> {
  const { promise, resolve } = Promise.withResolvers<true | undefined>();
  const socket = connect(port, '127.0.0.1');
  socket.once('connect', () => resolve(true)).once('error', () => resolve(undefined));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/** The first address of a name, as the server in the test's network says. */
async function ask(name: string): Promise<string> {
  const { Resolver } = await import('node:dns/promises');
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers(['127.0.0.1']);
  return (await resolver.resolve4(name))[0];
}
