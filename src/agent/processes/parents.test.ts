import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeParents } from './parents.ts';

/** Numbers that no living process has here. */
const gone = 4_000_000;

describe('parents', () => {
  it('follows the living to the first process', () => {
    const chain = makeParents(() => null).chainOf(process.pid);
    assert.match(chain[0], new RegExp(`\\(${process.pid}\\)$`));
    assert.match(chain.at(-1)!, / \(1\)$/);
  });

  it('goes on with the living where one that is gone is remembered', () => {
    const parents = makeParents((pid) => (pid === gone ? { name: 'sh', ppid: process.pid } : null));
    const chain = parents.chainOf(gone);
    assert.equal(chain[0], `sh (${gone})`);
    assert.match(chain[1], new RegExp(`\\(${process.pid}\\)$`));
  });

  it('ends where numbers were used again and lead in a circle, and at 32', () => {
    const circle = makeParents((pid) => ({ name: 'a', ppid: pid === gone ? gone + 1 : gone }));
    assert.deepEqual(circle.chainOf(gone), [`a (${gone})`, `a (${gone + 1})`]);
    const endless = makeParents((pid) => ({ name: 'a', ppid: pid + 1 }));
    assert.equal(endless.chainOf(gone).length, 32);
    assert.deepEqual(endless.chainOf(0), []);
  });

  it('reads anew after a second', () => {
    let name = 'first';
    let now = 0;
    const parents = makeParents(
      () => ({ name, ppid: 0 }),
      () => now,
    );
    assert.deepEqual(parents.chainOf(gone), [`first (${gone})`]);
    name = 'second';
    assert.deepEqual(parents.chainOf(gone), [`first (${gone})`]);
    now = 1000;
    assert.deepEqual(parents.chainOf(gone), [`second (${gone})`]);
  });
});
