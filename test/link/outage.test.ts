import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { AgentLink } from '../../src/agent/link/link.ts';
import { makeReporter } from '../../src/platform/reporter.ts';
import { ended } from '../../src/wire/reported.fixture.ts';
import { startLinkServer } from './server.ts';
import { NumberSource } from './source.ts';

const reporter = makeReporter({ write: () => {} });

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('an agent without a server', () => {
  it('keeps records up to its cap and counts exactly what it had to give up', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'netmon-outage-'));
    const port = await freePort();
    const hello = { agent: 'box', version: '0.1.0', kernel: '', os: '' };
    const spool = { path: join(dir, 'spool.sqlite'), maxRecords: 1500 };
    const server = `http://127.0.0.1:${port}`;
    const link = new AgentLink({ server, hello, spool }, new NumberSource(), reporter);
    link.start();
    let stoodFor = 0;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 1000; i++) {
        const count = 1 + (i % 4);
        stoodFor += count;
        link.record(ended(i, { count }));
      }
      while (link.status().unwritten_records > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(link.status().spooled_records <= 1500);
    const running = await startLinkServer(join(dir, 'db.sqlite'), reporter, port);
    while (link.status().spooled_records > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const lost = running.mirror.lost().spooled_records;
    await link.stop();
    await running.stop();
    const database = new DatabaseSync(join(dir, 'db.sqlite'));
    const rows = database.prepare('SELECT sum(count) AS n FROM connections').get()!;
    const gaps = database.prepare('SELECT count(*) AS n, sum(lost) AS lost FROM gaps').get()!;
    database.close();
    assert.equal(gaps.n, 1);
    assert.equal(gaps.lost, lost);
    assert.equal(Number(rows.n) + Number(gaps.lost), stoodFor);
    rmSync(dir, { recursive: true });
  });
});
