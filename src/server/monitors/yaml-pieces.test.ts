import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { splitItems } from './yaml-pieces.ts';
import { readYaml } from './yaml-reader.ts';

/** What a text holds, or null where it cannot be read. */
function read(text: string): unknown {
  try {
    return readYaml(text).value;
  } catch {
    return null;
  }
}

describe('a file of monitors in pieces', () => {
  it('has an item for each dash of the list, with the line that it stands in', () => {
    const text = '# ours\n\nmonitors:\n  - a: 1\n    b: |\n      - no item\n\n  # between\n  -\n    a: 2\n';
    const pieces = splitItems(text);
    assert.deepEqual(pieces, [
      { text: 'monitors:\n  - a: 1\n    b: |\n      - no item\n\n  # between\n', line: 2 },
      { text: 'monitors:\n  -\n    a: 2\n\n', line: 7 },
    ]);
    const content = readYaml(pieces[1].text, { line: pieces[1].line, item: 1 });
    assert.equal(content.lineOf(['monitors', 1, 'a']), 10);
  });

  it('has an item for each value of the list in JSON', () => {
    const text =
      '{\n  "monitors": [\n    {"a": "]},{"},\n    {\n      "b\\"": [1, {"c": 2}]\n    }\n  ]\n}\n';
    const pieces = splitItems(text)!;
    assert.deepEqual(
      pieces.map((piece) => read(piece.text)),
      [{ monitors: [{ a: ']},{' }] }, { monitors: [{ 'b"': [1, { c: 2 }] }] }],
    );
    const content = readYaml(pieces[1].text, { line: pieces[1].line, item: 1 });
    assert.equal(content.lineOf(['monitors', 1, 'b"']), 5);
  });

  it('holds of JSON what it holds as a whole', () => {
    const list = fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(list, fc.integer({ min: 0, max: 3 }), (monitors, indent) => {
        const text = JSON.stringify({ monitors }, null, indent);
        const whole = read(text);
        fc.pre(whole !== null);
        const values = splitItems(text)!.flatMap(
          (piece) => (read(piece.text) as { monitors: unknown[] }).monitors,
        );
        assert.deepEqual({ monitors: values }, whole);
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  it('is none where it is written in another way', () => {
    for (const text of [
      '',
      'monitors: []',
      'monitors:\n',
      'monitors:\n  a: 1\n',
      '---\nmonitors:\n- a\n',
      'monitors:\n- a\n---\n- b\n',
      'monitors:\n- a\nother: 1\n',
      'monitors:\n  - a\n - b\n',
      'monitors:\n- a: 1\r- b: 2\n',
      '{"monitors": []}',
      '{"monitors": [1], "other": 1}',
      '{"monitors": [1], "monitors": [2]}',
      '{"monitors": [1,]}',
      '{"monitors": [1]',
    ]) {
      assert.equal(splitItems(text), null, JSON.stringify(text));
    }
  });

  it('holds what it holds as a whole', () => {
    const line = fc.tuple(
      fc.constantFrom('', ' ', '  ', '    ', '- ', '  - ', '- - '),
      fc.constantFrom(
        'a',
        'b: 1',
        'c:',
        'd: |',
        '"e',
        'f"',
        "'g'",
        '# h',
        '[1,',
        '2]',
        '{i: 3}',
        '-',
        'j: k l',
        '---',
        '',
      ),
    );
    let split = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const text = `monitors:\n- a\n${lines.map((parts) => parts.join('')).join('\n')}\n`;
        const pieces = splitItems(text);
        if (!pieces) return;
        split++;
        const items = pieces.map((piece) => read(piece.text) as { monitors: unknown[] } | null);
        const whole = read(text);
        if (whole === null || items.includes(null)) {
          assert.ok(whole === null && items.includes(null), text);
          return;
        }
        assert.deepEqual({ monitors: items.flatMap((item) => item?.monitors ?? []) }, whole, text);
      }),
      { numRuns: 1500 },
    );
    assert.ok(split > 150, String(split));
  });
});
