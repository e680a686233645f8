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
import { until } from '../support/until.ts';
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
    const told = await running.store.readGaps('box', 5);
    assert.deepEqual(
      told.map((gap) => [gap.lost, gap.lost_by]),
      [[lost, { connection: lost }]],
    );
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

describe('an agent that was started several times without a server', () => {
  it('sends what each run left, in order and once, over one link', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'netmon-runs-'));
    const port = await freePort();
    const hello = { agent: 'box', version: '0.1.0', kernel: '', os: '' };
    const spool = { path: join(dir, 'spool.sqlite') };
    const server = `http://127.0.0.1:${port}`;
    let link: AgentLink;
    for (let run = 0; ; run++) {
      link = new AgentLink({ server, hello, spool }, new NumberSource(), reporter);
      link.start();
      for (let i = 0; i < 5; i++) link.record(ended(1, { process_id: 5 * run + i }));
      if (run === 3) break;
      await link.stop();
    }
    let links = 0;
    const counting = makeReporter({
      format: 'json',
      write: (line) => {
        if (line.includes('an agent is linked')) links++;
      },
    });
    const running = await startLinkServer(join(dir, 'db.sqlite'), counting, port);
    await until('all records', () => link.status().spooled_records === 0 || undefined, { withinMs: 60_000 });
    await link.stop();
    await running.stop();
    const database = new DatabaseSync(join(dir, 'db.sqlite'));
    const rows = database.prepare('SELECT process_id FROM connections ORDER BY id').all();
    const gaps = database.prepare('SELECT count(*) AS n FROM gaps').get()!;
    const epochs = database.prepare('SELECT count(*) AS n FROM epochs').get()!;
    database.close();
    assert.deepEqual(
      rows.map(({ process_id }) => process_id),
      Array.from({ length: 20 }, (_, i) => i),
    );
    assert.deepEqual([gaps.n, epochs.n, links], [0, 4, 1]);
    rmSync(dir, { recursive: true });
  });
});

describe('an agent that cannot write its spool', () => {
  it('says so among its sensors for as long, keeps what comes, and sends it afterwards', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'netmon-busy-'));
    const path = join(dir, 'spool.sqlite');
    const other = new DatabaseSync(path);
    other.exec('PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE taken (a); BEGIN EXCLUSIVE');
    const running = await startLinkServer(join(dir, 'db.sqlite'), reporter);
    const hello = { agent: 'box', version: '0.1.0', kernel: '', os: '' };
    const source = new NumberSource();
    const link = new AgentLink({ server: running.url, hello, spool: { path } }, source, reporter);
    link.start();
    link.record(ended(1));
    const reason = (): string | null | undefined => {
      source.read();
      return running.mirror.agents()[0]?.sensors.find(({ name }) => name === 'spool')?.reason;
    };
    const limits = { withinMs: 60_000 };
    await until('the sensor', () => reason() || undefined, limits);
    assert.equal(reason(), 'the spool cannot be written: another process is writing to it');
    assert.equal(link.status().spool_problem, 'another process is writing to it');
    other.exec('ROLLBACK; DROP TABLE taken');
    other.close();
    await until('the record', () => running.store.stats().rows === 1 || undefined, limits);
    await until('the end of it', () => reason() === undefined || undefined, limits);
    await link.stop();
    await running.stop();
    rmSync(dir, { recursive: true });
  });
});

describe('an agent whose sensors report nonsense', () => {
  it('leaves it out, counts it, and goes on with everything else', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'netmon-nonsense-'));
    const running = await startLinkServer(join(dir, 'db.sqlite'), reporter);
    const hello = { agent: 'box', version: '0.1.0', kernel: '', os: '' };
    const source = new NumberSource();
    source.add(1);
    source.add(2, { bytes_sent: Number.NaN });
    source.add(3, { process_name: 'x'.repeat(65) });
    const link = new AgentLink({ server: running.url, hello, spool: { path: null } }, source, reporter);
    link.start();
    link.record(ended(1));
    link.record(ended(2, { error: 'not an errno', count: 5 }));
    link.record(ended(3));
    const deadline = Date.now() + 60_000;
    while (running.store.stats().rows < 2 || running.mirror.stats().active_connections < 1) {
      assert.ok(Date.now() < deadline, 'the rest did not arrive');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(running.mirror.stats().active_connections, 1);
    assert.equal(running.mirror.lost().spooled_records, 5);
    await link.stop();
    await running.stop();
    rmSync(dir, { recursive: true });
  });
});
