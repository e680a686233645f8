import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ColumnBuffer } from './column-buffer.ts';

describe('column buffer', () => {
  it('keeps the newest samples, oldest first, for ever', () => {
    const buffer = new ColumnBuffer(4);
    for (let i = 1; i <= 1003; i++) buffer.push([i * 100, i, -i]);
    const [time, upload, download] = buffer.columns();
    assert.deepEqual([...time], [100_000, 100_100, 100_200, 100_300]);
    assert.deepEqual([...upload], [1000, 1001, 1002, 1003]);
    assert.deepEqual([...download], [-1000, -1001, -1002, -1003]);
    assert.equal(buffer.newest, 100_300);
  });

  it('drops a sample that is not newer than the last', () => {
    const buffer = new ColumnBuffer(4);
    buffer.push([200, 1, 1]);
    buffer.push([200, 2, 2]);
    buffer.push([100, 3, 3]);
    assert.deepEqual([...buffer.columns()[1]], [1]);
  });

  it('starts anew after clear, and a copy does not move with it', () => {
    const buffer = new ColumnBuffer(4);
    buffer.push([200, 1, 1]);
    const held = buffer.copy();
    buffer.clear();
    assert.equal(buffer.length, 0);
    assert.equal(buffer.newest, 0);
    buffer.push([100, 9, 9]);
    assert.deepEqual([...held[0]], [200]);
  });
});
