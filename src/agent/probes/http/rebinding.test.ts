import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { isIPv4 } from 'node:net';
import { test } from 'node:test';
import { missing } from '../../../../test/support/needs.ts';
import { probeNetworksValue } from '../../../platform/probe-networks.ts';
import { makeAddressPolicy } from '../address-policy.ts';
import { makeOwnNetwork, names, ownIp, runProbe, shell } from '../probes.fixture.ts';
import { makeTrust } from '../tls.ts';
import { makeHttpProbe } from './http.ts';

/** The resolver that this machine asks: in a network of its own, the test answers in its place. */
const nameserver = /^nameserver\s+(\S+)/m.exec(readFileSync('/etc/resolv.conf', 'utf8'))?.[1] ?? '';
const skip = missing('root', 'namespaces', 'nft') || (!isIPv4(nameserver) && 'needs a nameserver of IPv4');
const http = makeHttpProbe(names, makeTrust([]));
const policy = makeAddressPolicy(probeNetworksValue.parse(ownIp[4]) ?? []);
const port = 9181;

/** A name server whose every answer for A is the next of these addresses, with a time to live of 0; the last one stays. */
async function answerWith(
  addresses: readonly string[],
): Promise<Disposable & { readonly asked: () => number }> {
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', (question, from) => {
    const end = question.indexOf(0, 12) + 5;
    const isA = question.readUInt16BE(end - 4) === 1;
    const ip = addresses[Math.min(asked, addresses.length - 1)];
    if (isA) asked++;
    const head = Buffer.from(question.subarray(0, end));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(isA ? 1 : 0, 6);
    head.fill(0, 8, 12);
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...ip.split('.').map(Number)]);
    socket.send(isA ? Buffer.concat([head, record]) : head, from.port, from.address);
  });
  socket.bind(53, nameserver);
  await once(socket, 'listening');
  return { asked: () => asked, [Symbol.dispose]: () => void socket.close() };
}

async function serve(ip: string, listener: RequestListener): Promise<Server & Disposable> {
  const server = createServer(listener).listen(port, ip);
  await once(server, 'listening');
  return Object.assign(server, { [Symbol.dispose]: () => void server.close() });
}

test.before(() => {
  if (skip) return;
  makeOwnNetwork();
  if (!nameserver.startsWith('127.')) shell(`ip address add ${nameserver}/32 dev lo`);
});

test('a name that changes its address after it was looked up is connected to where it was', {
  skip,
}, async () => {
  using names = await answerWith([ownIp[4], '127.0.0.1']);
  using _inner = await serve('127.0.0.1', (_, response) => response.end('inner'));
  using _outer = await serve(ownIp[4], (_, response) => response.end('outer'));
  const probe = { url: `http://flips.test:${port}/` };
  const { facts, failure, address } = await runProbe(http, probe, { policy, wanted: new Set(['BODY']) });
  assert.deepEqual([failure, facts.BODY, address], [null, 'outer', `${ownIp[4]}:${port}`]);
  assert.equal(names.asked(), 1);
});

test('a name that has changed its address by the time of a redirect is refused there', { skip }, async () => {
  using names = await answerWith([ownIp[4], '127.0.0.1']);
  let asked = 0;
  using _inner = await serve('127.0.0.1', (_, response) => {
    asked++;
    response.end();
  });
  using _outer = await serve(ownIp[4], (_, response) =>
    response.writeHead(302, { location: '/again' }).end(),
  );
  const { failure } = await runProbe(http, { url: `http://flips.test:${port}/` }, { policy });
  assert.deepEqual(failure, {
    code: 'FORBIDDEN_ADDRESS',
    message: '127.0.0.1: it is a loopback address, which is not probed without loopback in --probe-networks',
    phase: 'agent',
  });
  assert.deepEqual([asked, names.asked()], [0, 2]);
});

test('a name of a metadata service is refused by its address', { skip }, async () => {
  using _names = await answerWith(['169.254.169.254']);
  const { failure } = await runProbe(http, { url: `http://metadata.test:${port}/` }, { policy });
  assert.deepEqual([failure?.code, failure?.phase], ['FORBIDDEN_ADDRESS', 'agent']);
});
