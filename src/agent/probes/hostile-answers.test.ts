import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { type Probe, probeResultSchema, probeSchema } from '../../wire/probe.ts';
import { allowAll } from './address-policy.ts';
import { probeTypes } from './registry.ts';
import { makeRound } from './round.ts';

/** Answers for each kind of probe; `FUZZ_RUNS` for more. */
const runs = Number(process.env.FUZZ_RUNS ?? 60);
const seed = Number(process.env.FUZZ_SEED ?? 1);
/** Rounds at once. */
const width = 20;
/** Of a try; a datagram that is no answer is waited beyond. */
const timeoutMs = 150;

const parts = { policy: allowAll, types: probeTypes, now: Date.now, monotonic: () => performance.now() };

/** Bytes that begin as an answer does, and then have some changed, cut out, said again or added. */
function answersLike(valid: readonly (string | Buffer)[]): fc.Arbitrary<Buffer> {
  const place = fc.nat({ max: 400 });
  const change = fc.oneof(
    fc.record({ at: place, bytes: fc.uint8Array({ maxLength: 8 }), drop: fc.nat({ max: 8 }) }),
    fc.record({ at: place, bytes: fc.constant(new Uint8Array(70_000).fill(0x41)), drop: fc.constant(0) }),
    fc.record({ at: place, bytes: fc.constant(Uint8Array.of(0xff, 0xff, 0xc0, 0x0c)), drop: fc.constant(4) }),
    fc.record({ at: place, bytes: fc.constant(Buffer.from('\r\n\r\n')), drop: fc.constant(1) }),
  );
  const changed = fc
    .tuple(fc.constantFrom(...valid), fc.array(change, { maxLength: 4 }))
    .map(([text, changes]) =>
      changes.reduce<Buffer>(
        (bytes, { at, bytes: added, drop }) =>
          Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + drop)]),
        Buffer.from(text as string),
      ),
    );
  const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof({ weight: 5, arbitrary: changed }, { weight: 1, arbitrary: noise });
}

/** An answer of DNS with one record of that type, for a question that `patch` writes into it. */
function dnsAnswer(type: number, data: Buffer, flags = 0x8180): Buffer {
  const question = Buffer.from('0161077465737469 6e6700 0001 0001'.replaceAll(' ', ''), 'hex');
  const record = Buffer.from([0xc0, 0x0c, 0, type, 0, 1, 0, 0, 0, 9, data.length >> 8, data.length & 255]);
  const head = Buffer.from([0, 0, flags >> 8, flags & 255, 0, 1, 0, 1, 0, 0, 0, 0]);
  return Buffer.concat([head, question, record, data]);
}

const http = [
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"status":"up"}',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 302 Found\r\nLocation: //\\\\@[::1]:99999/%\r\nContent-Length: 0\r\n\r\n',
  `HTTP/1.1 100 Continue\r\n\r\n${'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'.repeat(20)}HTTP/1.0 204 No\r\n\r\n`,
];
const lines = [
  '220-hello\r\n220 mail.test\r\n250-mail.test\r\n250-STARTTLS\r\n250 OK\r\n220 go\r\n',
  '* OK imap\r\n* CAPABILITY\r\na1 OK go\r\n',
  '+OK pop\r\n+OK go\r\n',
  '220 ftp\r\n234 go\r\n',
  Buffer.from('300c02010178070a010004000400', 'hex'),
  'SN',
  Buffer.concat([Buffer.from('4a0000000a', 'hex'), Buffer.from('8.0.1\0'), Buffer.alloc(70, 0x0f)]),
  "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features><proceed/>",
];
const ntp = Buffer.alloc(48, 0x11);
ntp[0] = 0x24;
ntp[1] = 2;
const dns = [
  dnsAnswer(1, Buffer.from([192, 0, 2, 1])),
  dnsAnswer(16, Buffer.from([5, 0x1b, 0x5b, 0x32, 0x4a, 0])),
  dnsAnswer(15, Buffer.from([0, 10, 0xc0, 0x0c])),
  dnsAnswer(5, Buffer.from([0xc0, 0x1c])),
  dnsAnswer(46, Buffer.alloc(40, 0xc0)),
];

interface Target {
  readonly what: string;
  readonly by: 'tcp' | 'udp';
  readonly valid: readonly (string | Buffer)[];
  readonly probe: (port: number, i: number) => object;
  /** Whether it says all before it was asked anything. */
  readonly speaksFirst?: boolean;
  /** Makes an answer one to the question that came. */
  readonly fit?: (answer: Buffer, question: Buffer) => Buffer;
}

const host = '127.0.0.1';
const starttls = ['smtp', 'imap', 'pop3', 'ftp', 'ldap', 'postgresql', 'mysql', 'xmpp'];
const askedFor = { kind: 'dns', name: 'a.testing', server: host };
const withId = (answer: Buffer, question: Buffer): Buffer => {
  question.copy(answer, 0, 0, 2);
  return answer;
};
const targets: readonly Target[] = [
  {
    what: 'HTTP',
    by: 'tcp',
    valid: http,
    probe: (port, i) => ({
      kind: 'http',
      url: `http://${host}:${port}/`,
      version: i % 5 === 0 ? '2' : 'auto',
    }),
  },
  {
    what: 'HTTPS',
    by: 'tcp',
    valid: [...http, Buffer.from('160303007a02000076030', 'hex')],
    probe: (port) => ({ kind: 'http', url: `https://${host}:${port}/` }),
  },
  {
    what: 'a proxy',
    by: 'tcp',
    valid: http,
    probe: (port) => ({ kind: 'http', url: 'https://192.0.2.1/', proxy: `http://me:secret@${host}:${port}` }),
  },
  {
    what: 'STARTTLS',
    by: 'tcp',
    speaksFirst: true,
    valid: lines,
    probe: (port, i) => ({
      kind: 'tcp',
      host,
      port,
      tls: 'starttls',
      starttls: starttls[i % starttls.length],
    }),
  },
  {
    what: 'a conversation',
    by: 'tcp',
    speaksFirst: true,
    valid: lines,
    probe: (port) => ({
      kind: 'tcp',
      host,
      port,
      banner: true,
      steps: [{ expect: '*OK*o' }, { send: 'x' }, { expect: 'a*b*c*d' }],
    }),
  },
  {
    what: 'DNS by TCP',
    by: 'tcp',
    valid: dns.map((answer) =>
      Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]),
    ),
    probe: (port) => ({ ...askedFor, port, transport: 'tcp' }),
    fit: (answer, question) => {
      question.copy(answer, 2, 2, 4);
      return answer;
    },
  },
  { what: 'DNS by UDP', by: 'udp', valid: dns, probe: (port) => ({ ...askedFor, port }), fit: withId },
  {
    what: 'NTP',
    by: 'udp',
    valid: [ntp],
    probe: (port) => ({ kind: 'ntp', host, port, samples: 1 }),
    fit: (answer, question) => {
      question.copy(answer, 24, 40, 48);
      return answer;
    },
  },
  {
    what: 'UDP',
    by: 'udp',
    valid: lines,
    probe: (port) => ({ kind: 'udp', host, port, payload: 'x', expect: 'a*b' }),
  },
];

/** Assertions that look at all there is of a kind. */
const tests: Readonly<Partial<Record<Probe['kind'], readonly string[]>>> = {
  http: [
    '[BODY].a[0] == 1',
    'len([BODY]) > 1',
    '[HEADER].location == pat(*a*)',
    '[CERTIFICATE_EXPIRATION] > 1h',
  ],
  tcp: ['[BANNER] == pat(*OK*)', '[REPLY] != x'],
  udp: ['[REPLY] != x'],
  dns: ['[ANSWERS] == 192.0.2.1', '[TTL] > 1', '[FLAGS] == AA', 'len([ANSWERS]) < 2'],
  ntp: ['[OFFSET] < 10', '[STRATUM] < 5', '[LEAP] == none'],
};

/** Something that answers each question with what `next` gives. */
async function serve({ by, speaksFirst = false, fit = (answer) => answer }: Target, next: () => Buffer) {
  if (by === 'udp') {
    const socket = createSocket('udp4');
    socket.on('message', (question, from) => {
      const answer = fit(next(), question);
      // What is longer than a datagram may be cannot be sent.
      socket.send(answer.subarray(0, 60_000), from.port, from.address);
    });
    socket.bind(0, host);
    await once(socket, 'listening');
    return { port: socket.address().port, close: () => void socket.close() };
  }
  const server = createServer((socket) => {
    const answer = next();
    let isFirst = true;
    socket.on('error', () => {});
    if (speaksFirst) socket.write(answer);
    socket.on('data', (question) => {
      if (isFirst && !speaksFirst) socket.write(fit(answer, question));
      else if (!isFirst) socket.end();
      isFirst = false;
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  return { port: (server.address() as { port: number }).port, close: () => void server.close() };
}

describe('a probe whose target answers whatever it likes', () => {
  const thrown: unknown[] = [];
  const note = (error: unknown): void => void thrown.push(error);
  process.on('uncaughtExceptionMonitor', note);
  after(() => void process.off('uncaughtExceptionMonitor', note));

  for (const target of targets) {
    it(`has a result of its form, of ${target.what}`, async () => {
      const answers = fc.sample(answersLike(target.valid), { numRuns: runs, seed });
      let given = 0;
      const server = await serve(target, () => Buffer.from(answers[given++ % answers.length]));
      const probeOnce = async (i: number): Promise<void> => {
        const probe = probeSchema.parse(target.probe(server.port, i));
        const assertions = (tests[probe.kind] ?? []).map((test) => ({ test, severity: 'degraded' as const }));
        const round = makeRound({ probe, assertions, timeout_ms: timeoutMs, retries: 0 }, parts);
        const result = await round.run(new AbortController().signal);
        const parsed = probeResultSchema.safeParse(result);
        assert.ok(parsed.success, JSON.stringify({ result, problem: parsed.error?.issues }));
        assert.doesNotMatch(JSON.stringify(result), /me:secret|bWU6c2VjcmV0/);
      };
      try {
        for (let at = 0; at < runs; at += width) {
          await Promise.all(Array.from({ length: Math.min(width, runs - at) }, (_, i) => probeOnce(at + i)));
        }
      } finally {
        server.close();
      }
      assert.deepEqual(thrown, []);
      assert.ok(given > 0);
    });
  }
});
