// Clients that send requests without waiting for answers: what is not copied of them is counted.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findAccount } from '../../src/platform/account.ts';
import { enterOwnNetwork } from '../../src/sys/network.fixture.ts';
import type { HttpRecord } from '../../src/wire/traffic.ts';
import { missing } from '../support/needs.ts';
import { accepts, InspectedLoopback, type Server, startNginx } from '../support/servers.ts';
import { until } from '../support/until.ts';

const skip = missing('root', 'namespaces', 'bpf', 'nginx');
const account = skip ? null : findAccount('nobody');

describe('inspection of requests that are sent ahead', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-ahead-'));
  let server: Server;
  let loopback: InspectedLoopback;

  before(async () => {
    enterOwnNetwork();
    server = startNginx(folder, 'server { listen 80; location / { return 200 "ok"; } }');
    await until('port 80', () => accepts(80));
    loopback = new InspectedLoopback(account);
    await loopback.start();
  });
  after(async () => {
    await loopback?.[Symbol.asyncDispose]();
    server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const lost = (): number => loopback.inspection.losses().http_requests_not_inspected ?? 0;

  /** Sends the requests in writes of so many; what was told of them, and what was counted as lost. */
  const ask = async (
    requests: readonly string[],
    together: number,
  ): Promise<{ seen: HttpRecord[]; missed: number }> => {
    const first = loopback.records.length;
    const before = lost();
    await send(requests, together);
    await loopback.settle();
    const seen = loopback.since(first, 'http').filter(({ method }) => method !== null);
    return { seen, missed: lost() - before };
  };

  for (const [together, count] of [
    [16, 480],
    [100, 500],
    [200, 1000],
  ])
    it(`sees all of them, ${together} in a packet`, async () => {
      const { seen, missed } = await ask(makeRequests(count), together);
      assert.deepEqual([seen.length, missed], [count, 0]);
      assert.equal(new Set(seen.map(({ path }) => path)).size, count);
      assert.equal(seen.filter(({ status }) => status === 200).length, count);
    });

  it('counts what it does not see of packets as long as they get', async (context) => {
    const count = 6000;
    const { seen, missed } = await ask(makeRequests(count), count);
    context.diagnostic(`${seen.length} of ${count} seen, ${missed} lost`);
    assert.equal(seen.length + missed, count);
    assert.ok(seen.length > 500);
  });

  it('sees a request with a body among them, and does not take the body for requests', async () => {
    const form = 'GET /in-a-form HTTP/1.1\r\n\r\n'.repeat(200);
    const post = `POST /form HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${form.length}\r\n\r\n${form}`;
    const { seen, missed } = await ask([...makeRequests(3), post, ...makeRequests(2)], 1);
    assert.deepEqual([seen.length, missed], [6, 0]);
    assert.equal(seen.find(({ method }) => method === 'POST')?.request_bytes, form.length);
  });
});

const makeRequests = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\n\r\n`);

/** Sends requests over one connection and waits for as many answers. */
async function send(requests: readonly string[], together: number): Promise<void> {
  const socket = connect(80, '127.0.0.1').setNoDelay();
  let answers = 0;
  let rest = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    const parts = (rest + text).split('HTTP/1.1 200 OK');
    answers += parts.length - 1;
    rest = parts.at(-1)!.slice(-14);
  });
  for (let at = 0; at < requests.length; at += together) {
    socket.write(requests.slice(at, at + together).join(''));
    await until('the answers', () => answers >= Math.min(requests.length, at + together) || undefined, {
      everyMs: 1,
    });
  }
  socket.destroy();
}
