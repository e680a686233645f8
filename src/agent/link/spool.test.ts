import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type DurableRecord, durableRecordSchema } from '../../wire/link.ts';
import { ended } from '../../wire/reported.fixture.ts';
import { Spool } from './spool.ts';

const dir = mkdtempSync(join(tmpdir(), 'netmon-spool-'));
after(() => rmSync(dir, { recursive: true }));

function read(spool: Spool, from = spool.acknowledged + 1): Array<DurableRecord & { seq: number }> {
  const records: Array<DurableRecord & { seq: number }> = [];
  for (let next = from; ; ) {
    const batch = spool.read(next);
    if (!batch) return records;
    const parsed = JSON.parse(batch.text) as DurableRecord[];
    for (const [i, record] of parsed.entries()) {
      records.push({ ...durableRecordSchema.parse(record), seq: batch.first + i });
    }
    next = batch.last + 1;
  }
}

describe('Spool', () => {
  it('gives records back in order with consecutive numbers until they are acknowledged', () => {
    using spool = new Spool({ path: null });
    for (let port = 1; port <= 3; port++) spool.add(ended(port));
    assert.equal(spool.read(0), null, 'nothing is sent before it is on disk');
    spool.flush();
    assert.deepEqual(
      read(spool).map((record) => record.seq),
      [0, 1, 2],
    );
    assert.equal(spool.acknowledge(1), false, 'what was not sent cannot be acknowledged');
    spool.markSent(2);
    assert.equal(spool.acknowledge(1), true);
    spool.flush();
    assert.deepEqual(
      read(spool, 0).map((record) => record.seq),
      [2],
    );
    assert.equal(spool.size.records, 1);
  });

  it('survives the process, without the keys, which name nothing in the next one', () => {
    const path = join(dir, 'again.sqlite');
    let epoch: string;
    {
      using spool = new Spool({ path });
      epoch = spool.epoch;
      spool.add({ ...ended(1), key: 7 } as DurableRecord);
      spool.flush();
      assert.equal((read(spool)[0] as { key: number }).key, 7);
    }
    using spool = new Spool({ path });
    spool.add({ ...ended(2), key: 7 } as DurableRecord);
    spool.flush();
    assert.equal(spool.epoch, epoch, 'the numbers of an epoch are those of one process');
    assert.deepEqual(
      read(spool).map((record) => [record.seq, (record as { key: number | null }).key]),
      [[0, null]],
    );
    spool.markSent(0);
    assert.ok(spool.acknowledge(0));
    assert.notEqual(spool.epoch, epoch);
    assert.deepEqual(
      read(spool).map((record) => [record.seq, (record as { key: number | null }).key]),
      [[0, 7]],
    );
  });

  it('begins a new epoch with each opening, also when all records were acknowledged before', () => {
    const path = join(dir, 'numbers.sqlite');
    let epoch: string;
    {
      using spool = new Spool({ path });
      epoch = spool.epoch;
      spool.add(ended(1));
      spool.flush();
      spool.markSent(0);
      spool.acknowledge(0);
      spool.flush();
    }
    using spool = new Spool({ path });
    spool.add(ended(2));
    spool.flush();
    assert.notEqual(spool.epoch, epoch);
    assert.equal(read(spool)[0].seq, 0);
  });

  it('beyond its cap replaces the oldest unsent records by one gap that counts what they stood for', () => {
    using spool = new Spool({ path: null, maxRecords: 100 });
    let added = 0;
    const add = (count: number): void => {
      for (let i = 0; i < count; i++) spool.add(ended(++added % 60_000, { count: 1 + (added % 3) }));
      spool.flush();
    };
    let stoodFor = 0;
    for (let i = 1; i <= 1010; i++) stoodFor += 1 + (i % 3);
    add(10);
    spool.markSent(9);
    for (let i = 0; i < 10; i++) add(100);
    assert.ok(spool.size.records <= 100);
    const records = read(spool);
    assert.deepEqual(
      records.slice(0, 10).map((record) => record.seq),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      'sent records stay',
    );
    const gaps = records.filter((record) => record.kind === 'gap');
    assert.equal(gaps.length, 1);
    assert.equal(records.indexOf(gaps[0]), 10);
    let kept = 0;
    for (const record of records) if (record.kind === 'connection') kept += record.connection.count;
    assert.equal(kept + gaps[0].lost, stoodFor);
    assert.equal(spool.lost, gaps[0].lost);
    assert.deepEqual(gaps[0].lost_by, { connection: gaps[0].lost });
    assert.equal(records.at(-1)!.seq, records.length - 1, 'numbers have no holes');
  });

  it('gives up what is least important first, the oldest of it, and says how much of each kind', () => {
    using spool = new Spool({ path: null, maxRecords: 100 });
    const at = '2026-01-01T00:00:00.000Z';
    const probe = (i: number) =>
      ({ kind: 'probe', result: { monitor: `m${i}` } }) as unknown as DurableRecord;
    const sums = () => ({ kind: 'traffic', rollup: { at } }) as unknown as DurableRecord;
    const count = (): Record<string, number> => {
      const found: Record<string, number> = {};
      const records = JSON.parse(spool.read(0)!.text) as DurableRecord[];
      for (const record of records) {
        const kind =
          record.kind === 'connection' && record.connection.error !== null ? 'failure' : record.kind;
        found[kind] = (found[kind] ?? 0) + 1;
      }
      return found;
    };
    for (let i = 0; i < 20; i++) {
      spool.add(probe(i));
      spool.add(ended(i, { error: 'ECONNREFUSED', count: 2 }));
      spool.add(sums());
      spool.add(ended(i));
      spool.add(ended(100 + i));
    }
    spool.flush();
    for (let i = 0; i < 30; i++) spool.add(probe(20 + i));
    spool.flush();
    assert.deepEqual(count(), { probe: 50, failure: 20, traffic: 20, connection: 8, gap: 1 });
    assert.equal(spool.lost, 32);
    const [gap] = (JSON.parse(spool.read(0)!.text) as DurableRecord[]).filter(({ kind }) => kind === 'gap');
    assert.deepEqual(gap.kind === 'gap' && gap.lost_by, { connection: 32 });
    for (let i = 0; i < 60; i++) spool.add(probe(50 + i));
    spool.flush();
    const left = count();
    assert.deepEqual(
      [left.gap, left.connection, left.traffic],
      [1, undefined, undefined],
      'one gap tells of all',
    );
    const records = JSON.parse(spool.read(0)!.text) as DurableRecord[];
    const told = records.find((record) => record.kind === 'gap')!;
    const failures = 20 - (left.failure ?? 0);
    const rounds = 110 - left.probe;
    const lost_by = {
      connection: 40,
      traffic: 20,
      failure: failures * 2,
      ...(rounds > 0 && { probe: rounds }),
    };
    assert.deepEqual({ ...told, at }, { kind: 'gap', at, reason: told.reason, lost: spool.lost, lost_by });
  });

  it('takes no number for one that it does not know: where a server knows more, or less, another epoch begins', () => {
    using spool = new Spool({ path: null });
    for (let port = 0; port < 4; port++) spool.add(ended(port));
    spool.flush();
    spool.markSent(1);
    const { epoch } = spool;
    assert.equal(spool.agree(3), false, 'a copy of this machine has sent other records under these numbers');
    assert.notEqual(spool.epoch, epoch);
    assert.equal(spool.acknowledged, 1);
    assert.deepEqual(
      read(spool).map(({ seq }) => seq),
      [2, 3],
    );
    spool.markSent(3);
    assert.equal(spool.acknowledge(3), true);
    const second = spool.epoch;
    assert.equal(spool.agree(2), false, 'the server was set back');
    assert.notEqual(spool.epoch, second);
    assert.equal(spool.agree(-1), true, 'another server');
  });

  for (const deleted of [false, true]) {
    const of = deleted ? 'deleted' : 'in the file';
    it(`tells a server that was set back what it lost, while what it had acknowledged is ${of}`, () => {
      const path = join(dir, `set-back-${deleted}.sqlite`);
      using spool = new Spool({ path });
      for (let port = 0; port < 6; port++) spool.add(ended(port));
      spool.flush();
      spool.markSent(4);
      spool.acknowledge(3);
      if (deleted) spool.flush();
      assert.equal(spool.agree(1), false);
      assert.equal(spool.agree(-1), true);
      const told = read(spool).filter(({ seq }) => seq > spool.acknowledged);
      assert.deepEqual(
        told.map((record) => [record.seq, record.kind, record.kind === 'gap' && record.lost]),
        [
          [3, 'gap', 2],
          [4, 'connection', false],
          [5, 'connection', false],
        ],
      );
      spool.markSent(5);
      assert.equal(spool.acknowledge(5), true);
      spool.flush();
      assert.deepEqual([spool.size.records, spool.size.bytes], [0, 0]);
    });
  }

  it('keeps a cap in bytes', () => {
    using spool = new Spool({ path: null, maxBytes: 50_000 });
    for (let i = 0; i < 500; i++) spool.add(ended(i, { command_line: 'x'.repeat(1000) }));
    spool.flush();
    assert.ok(spool.size.bytes <= 50_000);
  });

  it('makes its file readable by its owner only', () => {
    const path = join(dir, 'mode.sqlite');
    using spool = new Spool({ path });
    spool.add(ended(1));
    spool.flush();
    for (const name of readdirSync(dir).filter((entry) => entry.startsWith('mode.'))) {
      assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600, name);
    }
  });

  it('sets an unreadable file aside and begins a new epoch', () => {
    const path = join(dir, 'bad.sqlite');
    writeFileSync(path, 'this is no database, and long enough to be looked at'.repeat(100));
    using spool = new Spool({ path });
    assert.match(spool.discarded ?? '', /bad\.sqlite\.bad: /);
    spool.add(ended(1));
    spool.flush();
    assert.deepEqual(
      read(spool).map(({ kind }) => kind),
      ['gap', 'connection'],
    );
  });
});
