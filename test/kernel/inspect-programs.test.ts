// What inspection tells of real clients and servers of each kind: HTTP/2 with and without TLS, TLS, QUIC and DNS.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { findAccount } from '../../src/platform/account.ts';
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
const skip = missing('root', 'namespaces', 'bpf', 'nginx', 'dnsmasq', 'curl', 'openssl', 'nghttp2', 'ngtcp2');
const account = skip ? null : findAccount('nobody');
const ports = { http: 80, h2c: 81, h2: 444, s_server: 443, nghttpd: 8081, nghttpx: 8082, quic: 4433 };

describe('inspection of what real programs say', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-programs-'));
  const servers: Server[] = [];
  let loopback: InspectedLoopback;

  before(async () => {
    enterOwnNetwork();
    makeCertificate(folder);
    writeFileSync(join(folder, 'page'), 'x'.repeat(70_000));
    writeFileSync(join(folder, 'form'), 'x'.repeat(20_000));
    writeFileSync(join(folder, 'small'), 'ok');
    servers.push(startNginx(folder, sites(folder)));
    servers.push(startDnsmasq(folder, { 'shop.test': '192.0.2.7' }));
    const keys = ['-key', `${folder}/key`, '-cert', `${folder}/cert`];
    const offer = ['-alpn', 'smtp,http/1.1'];
    servers.push(
      startServer('openssl', ['s_server', '-accept', `${ports.s_server}`, ...keys, ...offer, '-www']),
    );
    servers.push(startServer('nghttpd', ['--no-tls', '-d', folder, `${ports.nghttpd}`]));
    servers.push(startProxy(folder));
    for (const port of [53, ...Object.values(ports).filter((one) => one !== ports.quic)])
      await until(`port ${port}`, () => accepts(port));
    servers.push(
      startServer('gtlsserver', [
        '-q',
        '-d',
        folder,
        '127.0.0.1',
        `${ports.quic}`,
        `${folder}/key`,
        `${folder}/cert`,
      ]),
    );
    loopback = new InspectedLoopback(account);
    await loopback.start();
  });
  after(async () => {
    await loopback?.[Symbol.asyncDispose]();
    for (const server of servers) server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const curl = (...args: string[]) => run('curl', ['-s', '-o', '/dev/null', ...args]);

  /** What a client did: the requests to a port that were told of since. */
  const requests = (first: number, port: number): HttpRecord[] =>
    loopback.since(first, 'http').filter(({ dst }) => dst === `127.0.0.1:${port}`);

  /** Runs a client and waits for so many requests to a port. */
  const observe = async (
    port: number,
    count: number,
    client: () => Promise<unknown>,
  ): Promise<HttpRecord[]> => {
    const first = loopback.records.length;
    await client();
    await until('the requests', () => requests(first, port).length >= count || undefined, {
      describe: () => loopback.records.slice(first),
    });
    await loopback.settle();
    return requests(first, port);
  };

  const summarise = ({ method, host, path, status, request_bytes, response_bytes, version }: HttpRecord) => [
    method,
    host,
    path,
    status,
    request_bytes,
    response_bytes,
    version,
  ];

  it('HTTP/2 without TLS, known beforehand, by curl, nghttp and nginx', async () => {
    const url = `http://127.0.0.1:${ports.h2c}`;
    const site = 'shop.test';
    const seen = await observe(ports.h2c, 4, async () => {
      const form = ['--data-binary', `@${folder}/form`, `${url}/up`];
      await curl('--http2-prior-knowledge', '-H', `Host: ${site}`, ...form);
      const urls = ['page', 'missing', 'small'].map((path) => `${url}/${path}`);
      await run('nghttp', ['-n', '-H', `:authority: ${site}`, ...urls]);
    });
    const byPath = seen.toSorted((a, b) => (a.path ?? '').localeCompare(b.path ?? ''));
    assert.deepEqual(byPath.map(summarise), [
      ['GET', site, '/missing', 404, 0, 4, '2'],
      ['GET', site, '/page', 200, 0, 70_000, '2'],
      ['GET', site, '/small', 200, 0, 2, '2'],
      ['POST', site, '/up', 200, 20_000, 2, '2'],
    ]);
    const durations = seen.map(({ duration_ms }) => duration_ms);
    assert.ok(durations.every((ms) => ms !== null && ms >= 0 && ms < 5000));
  });

  it('HTTP/2 without TLS, asked for by an upgrade, by curl, nghttp and nghttpx', async () => {
    const url = `http://127.0.0.1:${ports.nghttpx}`;
    const first = loopback.records.length;
    const seen = await observe(ports.nghttpx, 3, async () => {
      await curl('--http2', `${url}/small`, '-o', '/dev/null', `${url}/missing`);
      await run('nghttp', ['-n', '-u', `${url}/small`]);
    });
    assert.deepEqual(
      seen.map(({ method, path, status, response_bytes, version }) => [
        method,
        path,
        status,
        response_bytes,
        version,
      ]),
      [
        ['GET', '/small', 200, 2, '1.1'],
        ['GET', '/missing', 404, 4, '2'],
        ['GET', '/small', 200, 2, '1.1'],
      ],
    );
    assert.deepEqual(
      requests(first, ports.http).map(({ path, status, version }) => [path, status, version]),
      [
        ['/small', 200, '1.1'],
        ['/missing', 404, '1.1'],
        ['/small', 200, '1.1'],
      ],
      'what the proxy asked of the server behind it',
    );
  });

  it('many requests at once over one connection, by h2load and nghttpd', async () => {
    const count = 5000;
    const seen = await observe(ports.nghttpd, count, () =>
      run('h2load', ['-n', `${count}`, '-c', '2', '-m', '50', `http://127.0.0.1:${ports.nghttpd}/small`]),
    );
    assert.equal(seen.length, count);
    assert.ok(seen.every(({ status, response_bytes }) => status === 200 && response_bytes === 2));
  });

  it('HTTP/2 within TLS: the handshake, and nothing of what is in it', async () => {
    const first = loopback.records.length;
    const at = ['--resolve', `shop.test:${ports.h2}:127.0.0.1`];
    await curl('-k', '--http2', ...at, `https://shop.test:${ports.h2}/small`);
    await curl('-k', '--http2', '--tls-max', '1.2', ...at, `https://shop.test:${ports.h2}/small`);
    await until('two handshakes', () => loopback.since(first, 'tls').length >= 2 || undefined);
    await loopback.settle();
    const [recent, former, ...others] = loopback.since(first, 'tls');
    assert.deepEqual(others, []);
    assert.deepEqual(
      [recent, former].map(({ sni, version, alpn, dst }) => [sni, version, alpn, dst]),
      [
        ['shop.test', '1.3', 'h2', `127.0.0.1:${ports.h2}`],
        ['shop.test', '1.2', 'h2', `127.0.0.1:${ports.h2}`],
      ],
    );
    assert.match(recent.ja4 ?? '', /^t13d\d{4}h2_[0-9a-f]{12}_[0-9a-f]{12}$/);
    assert.match(former.ja4 ?? '', /^t12d\d{4}h2_[0-9a-f]{12}_[0-9a-f]{12}$/);
    assert.deepEqual(former.certificate?.names, ['shop.test']);
    assert.deepEqual(loopback.since(first, 'http'), []);
  });

  it('TLS by openssl, with and without a name, and its certificate up to TLS 1.2', async () => {
    const first = loopback.records.length;
    const connect = (...args: string[]) =>
      run('sh', ['-c', `echo | openssl s_client -connect 127.0.0.1:${ports.s_server} ${args.join(' ')}`]);
    await connect('-servername', 'mail.test', '-alpn', 'smtp', '-tls1_3');
    await connect('-noservername', '-tls1_2');
    await until('two handshakes', () => loopback.since(first, 'tls').length >= 2 || undefined);
    const [recent, former] = loopback.since(first, 'tls');
    assert.deepEqual([recent.sni, recent.alpn, recent.version], ['mail.test', 'smtp', '1.3']);
    assert.match(recent.ja4 ?? '', /^t13d\d{4}sp_/);
    assert.deepEqual([former.sni, former.alpn, former.version], [null, null, '1.2']);
    assert.match(former.ja4 ?? '', /^t12i\d{4}00_/);
    assert.deepEqual(
      [former.certificate?.subject, former.certificate?.names],
      ['CN=shop.test', ['shop.test']],
    );
  });

  it('QUIC by ngtcp2: its Initial packets are opened', async () => {
    const first = loopback.records.length;
    for (let i = 0; i < 3; i++)
      await run('gtlsclient', [
        '-q',
        '--exit-on-all-streams-close',
        '127.0.0.1',
        `${ports.quic}`,
        `https://localhost:${ports.quic}/small`,
      ]);
    await until('the handshakes', () => loopback.since(first, 'tls').length >= 3 || undefined);
    await loopback.settle();
    const seen = loopback.since(first, 'tls');
    assert.equal(seen.length, 3);
    for (const { transport, version, sni, alpn, ja4 } of seen) {
      assert.deepEqual([transport, version, sni, alpn], ['quic', '1.3', 'localhost', 'h3']);
      assert.match(ja4 ?? '', /^q13d\d{4}h3_[0-9a-f]{12}_[0-9a-f]{12}$/);
    }
  });

  it('DNS by dnsmasq: each question with its answer, also over TCP', async () => {
    const first = loopback.records.length;
    const resolver = new Resolver({ timeout: 30_000, tries: 1 });
    resolver.setServers(['127.0.0.1']);
    await resolver.resolve4('shop.test');
    await assert.rejects(resolver.resolve4('absent.test'));
    await assert.rejects(resolver.resolveMx('shop.test'));
    await askByTcp('shop.test');
    await until('the questions', () => loopback.since(first, 'dns').length >= 4 || undefined);
    await loopback.settle();
    assert.deepEqual(
      loopback
        .since(first, 'dns')
        .map(({ query, qtype, rcode, transport, answers }) => [
          query,
          qtype,
          rcode,
          transport,
          answers.map(({ data }) => data),
        ]),
      [
        ['shop.test', 'A', 'NOERROR', 'udp', ['192.0.2.7']],
        ['absent.test', 'A', 'REFUSED', 'udp', []],
        ['shop.test', 'MX', 'REFUSED', 'udp', []],
        ['shop.test', 'A', 'NOERROR', 'tcp', ['192.0.2.7']],
      ],
    );
  });

  it('lost nothing of all this', () => {
    const losses = Object.entries(loopback.inspection.losses()).filter(([, count]) => count > 0);
    assert.deepEqual(losses, []);
  });
});

const sites = (folder: string): string => {
  const locations = `location = /missing { return 404 "none"; }
    location = /page { alias ${folder}/page; }
    location = /up { proxy_pass http://127.0.0.1:${ports.http}/small; }
    location / { return 200 "ok"; }`;
  return `server { listen ${ports.http}; ${locations} }
    server { listen ${ports.h2c} http2; ${locations} }
    server { listen ${ports.h2} ssl http2; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate ${folder}/cert; ssl_certificate_key ${folder}/key;
      ${locations} }`;
};

/** A proxy that takes HTTP/2 after an upgrade and speaks HTTP/1.1 with nginx. */
const startProxy = (folder: string): Server =>
  startServer('nghttpx', [
    '--conf=/dev/null',
    '--single-process',
    `--pid-file=${folder}/nghttpx.pid`,
    '--workers=1',
    `-f127.0.0.1,${ports.nghttpx};no-tls`,
    `-b127.0.0.1,${ports.http}`,
  ]);

/** Asks dnsmasq for an address over TCP, where a message has its length before it (RFC 7766), and waits for the answer. */
async function askByTcp(name: string): Promise<void> {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const header = Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const message = Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
  const socket = connect(53, '127.0.0.1');
  socket.write(Buffer.concat([Buffer.from([0, message.length]), message]));
  await once(socket, 'data');
  socket.destroy();
}
