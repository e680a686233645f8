/** `netmon probe` as a user or a script runs it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { probeResultSchema } from '../src/wire/probe.ts';
import { missing } from './support/needs.ts';

const program = join(import.meta.dirname, '..', 'bin', 'netmon');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function probe(...args: readonly string[]): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  execFile(program, ['probe', ...args], { timeout: 60_000 }, (error, stdout, stderr) =>
    resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
  );
  return promise;
}

/** A service that answers every datagram with `pong`. */
async function withService(use: (target: string) => Promise<void>): Promise<void> {
  const socket = createSocket('udp4', (_, from) => socket.send('pong', from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  try {
    await use(`127.0.0.1:${socket.address().port}`);
  } finally {
    socket.close();
  }
}

describe('netmon probe', () => {
  it('exits with 0 for a service that answers, with 3 for one that is degraded, with 1 for one that is down', async () => {
    await withService(async (target) => {
      const up = await probe('udp', target, '--payload', 'ping', '--expect', 'p*g');
      assert.deepEqual([up.code, up.stderr], [0, '']);
      assert.match(up.stdout, new RegExp(`^${target} is up at ${target}, [\\d.]+ ms in all\n`));
      assert.match(up.stdout, /^ {2}reply {2,}pong$/m);
      const slow = await probe('udp', target, '--payload', 'x', '--assert', 'degraded: [RESPONSE_TIME] < 0');
      assert.equal(slow.code, 3);
      assert.match(slow.stdout, /is degraded/);
      const other = await probe('udp', target, '--payload', 'x', '--expect', 'ping', '--json');
      assert.equal(other.code, 1);
      const { outcome, reason } = probeResultSchema.parse(JSON.parse(other.stdout));
      assert.deepEqual([outcome, reason?.code], ['down', 'UNEXPECTED_REPLY']);
    });
  });

  it('exits with 2 for what cannot be used, and says what could be', async () => {
    const flag = await probe('udp', '127.0.0.1:9', '--timeout', 'soon');
    assert.deepEqual([flag.code, flag.stdout], [2, '']);
    assert.match(flag.stderr, /^netmon: --timeout = "soon": expected a duration/);
    assert.equal((await probe('udp', 'no port')).code, 2);
    assert.equal((await probe('smoke', 'x')).code, 2);
    const assertion = await probe('udp', '127.0.0.1:9', '--assert', '[STATUS] == 200');
    assert.equal(assertion.code, 2);
    assert.match(assertion.stderr, /\[STATUS\]/);
  });

  it('sends echoes', { skip: missing('root') }, async () => {
    const { code, stdout } = await probe('icmp', '127.0.0.1', '--echoes', '3', '--gap', '5ms', '--json');
    assert.equal(code, 0);
    assert.equal(probeResultSchema.parse(JSON.parse(stdout)).echoes.length, 3);
  });
});
