// Inspection against real servers and clients in a network of this test's own: what they did is what is told.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { findAccount } from '../../src/platform/account.ts';
import { findPower } from '../../src/server/privileges.ts';
import { enterOwnNetwork } from '../../src/sys/network.fixture.ts';
import type { HttpRecord } from '../../src/wire/traffic.ts';
import { missing } from '../support/needs.ts';
import {
  accepts,
  InspectedLoopback,
  makeCertificate,
  type Server,
  startDnsmasq,
  startNginx,
  startServer,
} from '../support/servers.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const skip = missing('root', 'namespaces', 'bpf', 'nginx', 'dnsmasq', 'wrk', 'curl', 'openssl', 'nghttp2');
const account = skip ? null : findAccount('nobody');

describe('inspection of real traffic', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-inspect-'));
  const servers: Server[] = [];
  let loopback: InspectedLoopback;

  before(async () => {
    enterOwnNetwork();
    writeFileSync(join(folder, 'large'), Buffer.alloc(30_000_000));
    servers.push(startNginx(folder, sites(folder)));
    servers.push(startDnsmasq(folder, { 'shop.test': '192.0.2.7' }));
    makeCertificate(folder);
    const keys = ['-key', `${folder}/key`, '-cert', `${folder}/cert`];
    servers.push(startServer('openssl', ['s_server', '-accept', '443', ...keys, '-www']));
    for (const port of [80, 53, 443]) await until(`port ${port}`, () => accepts(port));
    loopback = new InspectedLoopback(account);
    await loopback.start();
  });
  after(async () => {
    await loopback?.[Symbol.asyncDispose]();
    for (const server of servers) server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Requests; an answer whose request was lost is told of as well. */
  const http = (): HttpRecord[] => loopback.since(0, 'http').filter(({ method }) => method !== null);
  const lost = (): number => loopback.inspection.losses().http_requests_not_inspected ?? 0;

  it('reads packets without any privilege', () => {
    const status = readFileSync(`/proc/${loopback.inspection.pid}/status`, 'latin1');
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
    const seen = await until('the question', () => loopback.since(0, 'dns')[0]);
    assert.deepEqual(
      [seen.query, seen.qtype, seen.rcode, seen.dst],
      ['shop.test', 'A', 'NOERROR', '127.0.0.1:53'],
    );
    assert.equal(
      loopback.inspection.join.names.find('192.0.2.7', '127.0.0.1', Date.now())?.name,
      'shop.test',
    );
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
    const seen = await until('the handshake', () => loopback.since(0, 'tls')[0]);
    assert.deepEqual([seen.sni, seen.version, seen.transport], ['shop.test', '1.3', 'tcp']);
    assert.match(seen.ja4 ?? '', /^t13d/);
  });

  it('accounts for every one of 10,000 requests a second', async (context) => {
    const count = 30_000;
    const before = { seen: http().length, lost: lost() };
    const load = ['--h1', '-c', '8', '-n', `${count}`, '--rps', '1250', 'http://127.0.0.1/small'];
    const { stdout } = await run('h2load', load);
    assert.match(stdout, new RegExp(` ${count} succeeded, 0 failed`));
    await loopback.settle();
    const seen = http().slice(before.seen);
    const missed = lost() - before.lost;
    context.diagnostic(`${seen.length} of ${count} seen, ${missed} lost`);
    assert.equal(seen.length + missed, count);
    const wrong = seen.filter((one) => one.status !== 200 || one.response_bytes !== 2);
    assert.ok(wrong.length <= missed, `${wrong.length} without their answer`);
  });

  for (const [name, header] of [
    ['kept open', 'Connection: keep-alive'],
    ['opened anew each time', 'Connection: close'],
  ])
    it(`accounts for every request under full load, connections ${name}`, async (context) => {
      const logged = () => readFileSync(join(folder, 'log'), 'latin1').split('\n').length - 1;
      const before = { seen: http().length, logged: logged(), lost: lost() };
      await run('wrk', ['-t', '1', '-c', '16', '-d', '2', '-H', header, 'http://127.0.0.1/small']);
      await loopback.settle();
      const seen = http().slice(before.seen);
      const missed = lost() - before.lost;
      const sent = logged() - before.logged;
      context.diagnostic(`${sent} sent in 2 s, ${seen.length} seen, ${missed} lost`);
      assert.ok(sent > 100);
      // What was under way when the load ended may be in one count and not in the other.
      assert.ok(
        Math.abs(seen.length + missed - sent) <= 16,
        `${seen.length} seen, ${missed} lost, ${sent} sent`,
      );
      assert.ok(seen.filter(({ status }) => status !== 200).length <= 16 + missed);
    });
});

const sites = (folder: string): string => `server {
  listen 80 backlog=4096;
  location = /missing { return 404 "none"; }
  location = /large { alias ${folder}/large; }
  location / { return 200 "ok"; } }`;

/** The first address of a name, as the server in the test's network says. */
async function ask(name: string): Promise<string> {
  const { Resolver } = await import('node:dns/promises');
  const resolver = new Resolver({ timeout: 30_000, tries: 1 });
  resolver.setServers(['127.0.0.1']);
  return (await resolver.resolve4(name))[0];
}
