import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReportedConnection } from '../../wire/connection.ts';
import { Fold, type FoldOptions } from './fold.ts';
import { makeRow } from './row.fixture.ts';

const options: FoldOptions = { burstRows: 10, rowsPerSecond: 1, windowMs: 1000, maxOpen: 3 };

function makeFold(changes: Partial<FoldOptions> = {}) {
  const rows: { row: ReportedConnection; key: number | null }[] = [];
  const fold = new Fold({ ...options, ...changes }, (row, key) => rows.push({ row, key }));
  const add = (
    row: Partial<ReportedConnection>,
    nowMs: number,
    key: number | null = null,
    passive = false,
  ): void => fold.add({ row: makeRow(row), key, passive }, nowMs);
  return { fold, rows, add };
}

describe('fold', () => {
  it('lets connections through one by one while the budget lasts', () => {
    const { rows, add } = makeFold();
    for (let i = 0; i < 10; i++) add({}, 0, i);
    assert.deepEqual(
      rows.map(({ key }) => key),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  });

  it('folds like connections past the budget, with exact totals, until the window is over', () => {
    const { fold, rows, add } = makeFold();
    for (let i = 0; i < 1010; i++) add({ bytes_sent: 3, bytes_received: 5, process_id: 100 + i }, 0);
    assert.equal(rows.length, 10);
    fold.flush(999);
    assert.equal(rows.length, 10);
    fold.flush(1000);
    assert.equal(rows.length, 11);
    const { row } = rows[10];
    assert.equal(row.count, 1000);
    assert.equal(row.bytes_sent, 3000);
    assert.equal(row.bytes_received, 5000);
    assert.equal(row.process_id, null);
    assert.match(row.owner_unknown_reason ?? '', /several processes/);
    assert.equal(row.process_name, 'client');
  });

  it('regains rows with time', () => {
    const { rows, add } = makeFold();
    for (let i = 0; i < 20; i++) add({}, 0);
    for (let i = 0; i < 20; i++) add({}, 5000);
    assert.equal(rows.length, 15);
  });

  it('gathers the failures of one process to one destination within the window into one row, budget or not', () => {
    const { fold, rows, add } = makeFold();
    for (let i = 0; i < 5; i++) add({ error: 'ECONNREFUSED', local_addr: `10.0.0.1:${4000 + i}` }, i * 10, i);
    add({ error: 'ECONNREFUSED', process_id: 2 }, 60, 77);
    add({ error: 'ETIMEDOUT' }, 60, 78);
    fold.flush(2000);
    assert.deepEqual(
      rows.map(({ row, key }) => [row.process_id, row.error, row.count, key]),
      [
        [1, 'ECONNREFUSED', 5, null],
        [2, 'ECONNREFUSED', 1, 77],
        [1, 'ETIMEDOUT', 1, 78],
      ],
    );
  });

  it('tells apart services, not the ports that change with each connection', () => {
    const { fold, rows, add } = makeFold({ burstRows: 0 });
    add({ local_addr: '10.0.0.1:80', remote_addr: '10.0.0.2:1000' }, 0, null, true);
    add({ local_addr: '10.0.0.1:80', remote_addr: '10.0.0.2:1001' }, 0, null, true);
    add({ local_addr: '10.0.0.1:81', remote_addr: '10.0.0.2:1002' }, 0, null, true);
    fold.flush(1000);
    assert.deepEqual(
      rows.map(({ row }) => [row.local_addr, row.count]),
      [
        ['10.0.0.1:80', 2],
        ['10.0.0.1:81', 1],
      ],
    );
  });

  it('gives up the destination, not the count, when more kinds come than it gathers', () => {
    const { fold, rows, add } = makeFold({ burstRows: 0 });
    for (let i = 0; i < 100; i++) add({ remote_addr: `10.0.${i}.1:80`, bytes_sent: 1 }, 0);
    fold.flush(Number.POSITIVE_INFINITY);
    assert.equal(rows.length, 4);
    assert.equal(rows[3].row.remote_addr, '0.0.0.0:0');
    assert.equal(rows[3].row.count, 97);
    assert.equal(
      rows.reduce((sum, { row }) => sum + (row.bytes_sent ?? 0), 0),
      100,
    );
  });
});
