import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { missing } from '../../../test/support/needs.ts';
import { until } from '../../../test/support/until.ts';
import { DatagramSocket } from '../../sys/datagram-socket.ts';
import { writeSocketAddress } from '../../sys/socket-address.ts';
import { Echoes } from './echoes.ts';
import { makeIcmpProbe } from './icmp.ts';
import { makeOwnNetwork, names, ownIp, runProbe, shell, withRule } from './probes.fixture.ts';
import { SocketWatch } from './socket-watch.ts';

const skip = missing('root', 'namespaces', 'nft');
if (!skip) makeOwnNetwork();
const icmp = makeIcmpProbe(names, new Echoes(new SocketWatch()));
const quick = { echoes: 3, gap_ms: 5 } as const;

for (const family of [4, 6] as const)
  test(`all echoes to an address of IPv${family} are answered`, { skip }, async () => {
    const run = await runProbe(icmp, { host: ownIp[family], echoes: 5, gap_ms: 5 });
    assert.equal(run.failure, null);
    assert.equal(run.address, ownIp[family]);
    assert.equal(run.echoes.length, 5);
    assert.ok(run.echoes.every((time) => time !== null && time > 0 && time < 1000));
    assert.deepEqual([run.facts.LOSS, run.facts.TTL, run.facts.CONNECTED], [0, 64, true]);
    assert.equal(run.responseMs, run.facts.RTT_MEDIAN);
  });

test('loss is what the rule dropped, echo for echo', { skip }, async () => {
  using _rule = withRule('icmp type echo-reply numgen random mod 100 < 20 counter name dropped drop');
  const run = await runProbe(icmp, { host: ownIp[4], echoes: 100, gap_ms: 2 }, { timeoutMs: 1000 });
  const dropped = Number(/packets (\d+)/.exec(shell('nft list counter inet t dropped'))?.[1]);
  assert.ok(dropped > 0);
  assert.equal(run.failure, null);
  assert.equal(run.facts.LOSS, dropped);
  assert.equal(run.echoes.filter((time) => time === null).length, dropped);
});

test('an echo that nobody answers is a timeout', { skip }, async () => {
  using _rule = withRule('icmp type echo-reply drop');
  const run = await runProbe(icmp, { host: ownIp[4], ...quick }, { timeoutMs: 200 });
  assert.deepEqual(run.failure, {
    code: 'TIMEOUT',
    message: '10.72.0.1: none of 3 echoes answered in 200 ms',
    phase: 'processing',
  });
  assert.deepEqual([run.facts.LOSS, run.responseMs], [100, null]);
});

/** What a router may say, by nft's words for it. */
for (const [words, errno, type, code] of [
  ['icmp type net-unreachable', 'ENETUNREACH', 3, 0],
  ['icmp type host-unreachable', 'EHOSTUNREACH', 3, 1],
  ['icmp type prot-unreachable', 'ENOPROTOOPT', 3, 2],
  ['icmp type port-unreachable', 'ECONNREFUSED', 3, 3],
  ['icmp type net-prohibited', 'ENETUNREACH', 3, 9],
  ['icmp type host-prohibited', 'EHOSTUNREACH', 3, 10],
  ['icmp type admin-prohibited', 'EHOSTUNREACH', 3, 13],
  ['icmpv6 type no-route', 'ENETUNREACH', 1, 0],
  ['icmpv6 type admin-prohibited', 'EACCES', 1, 1],
  ['icmpv6 type addr-unreachable', 'EHOSTUNREACH', 1, 3],
  ['icmpv6 type port-unreachable', 'ECONNREFUSED', 1, 4],
] as const)
  test(`${words} is ${errno}, with the type and code and who said so`, { skip }, async () => {
    const family = words.startsWith('icmpv6') ? 6 : 4;
    const request = family === 4 ? 'icmp type echo-request' : 'icmpv6 type echo-request';
    using _rule = withRule(`${request} reject with ${words}`);
    const run = await runProbe(icmp, { host: ownIp[family], ...quick }, { timeoutMs: 200 });
    assert.equal(run.failure?.code, errno);
    const said = new RegExp(`^${ownIp[family]}: [\\d.a-f:]+ says: .* \\(ICMP type ${type}, code ${code}\\)$`);
    assert.match(run.failure.message, said);
  });

test('a round whose echoes have all met an error does not wait for its whole time', { skip }, async () => {
  using _rule = withRule('icmp type echo-request reject with icmp type host-unreachable');
  const began = performance.now();
  const run = await runProbe(icmp, { host: ownIp[4], ...quick }, { timeoutMs: 20_000 });
  assert.equal(run.failure?.code, 'EHOSTUNREACH');
  assert.ok(performance.now() - began < 19_000);
});

test('what cannot be sent says why at once', { skip }, async () => {
  {
    using _rule = withRule('icmp type echo-request drop', 'out');
    const forbidden = await runProbe(icmp, { host: ownIp[4], ...quick });
    assert.equal(forbidden.failure?.code, 'EPERM');
  }
  const unrouted = await runProbe(icmp, { host: '192.0.2.1', ...quick });
  assert.equal(unrouted.failure?.code, 'ENETUNREACH');
});

test('an address that the policy forbids is not sent to', { skip }, async () => {
  using _rule = withRule('icmp type echo-request counter name dropped drop');
  shell('nft reset counter inet t dropped');
  const policy = { refuse: (ip: string) => (ip === ownIp[4] ? 'not this one' : null) };
  const run = await runProbe(icmp, { host: ownIp[4], ...quick }, { policy });
  assert.deepEqual(run.failure, {
    code: 'FORBIDDEN_ADDRESS',
    message: '10.72.0.1: not this one',
    phase: 'agent',
  });
  assert.match(shell('nft list counter inet t dropped'), /packets 0/);
});

test('a name that nobody knows fails while it is resolved', { skip }, async () => {
  const run = await runProbe(icmp, { host: 'nosuch.invalid' });
  assert.equal(run.failure?.phase, 'resolve');
  assert.match(run.failure.code, /^(ENOTFOUND|EAI_AGAIN)$/);
});

test('times are right within 0.2 ms of what the echoes were held back', { skip }, async () => {
  shell('sysctl -qw net.ipv4.icmp_echo_ignore_all=1');
  const file = join(import.meta.dirname, 'icmp-responder.fixture.ts');
  const responder = spawn(process.execPath, [file, '12'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: responder.stdout });
  const held: number[] = [];
  try {
    await once(lines, 'line');
    lines.on('line', (line) => held.push(Number(line)));
    const run = await runProbe(icmp, { host: ownIp[4], echoes: 20, gap_ms: 30 });
    responder.stdin.end();
    await once(responder, 'close');
    assert.equal(run.facts.LOSS, 0);
    const off = run.echoes.map((time, i) => Math.abs((time ?? Number.NaN) - held[i])).sort((a, b) => a - b);
    assert.ok(off[17] < 0.2, `off by ${off.map((one) => one.toFixed(3)).join(' ')}`);
  } finally {
    responder.kill('SIGKILL');
    shell('sysctl -qw net.ipv4.icmp_echo_ignore_all=0');
  }
});

test('a reply with another token was made up, and does not count', { skip }, async () => {
  shell('sysctl -qw net.ipv4.icmp_echo_ignore_all=1');
  try {
    using forger = new DatagramSocket({ family: 4, type: 'raw', protocol: 1 });
    const forge = async (flip: number): Promise<number | null> => {
      const running = runProbe(icmp, { host: ownIp[4], echoes: 1 }, { timeoutMs: 300 });
      const request = await until('the request', () => takeRequest(forger), { everyMs: 2 });
      request[0] = 0;
      request[8] ^= flip;
      forger.send(withChecksum(request), writeSocketAddress(4, ownIp[4], 0));
      return (await running).echoes[0];
    };
    assert.equal(await forge(1), null);
    assert.notEqual(await forge(0), null);
  } finally {
    shell('sysctl -qw net.ipv4.icmp_echo_ignore_all=0');
  }
});

function takeRequest(socket: DatagramSocket): Uint8Array | undefined {
  for (let received = socket.receive(); received !== null; received = socket.receive())
    if (typeof received !== 'string' && received.bytes[20] === 8) return received.bytes.slice(20);
  return undefined;
}

function withChecksum(message: Uint8Array): Uint8Array {
  const view = new DataView(message.buffer);
  view.setUint16(2, 0);
  let sum = 0;
  for (let i = 0; i < message.length; i += 2) sum += view.getUint16(i);
  view.setUint16(2, ~((sum & 0xffff) + (sum >>> 16)));
  return message;
}

test('where raw sockets are not allowed, those of ping_group_range are used', { skip }, async () => {
  const script = `
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    const { Echoes } = await import(${JSON.stringify(join(import.meta.dirname, 'echoes.ts'))});
    const { makeIcmpProbe } = await import(${JSON.stringify(join(import.meta.dirname, 'icmp.ts'))});
    const { SocketWatch } = await import(${JSON.stringify(join(import.meta.dirname, 'socket-watch.ts'))});
    const { names, runProbe } = await import(${JSON.stringify(join(import.meta.dirname, 'probes.fixture.ts'))});
    const icmp = makeIcmpProbe(names, new Echoes(new SocketWatch()));
    const run = async (host) => {
      const { failure, echoes, facts } = await runProbe(icmp, { host, echoes: 2, gap_ms: 5 }, { timeoutMs: 300 });
      return { code: failure?.code ?? null, phase: failure?.phase ?? null, echoes: echoes.length, ttl: facts.TTL ?? null };
    };
    console.log(JSON.stringify([await run('${ownIp[4]}'), await run('${ownIp[6]}')]));`;
  const runAsNobody = (): unknown =>
    JSON.parse(shell(`'${process.execPath}' --input-type=module -e '${script.replaceAll("'", '"')}'`));
  shell('sysctl -qw net.ipv4.ping_group_range="1 0"');
  const refused = { code: 'EPERM', phase: 'agent', echoes: 0, ttl: null };
  assert.deepEqual(runAsNobody(), [refused, refused]);
  shell('sysctl -qw net.ipv4.ping_group_range="0 65535"');
  const answered = { code: null, phase: null, echoes: 2, ttl: 64 };
  assert.deepEqual(runAsNobody(), [answered, answered]);
  using _rule = withRule('icmp type echo-request reject with icmp type host-prohibited');
  const [prohibited] = runAsNobody() as [unknown];
  assert.deepEqual(prohibited, { code: 'EHOSTUNREACH', phase: 'connect', echoes: 2, ttl: null });
});
