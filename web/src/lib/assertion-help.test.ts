import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAssertion } from '../../../src/rules/assertions/assertions.ts';
import { factsOf } from '../../../src/rules/assertions/placeholders.ts';
import { probeKinds } from '../../../src/wire/probe.ts';
import { exampleOf, placeholdersOf } from './assertion-help.ts';

describe('the help on assertions', () => {
  it('names every placeholder of every kind, and no other', () => {
    for (const kind of probeKinds) {
      const known = factsOf(kind).filter((name) => name !== 'BODY_JSON');
      assert.deepEqual(placeholdersOf[kind].toSorted(), known.toSorted(), kind);
    }
  });

  it('begins with an assertion that is one', () => {
    for (const kind of probeKinds) assert.doesNotThrow(() => parseAssertion(exampleOf[kind]), kind);
  });
});
