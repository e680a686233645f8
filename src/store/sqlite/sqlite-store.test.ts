import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { NetmonError } from '../../base/errors.ts';
import { describeAgentStore } from '../agents-contract.ts';
import { describeStore, makeQuery, makeReported, type StoreUnderTest } from '../contract.ts';
import { describeIdentityStore } from '../identities-contract.ts';
import { describeMonitorStore, makeMonitor, makeRound } from '../monitors-contract.ts';
import { describeTrafficStore, trafficNow } from '../traffic-contract.ts';
import { openSqliteStore, smallestMaxBytes } from './sqlite-store.ts';

function makeFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-store-'));
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

const openTested = (now?: () => number) => async (): Promise<StoreUnderTest> => {
  const { folder, remove } = makeFolder();
  const path = join(folder, 'data', 'netmon.db');
  let store = openSqliteStore({ path, now });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = openSqliteStore({ path, now });
      return store;
    },
    dispose: async () => {
      await store.close();
      remove();
    },
  };
};

describeStore('sqlite', openTested());
describeMonitorStore('sqlite', openTested());
describeAgentStore('sqlite', openTested());
describeIdentityStore('sqlite', openTested());
describeTrafficStore(
  'sqlite',
  openTested(() => trafficNow),
);

describe('sqlite file', () => {
  it('has the public columns first, word for word', async (t) => {
    const { folder, remove } = makeFolder();
    t.after(remove);
    const path = join(folder, 'netmon.db');
    await openSqliteStore({ path }).close();
    using db = new DatabaseSync(path);
    const row = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'connections'").get();
    const expected =
      'CREATE TABLE connections (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp DATETIME NOT NULL, process_id ' +
      'INTEGER, process_name TEXT, process_path TEXT, local_addr TEXT NOT NULL, remote_addr TEXT NOT NULL, ' +
      'error TEXT, protocol TEXT, state TEXT, ';
    const sql = String(row?.sql).replace(/\s+/g, ' ').replace('( ', '(');
    assert.equal(sql.slice(0, expected.length), expected);
  });

  it('forgets names of agents of which no round is left, once there are many', async (t) => {
    const { folder, remove } = makeFolder();
    t.after(remove);
    const path = join(folder, 'netmon.db');
    const store = openSqliteStore({ path });
    const now = Date.now();
    await store.saveMonitors([makeMonitor('m')]);
    for (const [agent, days] of [
      ['summed', 20],
      ['kept', 0],
    ] as const) {
      const result = makeRound('m', 0, { at: new Date(now - days * 86_400_000).toISOString() });
      await store.insertReported({ agent, epoch: 'e', first: 0, records: [{ kind: 'probe', result }] });
      if (agent === 'summed') await store.sumRounds(() => ({ quorum: 1, intervalMs: 60_000 }));
    }
    using db = new DatabaseSync(path);
    const count = (): unknown => db.prepare('SELECT count(*) AS n FROM round_agents').get()?.n;
    await store.retain(now);
    assert.equal(count(), 2);
    db.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
      INSERT INTO round_agents (agent) SELECT 'x' || i FROM n`);
    await store.retain(now);
    assert.equal(count(), 2);
    const history = await store.readHistory({
      monitor: 'm',
      since: now - 40 * 86_400_000,
      until: now + 1000,
    });
    assert.deepEqual([...history.agents.keys()].sort(), ['kept', 'summed']);
    await store.close();
  });

  it('is readable by its owner only, also when it was laxer before, and its journal with it', async (t) => {
    const { folder, remove } = makeFolder();
    t.after(remove);
    const path = join(folder, 'new', 'netmon.db');
    await openSqliteStore({ path }).close();
    chmodSync(path, 0o644);
    const store = openSqliteStore({ path });
    await store.reserveIds(1);
    const mode = (name: string): string => (statSync(name).mode & 0o777).toString(8);
    assert.equal(mode(join(folder, 'new')), '700');
    assert.equal(mode(path), '600');
    assert.equal(mode(`${path}-wal`), '600');
    await store.close();
    assert.equal(existsSync(`${path}-wal`), false);
  });

  it('is written through to the disk at each commit', async (t) => {
    const { folder, remove } = makeFolder();
    t.after(remove);
    const path = join(folder, 'netmon.db');
    const store = openSqliteStore({ path });
    await store.insertReported({
      agent: 'a',
      epoch: 'e',
      first: 0,
      records: [{ kind: 'connection', connection: makeReported(0) }],
    });
    using other = new DatabaseSync(path, { readOnly: true });
    assert.equal(other.prepare('SELECT count(*) AS n FROM connections').get()?.n, 1);
    assert.equal(other.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal');
    await store.close();
  });

  const unusable: ReadonlyArray<readonly [string, (path: string) => void, RegExp]> = [
    ['is no database', (path) => writeFileSync(path, 'x'.repeat(8192)), /not a database.*--db/],
    ['is a symbolic link', (path) => symlinkSync('/etc/passwd', path), /symbolic link/],
    [
      'is of a newer schema',
      (path) => {
        using db = new DatabaseSync(path);
        db.exec(
          "CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied_at DATETIME NOT NULL); INSERT INTO migrations VALUES (99, '')",
        );
      },
      /newer netmon \(schema 99/,
    ],
    [
      'is damaged',
      (path) => {
        using db = new DatabaseSync(path);
        db.exec('CREATE TABLE a (b); CREATE TABLE c (d)');
        db.close();
        writeFileSync(path, Buffer.alloc(4000, 0x5a), { flag: 'r+' });
      },
      /not a database|damaged/,
    ],
  ];
  for (const [what, spoil, expected] of unusable) {
    it(`says what to do when it ${what}`, (t) => {
      const { folder, remove } = makeFolder();
      t.after(remove);
      const path = join(folder, 'netmon.db');
      spoil(path);
      assert.throws(
        () => openSqliteStore({ path }),
        (thrown) =>
          thrown instanceof NetmonError && thrown.code === 'NM_STORE' && expected.test(thrown.message),
      );
    });
  }

  it('stays within its size limit while rows flood in, and keeps the newest', async (t) => {
    const { folder, remove } = makeFolder();
    t.after(remove);
    const maxBytes = smallestMaxBytes;
    const store = openSqliteStore({ path: join(folder, 'netmon.db'), maxBytes });
    let largest = 0;
    for (let i = 0; i < 100; i++) {
      const records = Array.from({ length: 500 }, (_, j) => ({
        kind: 'connection' as const,
        connection: makeReported(i, { process_id: j, command_line: 'x'.repeat(300) }),
      }));
      await store.insertReported({ agent: 'a', epoch: 'e', first: i * 500, records });
      largest = Math.max(largest, store.stats().bytes);
    }
    assert.ok(largest <= maxBytes, `grew to ${largest}`);
    await store.retain(Date.parse('2026-01-01T00:00:00Z'));
    const { rows, expired, bytes } = store.stats();
    assert.equal(rows + expired, 50_000);
    assert.ok(bytes <= maxBytes);
    const page = await store.queryConnections(makeQuery({}, { limit: 1 }));
    assert.equal(page.connections[0].timestamp, makeReported(99).timestamp);
    await store.close();
  });

  it('stays within its size limit while rounds of monitors flood in, and keeps the newest', async (t) => {
    const { folder, remove } = makeFolder();
    t.after(remove);
    const maxBytes = smallestMaxBytes;
    const store = openSqliteStore({ path: join(folder, 'netmon.db'), maxBytes });
    await store.saveMonitors([makeMonitor('m')]);
    let largest = 0;
    for (let i = 0; i < 100; i++) {
      const records = Array.from({ length: 500 }, (_, j) => ({
        kind: 'probe' as const,
        result: makeRound('m', i * 500 + j, { detail: { banner: 'x'.repeat(400) } }),
      }));
      await store.insertReported({ agent: 'a', epoch: 'e', first: i * 500, records });
      largest = Math.max(largest, store.stats().bytes);
    }
    assert.ok(largest <= maxBytes, `grew to ${largest}`);
    await store.retain(Date.parse('2026-01-01T14:00:00Z'));
    assert.ok(store.stats().bytes <= maxBytes);
    const [newest] = await store.queryRounds({ monitor: 'm', limit: 1 });
    assert.deepEqual(newest.result.at, makeRound('m', 49_999).at);
    assert.ok((await store.queryRounds({ monitor: 'm', limit: 5000 })).length > 1000);
    await store.close();
  });

  it('keeps what an agent has committed, however many epochs another one begins', async (t) => {
    const { folder, remove } = makeFolder();
    t.after(remove);
    const store = openSqliteStore({ path: join(folder, 'netmon.db') });
    const gap = { kind: 'gap' as const, at: '2026-01-01T00:00:00.000Z', reason: '', lost: 1 };
    await store.insertReported({ agent: 'good', epoch: 'e', first: 0, records: [gap] });
    for (let i = 0; i < 110; i++) {
      await store.insertReported({ agent: 'evil', epoch: `e${i}`, first: 0, records: [gap] });
    }
    await store.retain(Date.parse('2026-01-01T00:00:00Z'));
    assert.equal(await store.committedSeq('good', 'e'), 0);
    const epochs = Array.from({ length: 110 }, (_, i) => store.committedSeq('evil', `e${i}`));
    assert.equal((await Promise.all(epochs)).filter((seq) => seq === 0).length, 100);
    await store.close();
  });

  it('shrinks when the limit was lowered', async (t) => {
    const { folder, remove } = makeFolder();
    t.after(remove);
    const path = join(folder, 'netmon.db');
    const large = openSqliteStore({ path });
    const records = Array.from({ length: 20_000 }, (_, i) => ({
      kind: 'connection' as const,
      connection: makeReported(i, { command_line: 'x'.repeat(1000) }),
    }));
    await large.insertReported({ agent: 'a', epoch: 'e', first: 0, records });
    await large.close();
    const store = openSqliteStore({ path, maxBytes: smallestMaxBytes });
    await store.retain(Date.parse('2026-01-01T00:00:00Z'));
    assert.ok(store.stats().bytes <= smallestMaxBytes, `${store.stats().bytes}`);
    assert.ok(store.stats().rows > 1000);
    await store.close();
  });
});
