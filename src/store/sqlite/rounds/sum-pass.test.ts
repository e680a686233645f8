import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { makeMonitor, makeRound } from '../../monitors-contract.ts';
import { insertBatch } from '../insert.ts';
import { openDatabase } from '../open.ts';
import { Session } from '../session.ts';
import { readHistory } from './history.ts';
import { saveMonitors } from './monitors.ts';
import { sumRounds } from './sum-pass.ts';

const now = Date.parse('2026-01-01T02:00:00.000Z');
const describeMonitor = () => ({ quorum: 1, intervalMs: 60_000 });

function makeSession(t: TestContext): Session {
  const folder = mkdtempSync(join(tmpdir(), 'netmon-sums-'));
  const path = join(folder, 'netmon.db');
  const session = new Session(openDatabase(path, 1e9), path);
  t.after(() => {
    session.close();
    rmSync(folder, { recursive: true });
  });
  saveMonitors(
    session,
    Array.from({ length: 100 }, (_, i) => makeMonitor(`m${i}`)),
  );
  const records = Array.from({ length: 2000 }, (_, i) => ({
    kind: 'probe' as const,
    result: makeRound(`m${i % 100}`, 6500 + Math.floor(i / 100), { echoes: [i % 7] }),
  }));
  for (let first = 0; first < records.length; first += 1000) {
    const batch = { agent: 'a', epoch: 'e', first, records: records.slice(first, first + 1000) };
    session.transaction(() => insertBatch(session, batch, now));
  }
  return session;
}

const read = (session: Session): unknown[] =>
  session.all('SELECT * FROM round_sums ORDER BY length, monitor, at, agent');
const history = (session: Session, id: string, back: number): number =>
  [
    ...(readHistory(session, { monitor: id, since: now - back, until: now }, now).agents.get('a') ?? []),
  ].reduce((sum, { rounds }) => sum + rounds, 0);

describe('a pass that adds rounds up', () => {
  it('comes to the same however often it is cut off, and history is whole at every moment', async (t) => {
    const whole = makeSession(t);
    await sumRounds(
      whole,
      describeMonitor,
      () => now,
      async () => {},
    );
    const broken = makeSession(t);
    let cuts = 0;
    for (let after = 1; ; after += 3) {
      let steps = 0;
      const pause = async (): Promise<void> => {
        if (++steps > after) throw new Error('cut off');
      };
      const done = await sumRounds(broken, describeMonitor, () => now, pause).then(
        () => true,
        () => false,
      );
      for (const id of ['m0', 'm1', 'm50', 'm99'])
        assert.equal(history(broken, id, 3_600_000), 20, `cut ${cuts}`);
      if (done) break;
      cuts++;
    }
    assert.ok(cuts > 5);
    assert.deepEqual(read(broken), read(whole));
    assert.deepEqual(
      broken.all('SELECT * FROM uptime ORDER BY 1, 2, 3'),
      whole.all('SELECT * FROM uptime ORDER BY 1, 2, 3'),
    );
    assert.deepEqual(
      await sumRounds(
        broken,
        describeMonitor,
        () => now,
        async () => {},
      ),
      [],
    );
  });

  it('leaves out what lies in the future', async (t) => {
    const session = makeSession(t);
    const result = makeRound('m0', 0, { at: '9999-12-31T23:59:59.000Z' });
    const batch = { agent: 'b', epoch: 'e', first: 0, records: [{ kind: 'probe' as const, result }] };
    session.transaction(() => insertBatch(session, batch, now));
    await sumRounds(
      session,
      describeMonitor,
      () => now,
      async () => {},
    );
    const [latest] = session.get('SELECT max(at) FROM round_sums') ?? [];
    assert.ok(Number(latest) < now);
  });

  it('leaves out what was removed meanwhile', async (t) => {
    const session = makeSession(t);
    let steps = 0;
    await sumRounds(
      session,
      describeMonitor,
      () => now,
      async () => {
        if (++steps === 6) session.run("DELETE FROM monitors WHERE id = 'm90'");
      },
    );
    const orphans = session.all('SELECT * FROM round_sums WHERE monitor NOT IN (SELECT key FROM monitors)');
    assert.deepEqual(orphans, []);
  });
});
