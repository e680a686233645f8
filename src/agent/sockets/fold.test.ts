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
  endOf: () => 0,
  end: () => {},
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

  it('gathers the failures of one process to one destination with one errno into one row, budget or not', () => {
    const { fold, show } = makeFold();
    const failure = true;
    for (let key = 0; key < 5; key++) fold.add({ failure, outcome: 'ECONNREFUSED', key }, key * 10);
    fold.add({ failure, outcome: 'ECONNREFUSED', process: 'p2', key: 77 }, 60);
    fold.add({ failure, outcome: 'ETIMEDOUT', key: 78 }, 60);
    fold.flush(2000);
    assert.deepEqual(show(), [
      ['p1', 'ECONNREFUSED', 5, null],
      ['p2', 'ECONNREFUSED', 1, 77],
      ['p1', 'ETIMEDOUT', 1, 78],
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
