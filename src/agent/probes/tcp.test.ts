import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { missing } from '../../../test/support/needs.ts';
import { makeCertificate } from '../../../test/support/servers.ts';
import { until } from '../../../test/support/until.ts';
import { makeOwnNetwork, names, ownIp, runProbe, shell, withRule } from './probes.fixture.ts';
import { makeTcpProbe } from './tcp.ts';
import { makeTrust } from './tls.ts';

const skip = missing('root', 'namespaces', 'nft', 'openssl');
if (!skip) makeOwnNetwork();
const host = '127.0.0.1';
const folder = mkdtempSync(join(tmpdir(), 'netmon-tcp-'));
if (!skip) makeCertificate(folder);
const pair = skip ? {} : { cert: readFileSync(`${folder}/cert`), key: readFileSync(`${folder}/key`) };
const tcp = makeTcpProbe(names, makeTrust());

/** A server that speaks as told, on a free port. */
async function serve(speak: (socket: Socket) => void): Promise<{ port: number } & Disposable> {
  const server = createServer((socket) => speak(socket.on('error', () => {}))).listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.dispose]: () => void server.close() };
}

/** Answers each request that has come whole with the next of these. */
function speakBy(
  words: readonly (readonly [request: string | Buffer, answer: string | Buffer])[],
  then?: (socket: Socket) => void,
) {
  return (socket: Socket): void => {
    let pending = Buffer.alloc(0);
    let next = 0;
    const hear = (bytes: Buffer): void => {
      pending = Buffer.concat([pending, bytes]);
      const [request, answer] = words[next] ?? [];
      const at = request === undefined ? -1 : pending.indexOf(request);
      if (at < 0) return;
      const rest = pending.subarray(at + (request?.length ?? 0));
      pending = Buffer.alloc(0);
      next++;
      if (next === words.length && then) socket.off('data', hear);
      socket.write(answer ?? '');
      if (next < words.length || !then) return;
      socket.pause();
      if (rest.length > 0) socket.unshift(rest);
      then(socket);
    };
    socket.on('data', hear);
  };
}

const toTls = (socket: Socket): void => {
  new TLSSocket(socket, { isServer: true, ...pair }).on('error', () => {});
};

test('a port that takes connections is up, with the time of connecting', async () => {
  using server = await serve((socket) => socket.resume());
  const run = await runProbe(tcp, { host, port: server.port });
  assert.equal(run.failure, null);
  assert.equal(run.address, `${host}:${server.port}`);
  assert.deepEqual([run.facts.IP, run.facts.CONNECTED], [host, true]);
  assert.ok(
    run.phases.connect_ms !== null && run.responseMs !== null && run.responseMs >= run.phases.connect_ms,
  );
});

test('a port that nobody listens on is refused', async () => {
  const { port } = await serve(() => {}).then((server) => {
    server[Symbol.dispose]();
    return server;
  });
  const run = await runProbe(tcp, { host, port });
  assert.deepEqual(run.failure, {
    code: 'ECONNREFUSED',
    message: `${host}:${port}: connection refused`,
    phase: 'connect',
  });
});

test('what is dropped is a timeout of connecting', { skip }, async () => {
  using _rule = withRule('tcp dport 9 drop');
  const run = await runProbe(tcp, { host: ownIp[4], port: 9 }, { timeoutMs: 150 });
  assert.deepEqual([run.failure?.code, run.failure?.phase], ['TIMEOUT', 'connect']);
});

for (const [words, code] of [
  ['icmp type host-unreachable', 'EHOSTUNREACH'],
  ['icmp type net-unreachable', 'ENETUNREACH'],
  ['icmp type admin-prohibited', 'EHOSTUNREACH'],
  ['tcp reset', 'ECONNREFUSED'],
] as const)
  test(`a connection that is rejected with ${words} fails with ${code}`, { skip }, async () => {
    using _rule = withRule(`ip daddr ${ownIp[4]} tcp dport 9 reject with ${words}`);
    const run = await runProbe(tcp, { host: ownIp[4], port: 9 });
    assert.equal(run.failure?.code, code);
  });

test('a banner is kept and does not take the first step its words', async () => {
  using server = await serve((socket) => socket.write('SSH-2.0-Test_1\r\n'));
  const run = await runProbe(tcp, {
    host,
    port: server.port,
    banner: true,
    steps: [{ expect: 'SSH-2.0-*' }],
  });
  assert.equal(run.failure, null);
  assert.equal(run.detail.banner, 'SSH-2.0-Test_1');
  assert.equal(run.facts.BANNER, 'SSH-2.0-Test_1');
});

test('a banner that an assertion looks at is waited for; one that does not come is a timeout', async () => {
  using server = await serve((socket) => socket.resume());
  const run = await runProbe(
    tcp,
    { host, port: server.port },
    { timeoutMs: 150, wanted: new Set(['BANNER']) },
  );
  assert.deepEqual(run.failure, {
    code: 'TIMEOUT',
    message: `${host}:${server.port} does not say a banner within 150 ms`,
    phase: 'processing',
  });
});

test('steps are said and waited for in turn, each in what came after the one before', async () => {
  using server = await serve(
    speakBy([
      ['PING\r\n', '+PONG\r\n+PONG\r\n'],
      [Buffer.from([0, 0xff]), 'four * bytes'],
    ]),
  );
  const run = await runProbe(tcp, {
    host,
    port: server.port,
    steps: [
      { send: 'PING\r\n', encoding: 'text' },
      { expect: '+PONG' },
      { expect: '+PO*G' },
      { send: '00 ff', encoding: 'hex' },
      { expect: 'four*bytes' },
    ],
  });
  assert.equal(run.failure, null);
  assert.equal(run.facts.REPLY, 'four * bytes');
});

test('another answer than expected is told of with what it was', async () => {
  using server = await serve((socket) => socket.end('-ERR loading\r\n'));
  const run = await runProbe(tcp, { host, port: server.port, steps: [{ expect: '+PONG' }] });
  assert.deepEqual(run.failure, {
    code: 'UNEXPECTED_REPLY',
    message: `${host}:${server.port} says "-ERR loading", not "+PONG"`,
    phase: 'processing',
  });
  assert.equal(run.detail.reply, '-ERR loading');
});

test('a connection that is reset, or ends without a word, says so', async () => {
  using resetting = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const steps = [{ send: 'x', encoding: 'text' as const }, { expect: 'y' }];
  const reset = await runProbe(tcp, { host, port: resetting.port, steps });
  assert.deepEqual([reset.failure?.code, reset.failure?.phase], ['ECONNRESET', 'processing']);
  using ending = await serve((socket) => socket.resume().end());
  const ended = await runProbe(tcp, { host, port: ending.port, steps });
  assert.equal(ended.failure?.code, 'PROTOCOL');
});

test('a server that never stops is cut off', async () => {
  using server = await serve((socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write('x'.repeat(16_384)));
    };
    socket.on('drain', more);
    more();
  });
  const run = await runProbe(tcp, { host, port: server.port, steps: [{ expect: 'y' }] });
  assert.equal(run.failure?.code, 'TOO_LARGE');
});

test('TLS tells of the certificate, and fails by it unless it is not to be verified', { skip }, async () => {
  const server = createTlsServer(pair, (socket) => socket.on('error', () => {}).end('hello\n')).listen(
    0,
    host,
  );
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const strict = await runProbe(tcp, { host, port, tls: 'direct' });
  assert.deepEqual([strict.failure?.code, strict.failure?.phase], ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls']);
  assert.deepEqual(strict.detail.certificate?.names, ['shop.test']);
  const lax = await runProbe(tcp, { host, port, tls: 'direct', verify: false, steps: [{ expect: 'hello' }] });
  assert.equal(lax.failure, null);
  assert.equal(lax.detail.tls_version, 'TLSv1.3');
  assert.equal(lax.detail.certificate?.problem, 'DEPTH_ZERO_SELF_SIGNED_CERT');
  const known = makeTcpProbe(names, makeTrust([readFileSync(`${folder}/cert`, 'utf8')]));
  const misnamed = await runProbe(known, { host, port, tls: 'direct' });
  assert.equal(misnamed.failure?.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  server.close();
});

/** What real servers say, from the greeting to the consent. */
const dialogues = {
  smtp: {
    greeting: '220 mail.test ESMTP\r\n',
    words: [
      ['EHLO', '250-mail.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n'],
      ['STARTTLS\r\n', '220 2.0.0 Ready\r\n'],
    ],
  },
  imap: {
    greeting: '* OK ready\r\n',
    words: [['STARTTLS\r\n', '* CAPABILITY IMAP4rev1\r\na1 OK begin\r\n']],
  },
  pop3: { greeting: '+OK ready\r\n', words: [['STLS\r\n', '+OK begin\r\n']] },
  ftp: { greeting: '220-Welcome\r\n to this\r\n220 ready\r\n', words: [['AUTH TLS\r\n', '234 begin\r\n']] },
  ldap: {
    greeting: '',
    words: [['1.3.6.1.4.1.1466.20037', Buffer.from('300c02010178070a010004000400', 'hex')]],
  },
  postgresql: { greeting: '', words: [[Buffer.from('0000000804d2162f', 'hex'), 'S']] },
  mysql: {
    greeting: Buffer.from(
      `4a0000000a${Buffer.from('8.0.36').toString('hex')}000b000000${'41'.repeat(8)}00ffffff0200ffdf15${'00'.repeat(10)}${'42'.repeat(12)}00${Buffer.from('caching_sha2_password').toString('hex')}00`,
      'hex',
    ),
    words: [[Buffer.from(`20000001008a0000000000012d${'00'.repeat(23)}`, 'hex'), '']],
  },
  xmpp: {
    greeting: '',
    words: [
      [
        "version='1.0'>",
        "<?xml version='1.0'?><stream:stream><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
      ],
      [
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
      ],
    ],
  },
} as const;

for (const [name, { greeting, words }] of Object.entries(dialogues)) {
  const starttls = name as keyof typeof dialogues;
  test(`STARTTLS of ${name} leads to the certificate`, { skip }, async () => {
    using server = await serve((socket) => {
      if (greeting.length > 0) socket.write(greeting);
      speakBy(words as never, toTls)(socket);
    });
    const run = await runProbe(tcp, { host, port: server.port, tls: 'starttls', starttls, verify: false });
    assert.equal(run.failure, null);
    assert.deepEqual(run.detail.certificate?.names, ['shop.test']);
    assert.equal(run.facts.TLS_VERSION, 'TLSv1.3');
    assert.ok(run.phases.tls_ms !== null && run.phases.processing_ms !== null);
  });

  test(`noise in place of ${name} fails and says so`, async () => {
    using server = await serve((socket) =>
      socket.end(Buffer.from('00ff0a0d5a5a5a5a0a0a00'.repeat(20), 'hex')),
    );
    const run = await runProbe(tcp, { host, port: server.port, tls: 'starttls', starttls });
    assert.ok(run.failure);
    assert.match(run.failure.code, /^(PROTOCOL|UNEXPECTED_REPLY|ECONNRESET|TOO_LARGE)$/);
  });
}

test('a server that does not offer TLS, or says more in the clear, is not secured', async () => {
  const greeting = '220 mail.test\r\n';
  using plain = await serve((socket) => {
    socket.write(greeting);
    speakBy([['EHLO', '250 mail.test\r\n']])(socket);
  });
  const run = await runProbe(tcp, { host, port: plain.port, tls: 'starttls', starttls: 'smtp' });
  assert.deepEqual(run.failure, {
    code: 'PROTOCOL',
    message: 'the server does not offer STARTTLS',
    phase: 'tls',
  });
  using injected = await serve((socket) => {
    socket.write(greeting);
    speakBy([
      ['EHLO', '250 STARTTLS\r\n'],
      ['STARTTLS', '220 go\r\n250 injected\r\n'],
    ])(socket);
  });
  const more = await runProbe(tcp, { host, port: injected.port, tls: 'starttls', starttls: 'smtp' });
  assert.equal(more.failure?.message, 'the server goes on in the clear after its consent');
});

test('openssl s_server is reached directly', { skip }, async () => {
  const port = 42_017;
  const args = [
    's_server',
    '-accept',
    `${host}:${port}`,
    '-cert',
    `${folder}/cert`,
    '-key',
    `${folder}/key`,
    '-tls1_2',
    '-www',
  ];
  const server = spawn('openssl', args, { stdio: 'ignore' });
  try {
    await until('openssl listens', () => shell('ss -ltnH').includes(`:${port}`) || undefined);
    const run = await runProbe(tcp, { host, port, tls: 'direct', verify: false });
    assert.equal(run.failure, null);
    assert.equal(run.detail.tls_version, 'TLSv1.2');
  } finally {
    server.kill('SIGKILL');
  }
});

test('an address that the policy forbids is not connected to', async () => {
  using server = await serve(() => assert.fail('connected'));
  const run = await runProbe(tcp, { host, port: server.port }, { policy: { refuse: () => 'no' } });
  assert.deepEqual([run.failure?.code, run.failure?.phase], ['FORBIDDEN_ADDRESS', 'agent']);
});
