import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeVisible, splitVisible } from './visible-text.ts';

describe('visible text', () => {
  const cases: ReadonlyArray<readonly [string, string, string]> = [
    ['plain text', 'curl', 'curl'],
    ['markup, which React shows as text', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
    ['a right-to-left override', 'exe\u202egpj.sh', 'exe\\u{202e}gpj.sh'],
    ['an escape sequence', '\u001b]0;owned\u0007', '\\x1b]0;owned\\x07'],
    ['a NUL', 'a\u0000b', 'a\\x00b'],
    ['a zero-width joiner', 'pay\u200dpal', 'pay\\u{200d}pal'],
    ['a lone surrogate', 'a\ud800', 'a\\u{d800}'],
    ['tag characters', 'a\u{e0041}', 'a\\u{e0041}'],
    ['letters of any script', 'Zürich 東京 😀', 'Zürich 東京 😀'],
  ];
  for (const [name, value, expected] of cases) {
    it(`shows ${name}`, () => {
      assert.equal(makeVisible(value), expected);
      assert.equal(
        splitVisible(value)
          .map((part) => part.text)
          .join(''),
        expected,
      );
    });
  }

  it('cuts 64 KB, and never through a surrogate pair', () => {
    assert.equal(makeVisible('x'.repeat(65_536)).length, 513);
    assert.equal(makeVisible(`${'x'.repeat(3)}😀tail`, 4), 'xxx…');
  });

  it('tells an escape from text that looks like one', () => {
    assert.deepEqual(splitVisible('\\x1b\u001b'), [
      { text: '\\x1b', escaped: false },
      { text: '\\x1b', escaped: true },
    ]);
  });
});
