import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factsOf } from '../../rules/assertions/placeholders.ts';
import { probeTypes } from './registry.ts';

test('each kind of probe gives the facts that assertions on it may look at', () => {
  for (const [name, type] of Object.entries(probeTypes)) {
    assert.equal(type.kind, name);
    assert.deepEqual([...type.facts].sort(), [...factsOf(type.kind)].sort(), name);
  }
});
