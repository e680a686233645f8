import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { missing } from '../../../test/support/needs.ts';
import { until } from '../../../test/support/until.ts';
import { makeNtpProbe } from './ntp.ts';
import { makeOwnNetwork, names, ownIp, runProbe, shell } from './probes.fixture.ts';
import { SocketWatch } from './socket-watch.ts';

const skip = missing('root', 'namespaces', 'nft');
if (!skip) makeOwnNetwork();
const host = '127.0.0.1';
const ntp = makeNtpProbe(names, new SocketWatch());

interface Told {
  /** How far the server's clock is ahead, and how long the question and the answer are held up. */
  readonly aheadMs?: number;
  readonly leap?: number;
  readonly stratum?: number;
  readonly reference?: string;
  readonly spoil?: (reply: Buffer) => void;
}

/** A server of NTP in a few lines; each question is answered with what the next of these says, the last one again. */
async function serve(...told: readonly Told[]) {
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', (question, { port, address }) => {
    const {
      aheadMs = 0,
      leap = 0,
      stratum = 2,
      reference = '\xc0\0\x02\x01',
      spoil,
    } = told[Math.min(asked++, told.length - 1)];
    const now = performance.timeOrigin + performance.now() + aheadMs;
    const reply = Buffer.alloc(48);
    reply.set([(leap << 6) | 0x24, stratum, 6, 0xe9]);
    reply.writeUInt32BE(0x0800, 4);
    reply.writeUInt32BE(0x1000, 8);
    reply.write(reference, 12, 'latin1');
    question.copy(reply, 24, 40, 48);
    for (const at of [32, 40]) {
      reply.writeUInt32BE(Math.floor(now / 1000) + 2_208_988_800, at);
      reply.writeUInt32BE(Math.floor(((now % 1000) / 1000) * 2 ** 32), at + 4);
    }
    spoil?.(reply);
    socket.send(reply, port, address);
  });
  socket.bind(0, host);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    asked: () => asked,
    [Symbol.dispose]: () => void socket.close(),
  };
}

test('offset, delay and what the server says of itself', async () => {
  using server = await serve({ aheadMs: 60_000, leap: 1 });
  const run = await runProbe(ntp, { host, port: server.port, samples: 2 });
  assert.equal(run.failure, null);
  const { offset_ms, delay_ms, ...rest } = run.detail.ntp ?? assert.fail();
  assert.ok(Math.abs(offset_ms - 60_000) < 5000, `${offset_ms}`);
  assert.ok(delay_ms >= 0 && delay_ms < 10_000);
  assert.deepEqual(rest, {
    stratum: 2,
    root_delay_ms: 31.25,
    root_dispersion_ms: 62.5,
    leap: 'insert',
    reference: '192.0.2.1',
  });
  assert.equal(run.echoes.length, 2);
  assert.equal(run.facts.OFFSET, Math.abs(offset_ms));
  assert.equal(run.responseMs, Math.min(...run.echoes.map((time) => time ?? Number.NaN)));
});

test('a clock that is behind has a negative offset, which assertions see without its sign', async () => {
  using server = await serve({ aheadMs: -60_000 });
  const run = await runProbe(ntp, { host, port: server.port, samples: 1 });
  assert.ok((run.detail.ntp?.offset_ms ?? 0) < -50_000);
  assert.ok(Number(run.facts.OFFSET) > 50_000);
});

for (const [kiss, words] of [
  ['DENY', 'denies access'],
  ['RSTR', 'restricts access'],
  ['RATE', 'is asked too often'],
] as const)
  test(`the kiss of death ${kiss} fails the round and ends the questions`, async () => {
    using server = await serve({}, { stratum: 0, leap: 3, reference: kiss });
    const run = await runProbe(ntp, { host, port: server.port, samples: 4 });
    assert.deepEqual(run.failure, {
      code: 'KISS_OF_DEATH',
      message: `${host}:${server.port}: the server ${words} (kiss of death ${kiss})`,
      phase: 'processing',
    });
    assert.equal(server.asked(), 2);
  });

for (const [told, message] of [
  [{ stratum: 16 }, 'the server is of stratum 16'],
  [{ stratum: 3, leap: 3 }, 'the server says that its clock is not synchronised'],
  [{ stratum: 0, leap: 3, reference: 'INIT' }, 'the server has no time to give (INIT)'],
] as const)
  test(`no time is taken of a server of which this is true: ${message}`, async () => {
    using server = await serve(told);
    const run = await runProbe(ntp, { host, port: server.port, samples: 1 });
    assert.deepEqual(
      [run.failure?.code, run.failure?.message],
      ['UNSYNCHRONISED', `${host}:${server.port}: ${message}`],
    );
  });

test('an answer to another question is not looked at', async () => {
  using server = await serve({ spoil: (reply) => reply.writeUInt32BE(7, 24) });
  const run = await runProbe(ntp, { host, port: server.port, samples: 2 }, { timeoutMs: 400 });
  assert.deepEqual(run.failure, {
    code: 'TIMEOUT',
    message: `${host}:${server.port} does not answer within 400 ms`,
    phase: 'processing',
  });
});

test('a lost answer leaves the others their time', async () => {
  using server = await serve({ spoil: (reply) => reply.fill(0) }, {});
  const run = await runProbe(ntp, { host, port: server.port, samples: 3 }, { timeoutMs: 4500 });
  assert.equal(run.failure, null);
  assert.deepEqual(
    run.echoes.map((time) => time === null),
    [true, false, false],
  );
});

test('a port that nobody listens on is refused', async () => {
  const { port } = await serve({}).then((server) => {
    server[Symbol.dispose]();
    return server;
  });
  const run = await runProbe(ntp, { host, port });
  assert.equal(run.failure?.code, 'ECONNREFUSED');
});

/** chronyd that serves the clock of this machine, with these lines in its configuration, until it is disposed of. */
async function startChrony(lines: string): Promise<AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-chrony-'));
  const config = `allow all\n${lines}\nport 12345\ncmdport 0\nbindaddress ${ownIp[4]}\npidfile ${folder}/pid\nbindcmdaddress /\n`;
  writeFileSync(join(folder, 'conf'), config);
  const chronyd = spawn('chronyd', ['-x', '-d', '-u', 'root', '-f', join(folder, 'conf')], {
    stdio: 'ignore',
  });
  await until('chrony listens', () => shell('ss -lunH').includes(':12345') || undefined, {
    withinMs: 30_000,
  });
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(chronyd, 'exit');
      chronyd.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

const chrony = { host: ownIp[4], port: 12_345 } as const;
const skipChrony = skip || missing('chronyd');

test('chrony is in step with the clock that it serves', { skip: skipChrony }, async () => {
  await using _chronyd = await startChrony('local stratum 5\nallow all');
  const run = await runProbe(ntp, { ...chrony, samples: 4 }, { timeoutMs: 20_000 });
  assert.equal(run.failure, null);
  assert.equal(run.detail.ntp?.stratum, 5);
  assert.equal(run.detail.ntp.leap, 'none');
  assert.ok(Math.abs(run.detail.ntp.offset_ms) < 20, `${run.detail.ntp.offset_ms} ms`);
});

test('chrony that has no time of its own is not synchronised', { skip: skipChrony }, async () => {
  await using _chronyd = await startChrony('allow all');
  const run = await runProbe(ntp, { ...chrony, samples: 1 }, { timeoutMs: 20_000 });
  assert.deepEqual([run.failure?.code, run.failure?.phase], ['UNSYNCHRONISED', 'processing']);
  assert.equal(run.facts.CONNECTED, true);
});
