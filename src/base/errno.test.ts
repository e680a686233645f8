import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, it } from 'node:test';
import { errnoName } from './errno.ts';

/** Second names of one number: errno(3) gives the other. */
const aliases = new Set(['EWOULDBLOCK', 'ENOTSUP']);

describe('errnoName', () => {
  it('agrees with the system on each errno that the system names', () => {
    const known = Object.entries(constants.errno).filter(([name]) => !aliases.has(name));
    assert.ok(known.length > 70);
    for (const [name, number] of known) assert.equal(errnoName(number), name);
  });

  it('names the last one, takes negated numbers and never fails', () => {
    assert.equal(errnoName(133), 'EHWPOISON');
    assert.equal(errnoName(-111), 'ECONNREFUSED');
    assert.equal(errnoName(41), 'E41');
    assert.equal(errnoName(524), 'E524');
    assert.equal(errnoName(0), 'E0');
  });
});
