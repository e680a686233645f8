import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Column, fitColumns } from './table-model.ts';

const rem = 10;
const columns: Column<object>[] = [
  { id: 'name', meta: { min: 10, from: 0 } },
  { id: 'rare', meta: { min: 10, from: 300 } },
  { id: 'often', meta: { min: 10, from: 100 } },
];
const fit = (width: number, chosen: Record<string, boolean> = {}): string[] =>
  [...fitColumns(columns, chosen, width, rem)].sort();

describe('columns', () => {
  it('are there as far as they fit, those of narrow tables first', () => {
    assert.deepEqual(fit(50), ['name']);
    assert.deepEqual(fit(226), ['name']);
    assert.deepEqual(fit(227), ['name', 'often']);
    assert.deepEqual(fit(334), ['name', 'often']);
    assert.deepEqual(fit(335), ['name', 'often', 'rare']);
  });

  it('that the reader chose are there, or not, however wide the table', () => {
    assert.deepEqual(fit(50, { rare: true }), ['name', 'rare']);
    assert.deepEqual(fit(1000, { often: false }), ['name', 'rare']);
  });
});
