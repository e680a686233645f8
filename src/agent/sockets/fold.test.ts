import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReportedConnection } from '../../wire/connection.ts';
import { reported } from '../../wire/reported.fixture.ts';
import { Fold, type FoldKind, type FoldOptions } from './fold.ts';

interface Item {
  readonly process?: string;
  readonly outcome?: string;
  readonly failure?: boolean;
  readonly key?: number;
}

const kind: FoldKind<Item> = {
  isFailure: ({ failure = false }) => failure,
  nameProcess: ({ process = 'p1' }) => process,
  nameProgram: () => 'program',
  nameOutcome: ({ outcome = 'ok' }, coarse) => (coarse ? 'any' : outcome),
  describe: ({ process = 'p1', outcome = 'ok' }, coarse) =>
    reported({ process_name: process, user: coarse ? 'any' : outcome }),
  add: (row) => {
    row.count++;
  },
  endOf: ({ key = 0 }) => 1_000 + key,
  end: (row, endedAt) => {
    row.duration_ms = endedAt;
  },
  keyOf: ({ key = null }) => key,
};

function makeFold(changes: Partial<FoldOptions> = {}) {
  const rows: { row: ReportedConnection; key: number | null }[] = [];
  const options = { burstRows: 10, rowsPerSecond: 1, windowMs: 1000, maxOpen: 3, ...changes };
  const fold = new Fold(options, kind, (row, key) => rows.push({ row, key }));
  const show = () => rows.map(({ row, key }) => [row.process_name, row.user, row.count, key]);
  return { fold, rows, show };
}

describe('fold', () => {
  it('lets connections through one by one while the budget lasts', () => {
    const { fold, rows } = makeFold();
    for (let key = 0; key < 10; key++) fold.add({ key }, 0);
    assert.deepEqual(
      rows.map(({ key }) => key),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  });

  it('folds like connections of a program past the budget until the window is over', () => {
    const { fold, rows } = makeFold();
    for (let i = 0; i < 1010; i++) fold.add({ process: `p${i}` }, 0);
    assert.equal(rows.length, 10);
    fold.flush(999);
    assert.equal(rows.length, 10);
    fold.flush(1000);
    assert.equal(rows.length, 11);
    assert.equal(rows[10].row.count, 1000);
  });

  it('regains rows with time', () => {
    const { fold, rows } = makeFold();
    for (let i = 0; i < 20; i++) fold.add({}, 0);
    for (let i = 0; i < 20; i++) fold.add({}, 5000);
    assert.equal(rows.length, 15);
  });

  it('tells of the first failure of a kind at once, and of those that follow in one row a window', () => {
    const { fold, rows, show } = makeFold();
    const failure = true;
    const fail = (key: number, nowMs: number): void =>
      void fold.add({ failure, outcome: 'ECONNREFUSED', key }, nowMs);
    for (let key = 0; key < 5; key++) fail(key, key * 10);
    fold.add({ failure, outcome: 'ECONNREFUSED', process: 'p2', key: 77 }, 60);
    fold.add({ failure, outcome: 'ETIMEDOUT', key: 78 }, 60);
    const first = [
      ['p1', 'ECONNREFUSED', 1, 0],
      ['p2', 'ECONNREFUSED', 1, 77],
      ['p1', 'ETIMEDOUT', 1, 78],
    ];
    assert.deepEqual(show(), first);
    fold.flush(1000);
    fail(5, 1500);
    fail(6, 1600);
    fold.flush(2000);
    fold.flush(2900);
    const followed = [
      ['p1', 'ECONNREFUSED', 4, null],
      ['p1', 'ECONNREFUSED', 2, null],
    ];
    assert.deepEqual(show(), [...first, ...followed]);
    assert.deepEqual(
      rows.slice(3).map(({ row }) => row.duration_ms),
      [1004, 1006],
    );
    fold.flush(3100);
    fail(7, 3200);
    assert.deepEqual(show().at(-1), ['p1', 'ECONNREFUSED', 1, 7]);
    fail(8, 3300);
    fold.flush(Number.POSITIVE_INFINITY);
    assert.deepEqual(show().at(-1), ['p1', 'ECONNREFUSED', 1, 8]);
    assert.equal(rows.length, 7);
  });

  it('folds failures past the budget without a row for the first', () => {
    const { fold, show } = makeFold({ burstRows: 1, rowsPerSecond: 0 });
    for (let key = 0; key < 3; key++) fold.add({ failure: true, outcome: `to ${key % 2}`, key }, 0);
    fold.add({ failure: true, outcome: 'to 1' }, 10);
    fold.flush(1000);
    assert.deepEqual(show(), [
      ['p1', 'to 0', 1, 0],
      ['p1', 'to 1', 2, null],
      ['p1', 'to 0', 1, 2],
    ]);
  });

  it('gives up the destination, not the count, when more kinds come than it gathers', () => {
    const { fold, show } = makeFold({ burstRows: 0 });
    for (let i = 0; i < 100; i++) fold.add({ outcome: `to ${i}` }, 0);
    fold.flush(Number.POSITIVE_INFINITY);
    assert.deepEqual(show(), [
      ['p1', 'to 0', 1, null],
      ['p1', 'to 1', 1, null],
      ['p1', 'to 2', 1, null],
      ['p1', 'any', 97, null],
    ]);
  });
});
