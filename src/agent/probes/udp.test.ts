import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { missing } from '../../../test/support/needs.ts';
import { makeOwnNetwork, names, ownIp, runProbe, withRule } from './probes.fixture.ts';
import { SocketWatch } from './socket-watch.ts';
import { makeUdpProbe } from './udp.ts';

const skip = missing('root', 'namespaces', 'nft');
if (!skip) makeOwnNetwork();
const host = '127.0.0.1';
const udp = makeUdpProbe(names, new SocketWatch());

/** A server that gives each datagram these answers. */
async function serve(answers: readonly (string | Buffer)[], seen: Buffer[] = []) {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, { port, address }) => {
    seen.push(bytes);
    for (const answer of answers) socket.send(answer, port, address);
  });
  socket.bind(0, host);
  await once(socket, 'listening');
  return { port: socket.address().port, [Symbol.dispose]: () => void socket.close() };
}

test('a reply is up, with its text and the time it took', async () => {
  const seen: Buffer[] = [];
  using server = await serve(['pong 1'], seen);
  const run = await runProbe(udp, {
    host,
    port: server.port,
    payload: '70 69ff',
    encoding: 'hex',
    expect: 'pong*',
  });
  assert.equal(run.failure, null);
  assert.deepEqual(seen, [Buffer.from([0x70, 0x69, 0xff])]);
  assert.deepEqual(run.facts, { IP: host, CONNECTED: true, REPLY: 'pong 1' });
  assert.ok(run.responseMs !== null && run.responseMs > 0 && run.responseMs < 500);
});

test('another reply than expected says what it was', async () => {
  using server = await serve(['busy']);
  const run = await runProbe(udp, { host, port: server.port, payload: 'x', expect: 'pong' });
  assert.deepEqual(run.failure, {
    code: 'UNEXPECTED_REPLY',
    message: `${host}:${server.port} replies "busy", not "pong"`,
    phase: 'processing',
  });
});

test('silence is no reply, never a closed port, and no failure where none is needed', async () => {
  using server = await serve([]);
  const silent = await runProbe(udp, { host, port: server.port, payload: 'x' }, { timeoutMs: 100 });
  assert.equal(silent.failure?.code, 'NO_REPLY');
  assert.match(silent.failure.message, /does not mean that the port is closed/);
  const unneeded = await runProbe(
    udp,
    { host, port: server.port, payload: 'x', reply: false },
    { timeoutMs: 100 },
  );
  assert.equal(unneeded.failure, null);
  assert.equal(unneeded.responseMs, null);
});

for (const reply of [true, false])
  test(`a closed port is refused, ${reply ? 'with' : 'without'} a reply being needed`, async () => {
    const { port } = await serve([]).then((server) => {
      server[Symbol.dispose]();
      return server;
    });
    const run = await runProbe(udp, { host, port, payload: 'x', reply });
    assert.deepEqual(run.failure, {
      code: 'ECONNREFUSED',
      message: `${host}:${port}: ${host} says: connection refused (ICMP type 3, code 3)`,
      phase: 'connect',
    });
  });

for (const [words, code] of [
  ['icmp type net-unreachable', 'ENETUNREACH'],
  ['icmp type host-unreachable', 'EHOSTUNREACH'],
  ['icmp type prot-unreachable', 'ENOPROTOOPT'],
  ['icmp type admin-prohibited', 'EHOSTUNREACH'],
  ['icmpv6 type no-route', 'ENETUNREACH'],
  ['icmpv6 type admin-prohibited', 'EACCES'],
  ['icmpv6 type port-unreachable', 'ECONNREFUSED'],
] as const)
  test(`${words} is ${code}`, { skip }, async () => {
    using _rule = withRule(`udp dport 9 reject with ${words}`);
    const run = await runProbe(udp, {
      host: ownIp[words.startsWith('icmpv6') ? 6 : 4],
      port: 9,
      payload: 'x',
    });
    assert.equal(run.failure?.code, code);
  });

test('a reply from elsewhere is not looked at', { skip }, async () => {
  const forger = createSocket('udp4').bind(0, host);
  const server = createSocket('udp4').bind(0, host);
  await Promise.all([once(forger, 'listening'), once(server, 'listening')]);
  server.on('message', (_, { port, address }) => forger.send('forged', port, address));
  const run = await runProbe(udp, { host, port: server.address().port, payload: 'x' }, { timeoutMs: 100 });
  assert.equal(run.failure?.code, 'NO_REPLY');
  forger.close();
  server.close();
});
