import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { csvRecord } from './csv.ts';
import { cutText, escapeText, textWidth } from './escape.ts';
import { formatBytes, formatElapsed, formatRate, formatTrend } from './format.ts';
import { type Column, renderTable } from './table.ts';

describe('escape', () => {
  it('makes controls, escape sequences and bidirectional overrides visible', () => {
    assert.equal(escapeText('a\x1b]0;t\x07b\u009b31m\r\nc'), 'a\\x1b]0;t\\x07b\\x9b31m\\x0d\\x0ac');
    assert.equal(escapeText('gpj.\u202eexe'), 'gpj.\\u{202e}exe');
    assert.equal(escapeText('a\u2028b\ufeffc\ud800'), 'a\\u{2028}b\\u{feff}c\\u{d800}');
  });

  it('keeps what is harmless in any script', () => {
    for (const text of ['näh', '日本', 'שלום', '👍', '\'"<b>']) assert.equal(escapeText(text), text);
  });

  it('measures and cuts by columns of the terminal', () => {
    assert.equal(textWidth('日本'), 4);
    assert.equal(textWidth('e\u0301'), 1);
    assert.equal(textWidth('👍'), 2);
    assert.equal(cutText('abcdef', 6), 'abcdef');
    assert.equal(cutText('abcdef', 4), 'abc…');
    assert.equal(cutText('日本語', 4), '日…');
  });
});

describe('table', () => {
  interface Row {
    readonly name: string;
    readonly count: number;
    readonly note: string;
  }
  const columns: readonly Column<Row>[] = [
    { title: 'NAME', text: (row) => row.name, least: 4 },
    { title: 'N', text: (row) => String(row.count), align: 'right' },
    { title: 'NOTE', text: (row) => row.note, optional: 1 },
  ];
  const rows: readonly Row[] = [
    { name: 'a-long-name', count: 7, note: 'first' },
    { name: 'b\x1b[2J', count: 1234, note: '' },
  ];

  it('aligns its columns and escapes its cells', () => {
    assert.deepEqual(renderTable(columns, rows, 80), [
      'NAME            N  NOTE',
      'a-long-name     7  first',
      'b\\x1b[2J     1234  ',
    ]);
  });

  it('leaves optional columns out and cuts others until it fits', () => {
    assert.deepEqual(renderTable(columns, rows, 12), ['NAME       N', 'a-lon…     7', 'b\\x1b…  1234']);
    for (const width of [10, 12, 17, 20, 24])
      for (const line of renderTable(columns, rows, width))
        assert.ok(textWidth(line) <= width, `${width}: ${line}`);
  });
});

describe('csv', () => {
  it('quotes as RFC 4180 has it and disarms formulas', () => {
    assert.equal(
      csvRecord(['a,b', 'say "x"', 'l1\nl2', null, 7, -3, true]),
      '"a,b","say ""x""","l1\nl2",,7,-3,true\r\n',
    );
    assert.equal(
      csvRecord(['=HYPERLINK("x")', '@SUM(A1)', '-2+3', '+1', '\tx']),
      `"'=HYPERLINK(""x"")",'@SUM(A1),'-2+3,'+1,'\tx\r\n`,
    );
    assert.equal(
      csvRecord(['a\x1b]0;t\x07', '\x00=1+1', 'b\u009b31m']),
      'a\\x1b]0;t\\x07,\\x00=1+1,b\\x9b31m\r\n',
    );
  });
});

describe('format', () => {
  const cases: readonly (readonly [string, string])[] = [
    [formatBytes(0), '0 B'],
    [formatBytes(999), '999 B'],
    [formatBytes(1000), '1 KB'],
    [formatBytes(999_999), '1 MB'],
    [formatBytes(1_550_000), '1.6 MB'],
    [formatBytes(null), '-'],
    [formatRate(230_400_000), '230 MB/s'],
    [formatElapsed(0.42), '0.4 ms'],
    [formatElapsed(950), '950 ms'],
    [formatElapsed(3400), '3.4 s'],
    [formatElapsed(320_000), '5m 20s'],
    [formatElapsed(90_061_000), '1d 1h'],
    [formatTrend([0, 1, 8]), '·▁█'],
  ];
  for (const [actual, expected] of cases) it(`writes ${expected}`, () => assert.equal(actual, expected));
});
