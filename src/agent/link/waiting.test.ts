import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DurableRecord } from '../../wire/link.ts';
import { ended } from '../../wire/reported.fixture.ts';
import type { LossTally } from './loss-tally.ts';
import { Waiting } from './waiting.ts';

describe('Waiting', () => {
  it('gives up what is least important beyond its cap, and has one gap before the rest tell of it', () => {
    const waiting = new Waiting();
    const told: LossTally[] = [];
    const add = (record: DurableRecord): void => waiting.add(record, (lost) => told.push(lost));
    for (let i = 0; i < 30_000; i++) add(ended(1, { count: 2, error: i % 3 === 0 ? 'ECONNREFUSED' : null }));
    assert.ok(waiting.length <= 20_001);
    let left = 30_000;
    let gaps = 0;
    while (waiting.length > 0) {
      const { rows, taken } = waiting.take(1_000, (lost) => JSON.stringify(lost.by));
      gaps += rows.length - taken;
      if (gaps === 1 && rows.length > taken) {
        assert.equal(rows[0].kind, 'gap');
        assert.deepEqual(JSON.parse(rows[0].body), { connection: 2 * (30_000 - waiting.length + 1) });
      }
      left -= taken;
      waiting.remove(taken);
    }
    assert.equal(gaps, 1);
    const lost = told.reduce((sum, each) => sum + each.lost, 0);
    assert.equal(lost, 2 * left);
    assert.equal(waiting.bytes, 0);
  });

  it('keeps a cap in bytes', () => {
    const waiting = new Waiting();
    const record = ended(1, { command_line: 'x'.repeat(4_000) });
    for (let i = 0; i < 12_000; i++) waiting.add(record, () => {});
    assert.ok(waiting.bytes <= 32 * 1024 * 1024);
    assert.ok(waiting.length > 5_000);
  });
});
