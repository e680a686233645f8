import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectionFilterSchema } from '../../../src/wire/query.ts';
import {
  filterFields,
  longestPlainPart,
  parseSearch,
  readFilters,
  toggleValue,
  toWireFilter,
  writeFilters,
} from './filters.ts';

describe('filters', () => {
  it('go into the URL and come back', () => {
    const filters = { process: 'a&b=c', state: 'LISTEN,NONE', text: '<b>"x"' };
    const query = writeFilters(new URLSearchParams('view=cards&remote=1.1.1.1'), filters);
    assert.equal(query.get('view'), 'cards');
    assert.equal(query.get('remote'), null);
    assert.deepEqual(readFilters(new URLSearchParams(query.toString())), filters);
  });

  it('that the server would refuse are left out', () => {
    assert.deepEqual(
      toWireFilter({ pid: 'x', port: '70000', state: 'listen,BOGUS', protocol: 'sctp', process: 'curl' }),
      { state: 'LISTEN', process: 'curl' },
    );
    const everything = Object.fromEntries(filterFields.map(({ name }) => [name, '1']));
    assert.equal(connectionFilterSchema.safeParse(toWireFilter(everything)).success, true);
  });

  it('look for the longest part of a name with control characters', () => {
    assert.equal(longestPlainPart('a\u001b]0;owned\u0007b\u0000c'), ']0;owned');
    assert.equal(longestPlainPart('\u0000'), undefined);
    assert.deepEqual(toWireFilter({ process: 'x\u0000curl', user: 'u'.repeat(99) }), {
      process: 'curl',
      user: 'u'.repeat(64),
    });
  });

  const searches: ReadonlyArray<readonly [string, object]> = [
    ['', {}],
    ['curl', { text: 'curl' }],
    ['process:curl state:listen two words', { process: 'curl', state: 'listen', text: 'two words' }],
    ['path:"/opt/a b" PORT:443', { path: '/opt/a b', port: '443' }],
    ['[::1]:443', { text: '[::1]:443' }],
    ['http://x', { text: 'http://x' }],
    ['__proto__:x constructor:y', { text: '__proto__:x constructor:y' }],
  ];
  for (const [search, expected] of searches) {
    it(`reads the search "${search}"`, () => assert.deepEqual(parseSearch(search), expected));
  }

  it('toggle one value of a set', () => {
    assert.equal(toggleValue(undefined, 'LISTEN'), 'LISTEN');
    assert.equal(toggleValue('LISTEN', 'NONE'), 'LISTEN,NONE');
    assert.equal(toggleValue('LISTEN', 'LISTEN'), undefined);
  });
});
