import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { missing } from '../../../../test/support/needs.ts';
import { until } from '../../../../test/support/until.ts';
import { makeOwnNetwork, runProbe } from '../probes.fixture.ts';
import { makeTcpProbe } from '../tcp.ts';
import { makeTrust } from '../tls.ts';
import { serveNames } from './name-server.fixture.ts';
import { Names } from './names.ts';

const skip = missing('root', 'namespaces', 'nft');
if (!skip) makeOwnNetwork();

const folder = mkdtempSync(join(tmpdir(), 'netmon-names-'));
after(() => rmSync(folder, { recursive: true }));
const resolvConf = join(folder, 'resolv.conf');
/** The domain of this machine's own name is not searched. */
const local = 'nameserver 127.0.0.1\nsearch .';
let made = 0;

interface Config {
  readonly hosts?: string;
  readonly resolv?: string;
}

function makeNames({ hosts = '', resolv = `${local}\n` }: Config = {}): Names {
  const paths = { hosts: join(folder, `hosts${made++}`), resolvConf, nsswitch: join(folder, 'none') };
  writeFileSync(paths.hosts, hosts);
  writeFileSync(resolvConf, resolv);
  return new Names(paths);
}

test('a name of the hosts file is not asked for, and localhost never is', { skip }, async () => {
  using server = await serveNames({});
  const names = makeNames({ hosts: '192.0.2.1 web.test\n2001:db8::1 web.test\n10.0.0.1 six.test\n' });
  assert.deepEqual(await names.find('WEB.test.', 4), ['192.0.2.1']);
  assert.deepEqual(await names.find('web.test', 6), ['2001:db8::1']);
  assert.deepEqual((await names.find('web.test', null)).toSorted(), ['192.0.2.1', '2001:db8::1']);
  assert.deepEqual(await names.find('localhost', null), ['::1', '127.0.0.1']);
  assert.deepEqual(await names.find('a.localhost', 4), ['127.0.0.1']);
  assert.deepEqual(server.asked, []);
  // There it has no address of IPv6, so the name servers may know one.
  await assert.rejects(names.find('six.test', 6), { code: 'ENOTFOUND' });
  assert.deepEqual(server.asked, ['six.test AAAA']);
});

test('a name has the addresses of both families, those with a route first', { skip }, async () => {
  using _server = await serveNames({
    'both.test': { A: ['10.72.0.9', '10.72.0.8'], AAAA: ['fd72::9', '2001:db8::1'] },
  });
  const names = makeNames();
  const found = await names.find('both.test', null);
  assert.deepEqual(found, ['10.72.0.9', '10.72.0.8', 'fd72::9', '2001:db8::1']);
  assert.deepEqual(await names.find('both.test', 6), ['fd72::9', '2001:db8::1']);
});

test('the search list is gone through as the C library does', { skip }, async () => {
  using server = await serveNames({ 'db.b.test': { A: ['192.0.2.7'] } });
  const names = makeNames({ resolv: 'nameserver 127.0.0.1\nsearch a.test b.test\n' });
  assert.deepEqual(await names.find('db', 4), ['192.0.2.7']);
  assert.deepEqual(server.asked, ['db.a.test A', 'db.b.test A']);
  await assert.rejects(names.find('db.', 4), { code: 'ENOTFOUND' });
  assert.deepEqual(server.asked.slice(2), ['db A']);
});

for (const [what, told, code] of [
  ['a name that does not exist', 3, 'ENOTFOUND'],
  ['a name without addresses', {}, 'ENODATA'],
  ['a failure of the server', 2, 'ESERVFAIL'],
  ['a refusal of the server', 5, 'EREFUSED'],
] as const)
  test(`${what} is ${code}`, { skip }, async () => {
    using _server = await serveNames({ 'some.test': told });
    await assert.rejects(makeNames().find('some.test', null), { code });
  });

test('a server that is not there, or is silent, is told apart from one that answers', { skip }, async () => {
  await assert.rejects(makeNames().find('some.test', null), { code: 'ECONNREFUSED' });
  using _server = await serveNames({ 'some.test': 'silence' });
  const names = makeNames({ resolv: `${local}\noptions timeout:1 attempts:1\n` });
  await assert.rejects(names.find('some.test', null), { code: 'ETIMEOUT' });
});

test('one family is enough when the server says nothing of the other', { skip }, async () => {
  using _server = await serveNames({ 'four.test': { A: ['192.0.2.4'] } });
  assert.deepEqual(await makeNames().find('four.test', null), ['192.0.2.4']);
});

test('who asks at the same time shares one question, and who asks later asks anew', { skip }, async () => {
  using server = await serveNames({ 'one.test': { A: ['192.0.2.4'] } });
  const names = makeNames();
  await Promise.all(Array.from({ length: 50 }, () => names.find('one.test', 4)));
  assert.deepEqual(server.asked, ['one.test A']);
  await names.find('one.test', 4);
  assert.equal(server.asked.length, 2);
});

test('another resolv.conf is heeded without a restart', { skip }, async () => {
  using _first = await serveNames({ 'where.test': { A: ['192.0.2.1'] } });
  using _second = await serveNames({ 'where.test': { A: ['192.0.2.2'] } }, '127.0.0.2');
  const names = makeNames();
  assert.deepEqual(await names.find('where.test', 4), ['192.0.2.1']);
  writeFileSync(resolvConf, 'nameserver 127.0.0.2\n');
  utimesSync(resolvConf, 1, 1);
  const second = await until(
    'the other server',
    async () => {
      const [ip] = await names.find('where.test', 4);
      return ip === '192.0.2.2' ? ip : undefined;
    },
    { withinMs: 30_000 },
  );
  assert.equal(second, '192.0.2.2');
});

test('an address has a name once for all, and none where what is there is no host name', {
  skip,
}, async () => {
  using server = await serveNames({
    '1.2.0.192.in-addr.arpa': { PTR: ['router-1.test'] },
    '2.2.0.192.in-addr.arpa': { PTR: ['evil<script>.test'] },
  });
  const names = makeNames({ hosts: '192.0.2.9 gateway\n' });
  const all = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.9', 'fe80::1%lo'];
  const told = ['router-1.test', null, null, 'gateway', null];
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await Promise.all(all.map((ip) => names.findName(ip))), told);
    assert.equal(server.asked.filter((question) => question.endsWith('PTR')).length, 4);
  }
});

test('probes at a resolver that drops everything hold up no other probe, and no file', { skip }, async () => {
  const zone = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`dropped${i}.test`, 'silence' as const]),
  );
  using server = await serveNames({ ...zone, 'live.test': { A: ['127.0.0.1'] } });
  const names = makeNames({ resolv: `${local}\noptions attempts:5\n` });
  const tcp = makeTcpProbe(names, makeTrust([]));
  const service = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as { port: number };
  const controller = new AbortController();
  let ended = 0;
  const dropped = Object.keys(zone).map(async (host) => {
    const run = await runProbe(tcp, { host, port }, { timeoutMs: 60_000 }, controller.signal);
    ended++;
    return run.failure?.phase;
  });
  await until('all questions', () => new Set(server.asked).size >= 40 || undefined, { withinMs: 30_000 });
  for (let i = 0; i < 5; i++) {
    const { failure } = await runProbe(tcp, { host: 'live.test', port }, { timeoutMs: 60_000 });
    assert.equal(failure, null);
    assert.ok((await readFile(import.meta.filename)).length > 0);
  }
  assert.equal(ended, 0);
  controller.abort();
  assert.deepEqual(await Promise.all(dropped), new Array(20).fill('resolve'));
  service.close();
});
