import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AgingMap } from './aging-map.ts';

describe('aging map', () => {
  it('gives up its entries in the order in which they were set', () => {
    const map = new AgingMap<string, number>();
    assert.equal(map.removeOldest(), undefined);
    for (const [i, key] of ['a', 'b', 'c', 'd'].entries()) map.set(key, i);
    map.delete('b');
    map.delete('a');
    map.set('a', 9);
    assert.equal(map.removeOldest(), 2);
    map.set('e', 4);
    assert.deepEqual([map.removeOldest(), map.removeOldest(), map.removeOldest()], [3, 9, 4]);
    assert.equal(map.removeOldest(), undefined);
    map.set('f', 5);
    assert.equal(map.removeOldest(), 5);
    assert.equal(map.size, 0);
  });

  it('keeps to that order when it grows, is emptied, and shrinks meanwhile', () => {
    const map = new AgingMap<number, number>();
    let next = 0;
    let oldest = 0;
    for (const [adds, removes] of [
      [5, 2],
      [1000, 900],
      [50, 100],
      [3000, 3000],
    ]) {
      for (let i = 0; i < adds; i++) map.set(next, next++);
      for (let i = 0; i < removes; i++) assert.equal(map.removeOldest(), oldest++);
    }
    map.clear();
    map.set(-1, -1);
    assert.equal(map.removeOldest(), -1);
  });
});
