import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { missing } from '../../../test/support/needs.ts';
import { type Dialled, dial } from './dial.ts';
import { makeOwnNetwork, ownIp, shell, withRule } from './probes.fixture.ts';

const skip = missing('root', 'namespaces', 'nft');
if (!skip) makeOwnNetwork();

const open = async (addresses: readonly string[], port: number, timeoutMs = 2000): Promise<Dialled> => {
  const dialled = await dial(addresses, port, { signal: AbortSignal.timeout(timeoutMs), timeoutMs });
  if (!dialled.failure) dialled.socket.destroy();
  return dialled;
};

const server: Server = createServer((socket) => socket.on('error', () => {}));
let port = 0;
test.before(async () => {
  server.listen(0, '::');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
test.after(() => server.close());

test('the first address is taken where it answers, in its family', { skip }, async () => {
  assert.equal((await open([ownIp[6], ownIp[4]], port)).ip, ownIp[6]);
  assert.equal((await open([ownIp[4], ownIp[6]], port)).ip, ownIp[4]);
});

test('an address that is silent gets a quarter of a second alone', { skip }, async () => {
  using _rule = withRule(`ip6 daddr ${ownIp[6]} tcp dport ${port} drop`);
  const { ip, failure, connectMs } = await open([ownIp[6], ownIp[4]], port);
  assert.deepEqual([ip, failure], [ownIp[4], null]);
  assert.ok(connectMs >= 240, `${connectMs}`);
});

test('an address that refuses costs no wait, and families take turns', { skip }, async () => {
  using _rule = withRule(`ip6 daddr ${ownIp[6]} tcp dport ${port} reject with tcp reset`);
  const { ip, failure, connectMs } = await open([ownIp[6], ownIp[6], ownIp[4]], port);
  assert.deepEqual([ip, failure], [ownIp[4], null]);
  assert.ok(connectMs < 240, `${connectMs}`);
});

const refusals = [
  ['reject with tcp reset', 'ECONNREFUSED', 'connection refused'],
  ['reject with icmp type host-unreachable', 'EHOSTUNREACH', 'no route to the host'],
  ['reject with icmp type net-unreachable', 'ENETUNREACH', 'network is unreachable'],
  ['reject with icmp type port-unreachable', 'ECONNREFUSED', 'connection refused'],
] as const;
for (const [rule, code, words] of refusals) {
  test(`${rule} is ${code}`, { skip }, async () => {
    using _rule = withRule(`ip daddr ${ownIp[4]} tcp dport ${port} ${rule}`);
    const { failure } = await open([ownIp[4]], port);
    assert.deepEqual(failure, { code, message: `${ownIp[4]}:${port}: ${words}`, phase: 'connect' });
  });
}

test('of several failures the one that says more is told', { skip }, async () => {
  using _rule = withRule(`ip daddr ${ownIp[4]} tcp dport ${port} reject with tcp reset`);
  const { failure } = await open(['2001:db8::1', ownIp[4]], port);
  const message = `${ownIp[4]}:${port}: connection refused (of 2 addresses)`;
  assert.deepEqual(failure, { code: 'ECONNREFUSED', message, phase: 'connect' });
});

test('silence of all ends with the time', { skip }, async () => {
  using _rule = withRule(`ip daddr ${ownIp[4]} tcp dport ${port} drop`);
  const { failure, connectMs } = await open([ownIp[4]], port, 150);
  const message = `${ownIp[4]}:${port}: no connection within 150 ms`;
  assert.deepEqual(failure, { code: 'TIMEOUT', message, phase: 'connect' });
  assert.ok(connectMs >= 140 && connectMs < 1000, `${connectMs}`);
});

test('a family that this machine does not have says nothing of the target', { skip }, async () => {
  using _closed = withoutIp6();
  const { failure } = await open(['2001:db8::1'], port);
  assert.deepEqual([failure?.code, failure?.phase], ['EADDRNOTAVAIL', 'agent']);
});

function withoutIp6(): Disposable {
  shell('sysctl -qw net.ipv6.conf.lo.disable_ipv6=1');
  return { [Symbol.dispose]: () => void shell('sysctl -qw net.ipv6.conf.lo.disable_ipv6=0') };
}
