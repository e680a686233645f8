import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Namespace } from '../../../test/support/namespaces.ts';
import { missing } from '../../../test/support/needs.ts';
import { until } from '../../../test/support/until.ts';
import { Echoes } from './echoes.ts';
import { Names } from './names/names.ts';
import { makeOwnNetwork, runProbe, shell, withRule } from './probes.fixture.ts';
import { SocketWatch } from './socket-watch.ts';
import { makeTracerouteProbe } from './traceroute.ts';

const skip = missing('root', 'namespaces', 'nft');
/** What is known of names here; there is no resolver. */
const folder = mkdtempSync(join(tmpdir(), 'netmon-trace-'));
const paths = {
  hosts: join(folder, 'hosts'),
  resolvConf: join(folder, 'none'),
  nsswitch: join(folder, 'none'),
};
writeFileSync(
  paths.hosts,
  '10.73.0.2 near.test\nfd73::2 near.test\n10.73.9.9 target.test\nfd73:9::9 target.test\n',
);
const names = new Names(paths);
after(() => rmSync(folder, { recursive: true }));
const watch = new SocketWatch();
const traceroute = makeTracerouteProbe(names, watch, new Echoes(watch));

/** This machine, a router, then one of two routers, then the target: 10.73.N.0/24 and fd73:N::/64 are its links. */
const target = { 4: '10.73.9.9', 6: 'fd73:9::9' } as const;
const hops = { 4: ['10.73.0.2', '10.73.1.2', target[4]], 6: ['fd73::2', 'fd73:1::2', target[6]] } as const;
let first: Namespace;
let far: Namespace;

before(async () => {
  if (skip) return;
  makeOwnNetwork();
  first = new Namespace();
  const second = new Namespace();
  const other = new Namespace();
  far = new Namespace();
  shell(`ip link add t0 type veth peer name t0 netns ${first.name}`);
  first.shell(`
    ip link add t1 type veth peer name t1 netns ${second.name}
    ip link add t3 type veth peer name t3 netns ${other.name}`);
  second.shell(`ip link add t2 type veth peer name t2 netns ${far.name}`);
  other.shell(`ip link add t4 type veth peer name t4 netns ${far.name}`);
  const own = { shell };
  for (const [space, link, host] of [
    [own, 0, 1],
    [first, 0, 2],
    [first, 1, 1],
    [second, 1, 2],
    [second, 2, 1],
    [far, 2, 2],
    [first, 3, 1],
    [other, 3, 2],
    [other, 4, 1],
    [far, 4, 2],
  ] as const) {
    const prefix = link === 0 ? 'fd73:' : `fd73:${link}:`;
    space.shell(`
      ip address add 10.73.${link}.${host}/24 dev t${link}
      ip address add ${prefix}:${host}/64 dev t${link} nodad
      ip link set t${link} up`);
  }
  for (const router of [first, second, other, far])
    router.shell(`
      for f in ipv4.ip_forward=1 ipv6.conf.all.forwarding=1 ipv4.icmp_ratelimit=0 ipv6.icmp.ratelimit=0; do
        sysctl -qw net.$f
      done
      nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }'
      nft 'add chain inet t out { type filter hook output priority 0; }'
      nft 'add chain inet t pass { type filter hook forward priority 0; }'`);
  far.shell(`ip address add ${target[4]}/32 dev lo; ip address add ${target[6]}/128 dev lo nodad`);
  route(shell, 'default', 0, 2);
  route((line) => first.shell(line), '9', 1, 2);
  route((line) => second.shell(line), '9', 2, 2);
  route((line) => other.shell(line), '9', 4, 2);
  route((line) => second.shell(line), '0', 1, 1);
  route((line) => other.shell(line), '0', 3, 1);
  route((line) => far.shell(line), '0', 2, 1);
  // Links of IPv6 become ready in a work queue.
  await until(
    'the path stands',
    async () => {
      const { failure, responseMs } = await runProbe(traceroute, { host: target[6] });
      return (failure === null && responseMs !== null && responseMs < 1000) || undefined;
    },
    { withinMs: 30_000 },
  );
});

/** Sends a link's addresses, or all, to that host of another link. */
function route(run: (line: string) => unknown, to: string, link: number, host: number): void {
  const prefix = link === 0 ? 'fd73:' : `fd73:${link}:`;
  const [four, six] =
    to === 'default' ? [to, to] : [`10.73.${to}.0/24`, to === '0' ? 'fd73::/64' : `fd73:${to}::/64`];
  run(`ip route replace ${four} via 10.73.${link}.${host}; ip -6 route replace ${six} via ${prefix}:${host}`);
}

for (const method of ['icmp', 'udp', 'tcp'] as const)
  for (const family of [4, 6] as const)
    test(`each hop to an address of IPv${family} answers to ${method}`, { skip }, async () => {
      const run = await runProbe(traceroute, { host: target[family], method });
      assert.equal(run.failure, null);
      const addresses = run.detail.hops?.map((hop) => hop.addresses.join());
      assert.deepEqual(addresses, [...hops[family]]);
      const known = run.detail.hops?.map((hop) => hop.name);
      assert.deepEqual(known, ['near.test', null, 'target.test']);
      assert.ok(run.detail.hops?.every((hop) => hop.rtt_ms.length === 3 && !hop.rtt_ms.includes(null)));
      assert.deepEqual([run.facts.HOPS, run.facts.PATH_CHANGED, run.echoes.length], [3, false, 3]);
      assert.ok(run.responseMs !== null && run.responseMs > 0 && run.responseMs < 2000);
    });

test('a connection that is taken is the target as well', { skip }, async () => {
  const script = "require('net').createServer().listen(80, '10.73.9.9', () => console.log('on'))";
  const [file, ...args] = far.command([process.execPath, '-e', script]);
  const server = spawn(file!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(server.stdout, 'data');
    const run = await runProbe(traceroute, { host: target[4], method: 'tcp' });
    assert.equal(run.facts.HOPS, 3);
    assert.ok(run.responseMs !== null);
  } finally {
    server.kill('SIGKILL');
  }
});

test('another path is noticed, and a lost answer is none', { skip }, async () => {
  const before = (await runProbe(traceroute, { host: target[4] })).detail;
  {
    using _rule = ruleAt(first, 'out', 'icmp type time-exceeded drop');
    const lost = await runProbe(traceroute, { host: target[4] }, { before, timeoutMs: 800 });
    assert.equal(lost.failure, null);
    assert.deepEqual(lost.detail.hops?.[0], {
      ttl: 1,
      addresses: [],
      name: null,
      rtt_ms: [null, null, null],
    });
    assert.equal(lost.detail.path_changed, false);
  }
  route((line) => first.shell(line), '9', 3, 2);
  try {
    const changed = await runProbe(traceroute, { host: target[4] }, { before });
    assert.equal(changed.detail.path_changed, true);
    assert.equal(changed.facts.PATH_CHANGED, true);
    assert.deepEqual(changed.detail.hops?.[1]?.addresses, ['10.73.3.2']);
  } finally {
    route((line) => first.shell(line), '9', 1, 2);
  }
});

/** Has a router treat what is for it (`in`), of it (`out`) or for others (`pass`) as this rule says. */
function ruleAt(router: Namespace, chain: 'in' | 'out' | 'pass', rule: string): Disposable {
  router.shell(`nft 'add rule inet t ${chain} ${rule}'`);
  return { [Symbol.dispose]: () => void router.shell(`nft flush chain inet t ${chain}`) };
}

for (const method of ['icmp', 'udp', 'tcp'] as const)
  test(`a router that forbids ${method} ends the path with its reason`, { skip }, async () => {
    using _rule = ruleAt(first, 'pass', 'ip daddr 10.73.9.9 reject with icmp type admin-prohibited');
    const run = await runProbe(traceroute, { host: target[4], method });
    assert.deepEqual(run.failure, {
      code: 'EHOSTUNREACH',
      message: '10.73.9.9: 10.73.0.2 says at hop 2: no route to the host (ICMP type 3, code 13)',
      phase: 'connect',
    });
    assert.equal(run.facts.HOPS, null);
    assert.equal(run.facts.CONNECTED, false);
  });

for (const method of ['icmp', 'udp', 'tcp'] as const)
  test(`a target that is silent to ${method} is not reached, and the last hop that answered is named`, {
    skip,
  }, async () => {
    using _rule = ruleAt(far, 'in', 'ip daddr 10.73.9.9 drop');
    const run = await runProbe(traceroute, { host: target[4], method, hops: 5 }, { timeoutMs: 500 });
    assert.deepEqual(run.failure, {
      code: 'TIMEOUT',
      message: '10.73.9.9 is not reached by 5 hops: the last answer is of hop 2, 10.73.1.2',
      phase: 'processing',
    });
    assert.equal(run.detail.hops?.length, 2);
  });

test('what cannot be sent says why at once', { skip }, async () => {
  using _rule = withRule('ip daddr 10.73.9.9 drop', 'out');
  for (const method of ['icmp', 'udp'] as const) {
    const run = await runProbe(traceroute, { host: target[4], method });
    assert.equal(run.failure?.code, 'EPERM', method);
  }
});

test('an address that the policy forbids is not asked for', { skip }, async () => {
  const run = await runProbe(traceroute, { host: target[4] }, { policy: { refuse: () => 'no' } });
  assert.equal(run.failure?.code, 'FORBIDDEN_ADDRESS');
});
