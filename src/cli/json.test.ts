import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeJson } from './json.ts';

describe('JSON for standard output', () => {
  it('holds nothing that a terminal acts on, and reads as what it was', () => {
    const value = { name: 'a\u001b[2J\u009b2J\u007f\u202e\u{e0001}\u2028z', list: [1, null, 'é漢😀'] };
    for (const indent of [0, 2]) {
      const text = writeJson(value, indent);
      assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028]/u);
      assert.match(text, /é漢😀/);
      assert.deepEqual(JSON.parse(text), value);
    }
  });
});
