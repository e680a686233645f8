import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { missing } from '../../../test/support/needs.ts';
import { makeCertificate, type Server, startServer } from '../../../test/support/servers.ts';
import { until } from '../../../test/support/until.ts';
import { makeDnsProbe } from './dns.ts';
import { makeOwnNetwork, names, ownIp, runProbe, shell, withRule } from './probes.fixture.ts';
import { SocketWatch } from './socket-watch.ts';
import { makeTrust } from './tls.ts';

const skip = missing('root', 'namespaces', 'nft', 'dnsmasq', 'openssl');
if (!skip) makeOwnNetwork();
const host = '127.0.0.1';
const folder = mkdtempSync(join(tmpdir(), 'netmon-dns-'));
if (!skip) makeCertificate(folder);
const dns = makeDnsProbe(names, new SocketWatch(), makeTrust());
const server = ownIp[4];
let dnsmasq: Server | undefined;

before(async () => {
  if (skip) return;
  const long = Array.from({ length: 12 }, (_, i) => `--txt-record=long.test,${i}-${'x'.repeat(200)}`);
  const options = `-k -C /dev/null -p 53 -R -h -a ${server},${ownIp[6]} -z --user=root --local=/test/
    --host-record=shop.test,192.0.2.7,2001:db8::7,90 --mx-host=shop.test,mail.test,10 --cname=www.test,shop.test
    --dns-rr=odd.test,1234,0102ff --pid-file=${folder}/pid`;
  dnsmasq = startServer('dnsmasq', [...options.split(/\s+/), ...long]);
  await until('dnsmasq listens', () => shell('ss -lunH').includes(`${server}:53`) || undefined);
});
after(() => dnsmasq?.kill());

test('an answer has its code, records, flags and least time to live', { skip }, async () => {
  const run = await runProbe(dns, { name: 'shop.test', server });
  assert.equal(run.failure, null);
  assert.equal(run.address, `${server}:53`);
  assert.deepEqual(run.detail.answers, [{ name: 'shop.test', type: 'A', ttl: 90, data: '192.0.2.7' }]);
  assert.equal(run.facts.RCODE, 'NOERROR');
  assert.deepEqual(run.facts.ANSWERS, ['192.0.2.7']);
  assert.equal(run.facts.TTL, 90);
  assert.ok((run.facts.FLAGS as string[]).includes('AA'));
  assert.ok(run.responseMs !== null && run.responseMs > 0);
});

for (const [name, type, data] of [
  ['shop.test', 'AAAA', '2001:db8::7'],
  ['shop.test', 'MX', '10 mail.test'],
  ['www.test', 'CNAME', 'shop.test'],
  ['odd.test', 'TYPE1234', '0102ff'],
  ['192.0.2.7', 'PTR', 'shop.test'],
  ['2001:db8::7', 'PTR', 'shop.test'],
] as const)
  test(`${type} of ${name} is ${data}, by UDP over IPv6 and by TCP`, { skip }, async () => {
    for (const way of [
      { server: ownIp[6], transport: 'udp' },
      { server, transport: 'tcp' },
    ] as const) {
      const run = await runProbe(dns, { name, type, ...way });
      assert.equal(run.failure, null);
      assert.deepEqual(run.facts.ANSWERS, [data]);
    }
  });

test('what is too long for UDP comes by TCP, and the flag TC stays', { skip }, async () => {
  const run = await runProbe(dns, { name: 'long.test', type: 'TXT', server });
  assert.equal(run.failure, null);
  assert.equal(run.detail.answers?.length, 12);
  assert.ok(run.detail.flags?.includes('TC'));
  assert.ok(run.phases.connect_ms !== null);
  using _rule = withRule('tcp dport 53 reject with tcp reset');
  const cut = await runProbe(dns, { name: 'long.test', type: 'TXT', server });
  assert.equal(cut.failure?.code, 'ECONNREFUSED');
});

test('a name that there is not is NXDOMAIN, and no failure where an assertion looks at the code', {
  skip,
}, async () => {
  const run = await runProbe(dns, { name: 'nosuch.test', server });
  assert.deepEqual(run.failure, {
    code: 'NXDOMAIN',
    message: `${server}:53 on nosuch.test A: NXDOMAIN`,
    phase: 'processing',
  });
  const asked = await runProbe(dns, { name: 'nosuch.test', server }, { wanted: new Set(['RCODE']) });
  assert.equal(asked.failure, null);
  assert.equal(asked.facts.RCODE, 'NXDOMAIN');
  assert.ok(asked.responseMs !== null);
});

test('a server that is not responsible refuses', { skip }, async () => {
  const run = await runProbe(dns, { name: 'example.org', server });
  assert.equal(run.failure?.code, 'REFUSED');
});

test('silence is a timeout, and a closed port is refused', { skip }, async () => {
  {
    using _rule = withRule('udp dport 53 drop');
    const silent = await runProbe(dns, { name: 'shop.test', server }, { timeoutMs: 100 });
    assert.deepEqual(silent.failure, {
      code: 'TIMEOUT',
      message: `${server}:53 does not answer within 100 ms`,
      phase: 'processing',
    });
  }
  for (const transport of ['udp', 'tcp'] as const) {
    const refused = await runProbe(dns, { name: 'shop.test', server, port: 9, transport });
    assert.equal(refused.failure?.code, 'ECONNREFUSED', transport);
  }
});

/** A server that changes the question into an answer. */
async function answerBy(change: (reply: Buffer) => void) {
  const socket = createSocket('udp4');
  socket.on('message', (question, { port, address }) => {
    const reply = Buffer.from(question);
    reply[2] |= 0x80;
    change(reply);
    socket.send(reply, port, address);
  });
  socket.bind(0, host);
  await once(socket, 'listening');
  return { port: socket.address().port, [Symbol.dispose]: () => void socket.close() };
}

for (const [rcode, code] of [
  [1, 'FORMERR'],
  [2, 'SERVFAIL'],
  [4, 'NOTIMP'],
] as const)
  test(`an answer of code ${rcode} is ${code}`, async () => {
    using other = await answerBy((reply) => {
      reply[3] = rcode;
    });
    const run = await runProbe(dns, { name: 'shop.test', server: host, port: other.port });
    assert.equal(run.failure?.code, code);
  });

test('with DNSSEC the answer has to be authenticated', async () => {
  using unsure = await answerBy((reply) => {
    reply[3] = 0x80;
  });
  const run = await runProbe(dns, { name: 'shop.test', server: host, port: unsure.port, dnssec: true });
  assert.equal(run.failure?.code, 'NOT_AUTHENTICATED');
  using sure = await answerBy((reply) => {
    reply[3] = 0xa0;
  });
  const good = await runProbe(dns, { name: 'shop.test', server: host, port: sure.port, dnssec: true });
  assert.equal(good.failure, null);
  assert.deepEqual(good.detail.flags, ['RD', 'RA', 'AD']);
});

test('an answer with another id or another question is not looked at', async () => {
  for (const change of [
    (reply: Buffer) => reply.writeUInt16BE(reply.readUInt16BE() ^ 1),
    (reply: Buffer) => reply.write('shot', 13, 'latin1'),
  ]) {
    using forged = await answerBy(change);
    const query = { name: 'shop.test', server: host, port: forged.port };
    const run = await runProbe(dns, query, { timeoutMs: 100 });
    assert.equal(run.failure?.code, 'TIMEOUT');
  }
});

/** Answers each question over a stream with itself. */
function answerStream(socket: Socket): void {
  socket
    .on('error', () => {})
    .once('data', (framed) => {
      framed[4] |= 0x80;
      // In two pieces, as a stream may come.
      socket.write(framed.subarray(0, 1));
      setImmediate(() => socket.write(framed.subarray(1)));
    });
}

test('by TLS the certificate must be for the name that is told', { skip }, async () => {
  const pair = { cert: readFileSync(`${folder}/cert`), key: readFileSync(`${folder}/key`) };
  const tls = createTlsServer(pair, answerStream).listen(0, host);
  await once(tls, 'listening');
  const { port } = tls.address() as AddressInfo;
  const known = makeDnsProbe(names, new SocketWatch(), makeTrust([pair.cert.toString()]));
  const query = { name: 'shop.test', server: host, port, transport: 'tls' } as const;
  const good = await runProbe(known, { ...query, tls_name: 'shop.test' });
  assert.equal(good.failure, null);
  assert.equal(good.facts.TLS_VERSION, 'TLSv1.3');
  assert.ok(good.phases.tls_ms !== null);
  const misnamed = await runProbe(known, query);
  assert.equal(misnamed.failure?.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  const unknown = await runProbe(dns, { ...query, tls_name: 'shop.test' });
  assert.equal(unknown.failure?.code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
  tls.close();
});

test('a stream that ends too early or answers something else is none', async () => {
  for (const [answer, code] of [
    ['', 'PROTOCOL'],
    ['\0\x05abcde', 'PROTOCOL'],
    ['\0\x05a', 'UNEXPECTED_REPLY'],
  ] as const) {
    const stream = createServer((socket) =>
      socket.on('error', () => {}).once('data', () => socket.end(answer)),
    );
    stream.listen(0, host);
    await once(stream, 'listening');
    const { port } = stream.address() as AddressInfo;
    const run = await runProbe(dns, { name: 'shop.test', server: host, port, transport: 'tcp' });
    assert.equal(run.failure?.code, code, JSON.stringify(answer));
    stream.close();
  }
});

test('what cannot be asked for is the fault of the probe', async () => {
  for (const probe of [
    { name: 'shop.test', type: 'NONESUCH' },
    { name: '192.0.2.1', type: 'A' },
  ]) {
    const run = await runProbe(dns, { ...probe, server: host });
    assert.deepEqual([run.failure?.code, run.failure?.phase], ['PROTOCOL', 'agent']);
  }
});
