import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFlags, splitWords } from './words.ts';

describe('a command line', () => {
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ['', []],
    ['  list   shop ', ['list', 'shop']],
    [
      'add x --assert "[STATUS] == 200" --name \'a "b"\'',
      ['add', 'x', '--assert', '[STATUS] == 200', '--name', 'a "b"'],
    ],
    ['edit x --label ""', ['edit', 'x', '--label', '']],
    ['a\\ b "c\\"d" \'e\\f\' --step "send A\\r\\n"', ['a b', 'c"d', 'e\\f', '--step', 'send A\\r\\n']],
  ];
  for (const [line, words] of lines) {
    it(`${JSON.stringify(line)} has these words`, () => assert.deepEqual(splitWords(line), words));
  }

  it('with an open quote is refused', () => assert.throws(() => splitWords('a "b'), /has no end/));

  it('is taken apart into words and flags', () => {
    const isSwitch = (name: string): boolean => name === 'verify' || name === 'banner';
    const line = [
      'x',
      '--interval',
      '5s',
      '--label',
      'a=b',
      '--label=c=d',
      '--no-verify',
      '--banner',
      'yes',
      'y',
    ];
    const { words, flags } = parseFlags(line, isSwitch);
    assert.deepEqual(words, ['x', 'y']);
    assert.deepEqual(
      { ...flags },
      { interval: ['5s'], label: ['a=b', 'c=d'], verify: ['no'], banner: ['yes'] },
    );
    assert.throws(() => parseFlags(['--interval'], isSwitch), /--interval needs a value/);
    assert.deepEqual({ ...parseFlags(['--verify', 'x'], isSwitch).flags }, { verify: ['yes'] });
  });
});
