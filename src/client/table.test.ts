import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LiveTable } from './table.ts';

interface Row {
  id: number;
  speed: number;
  name?: string;
}

describe('LiveTable', () => {
  it('shows the rows of a snapshot in the order given', () => {
    const table = new LiveTable<Row>('id');
    table.apply({
      id: 'v',
      snapshot: true,
      total: 5,
      rows: [
        { id: 1, speed: 1 },
        { id: 2, speed: 2 },
      ],
      order: [2, 1],
    });
    assert.deepEqual(table.rows(), [
      { id: 2, speed: 2 },
      { id: 1, speed: 1 },
    ]);
    assert.equal(table.total, 5);
  });

  it('merges changed fields, drops removed rows and leaves untouched rows identical', () => {
    const table = new LiveTable<Row>('id');
    const rows = [1, 2, 3].map((id) => ({ id, speed: id, name: `n${id}` }));
    table.apply({ id: 'v', snapshot: true, total: 3, rows, order: [1, 2, 3] });
    const before = table.rows();
    table.apply({ id: 'v', rows: [{ id: 2, speed: 9 }], removed: [1], order: [2, 3], total: 2 });
    assert.deepEqual(table.rows(), [
      { id: 2, speed: 9, name: 'n2' },
      { id: 3, speed: 3, name: 'n3' },
    ]);
    assert.equal(table.rows()[1], before[2]);
    assert.equal(table.total, 2);
  });

  it('keeps the same array while nothing changes', () => {
    const table = new LiveTable<Row>('id');
    table.apply({ id: 'v', snapshot: true, rows: [{ id: 1, speed: 1 }], order: [1] });
    const before = table.rows();
    assert.equal(table.apply({ id: 'v' }), false);
    assert.equal(table.rows(), before);
  });

  it('replaces everything at the next snapshot', () => {
    const table = new LiveTable<Row>('id');
    table.apply({ id: 'v', snapshot: true, total: 1, rows: [{ id: 1, speed: 1, name: 'old' }], order: [1] });
    table.apply({ id: 'v', snapshot: true, total: 1, rows: [{ id: 1, speed: 2 }], order: [1] });
    assert.deepEqual(table.rows(), [{ id: 1, speed: 2 }]);
  });
});
