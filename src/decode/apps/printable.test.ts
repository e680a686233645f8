import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hex } from '../packet/build.fixture.ts';
import { toHex, toPrintable } from './printable.ts';

const show = (text: string): string => {
  const bytes = hex(text);
  return toPrintable(bytes, 0, bytes.length);
};

describe('bytes as text', () => {
  it('are the characters of UTF-8', () => {
    for (const text of ['', 'abc ~', 'ü', '€', '😀', 'a\u00fcb']) {
      const bytes = new TextEncoder().encode(text);
      assert.equal(toPrintable(bytes, 0, bytes.length), text);
    }
  });

  it('hide nothing that is there and reorder nothing', () => {
    assert.equal(show('00 07 0a 0d 1b 7f'), '\\000\\a\\n\\r\\033\\177');
    assert.equal(show('c2 85'), '\\u{85}');
    assert.equal(show('e2 80 ae'), '\\u{202e}');
    assert.equal(show('ef bb bf'), '\\u{feff}');
  });

  it('show a mark for each byte that is no UTF-8', () => {
    for (const text of ['c0 80', 'e0 80 80', 'ed a0 80', 'f4 90 80 80', 'f8', 'c3', 'e2 82', '80'])
      assert.match(show(text), /^\ufffd+$/, text);
    assert.equal(show('61 ff 62'), 'a\ufffdb');
  });

  it('are cut short in hexadecimal', () => {
    assert.equal(toHex(hex('00 ff'), 0, 2), '00ff');
    assert.equal(toHex(hex('00 ff 01'), 0, 3, 2), '00ff…');
  });
});
