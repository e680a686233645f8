import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { reported } from '../../../wire/reported.fixture.ts';
import { applyChange, makeRow, TextPool } from '../row.ts';
import { listChanges } from './row-differ.ts';
import { copyRow, durationAt, patchCounters, patchRow } from './told-row.ts';

const openedAt = Date.parse('2026-01-01T00:00:00.000Z');
const numbers = fc.array(fc.constantFrom(-1, 0, 1, 7.5, 3e12), { minLength: 12, maxLength: 12 });
const change = fc
  .tuple(fc.integer({ min: -1, max: 3 }), numbers, fc.integer({ min: -1, max: 3 }))
  .map(([state, counters, limitedBy]) => [1, state, ...counters, limitedBy]);

describe('a row as told', () => {
  it('tells of everything that a change by position can change, and of nothing else', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const row = makeRow(1, 'box', reported(), new TextPool());
        const told = copyRow(row, openedAt);
        row.duration_ms = told.duration_ms;
        for (const one of changes) {
          const before = { ...told };
          assert.equal(applyChange(row, one), true);
          assert.deepEqual(patchCounters(told, row), listChanges('id', before, row));
          assert.deepEqual(told, row);
        }
      }),
    );
  });

  it('tells of an owner that became known, and not that an open connection lasts', () => {
    const row = makeRow(1, 'box', reported(), new TextPool());
    const told = copyRow(row, openedAt + 1000);
    assert.equal(told.duration_ms, 1000);
    row.duration_ms = 2000;
    assert.equal(patchRow(told, row), null);
    row.parents = ['sh'];
    assert.deepEqual(patchRow(told, row), { id: 1, parents: ['sh'] });
    assert.deepEqual(told.parents, ['sh']);
  });

  it('tells how long an ended connection lasted', () => {
    const row = makeRow(1, 'box', reported(), new TextPool());
    const told = copyRow(row, openedAt);
    assert.equal(durationAt(told, openedAt + 500), 500);
    row.active = false;
    row.closed_at = '2026-01-01T00:00:03.000Z';
    row.duration_ms = 3000;
    assert.deepEqual(patchRow(told, row), {
      id: 1,
      active: false,
      closed_at: row.closed_at,
      duration_ms: 3000,
    });
    assert.equal(durationAt(told, openedAt + 9000), 3000);
  });
});
