import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { errorCodes } from '../src/base/errors.ts';
import { settings } from '../src/platform/settings.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** First cells of the rows of the table that follows a heading of its columns, with the row's other cells. */
function readTable(text: string, head: string): Map<string, string[]> {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(head));
  assert.ok(start >= 0, `no table ${head}`);
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'));
  return new Map(
    lines.slice(start + 2, end).map((line) => {
      const [first, ...rest] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim());
      return [first.replaceAll('`', ''), rest];
    }),
  );
}

describe('the documents', () => {
  it('list every error code with its status, exit code and title', () => {
    const documented = readTable(read('docs/errors.md'), '| code |');
    assert.deepEqual(
      [...documented].map(([code, cells]) => [code, ...cells]),
      Object.entries(errorCodes).map(([code, { status, exit, title }]) => [
        code,
        String(status),
        String(exit),
        title,
      ]),
    );
  });

  it('list every setting with its default', () => {
    const documented = readTable(read('README.md'), '| setting |');
    assert.deepEqual([...documented.keys()].sort(), Object.keys(settings).sort());
    for (const [name, { fallback }] of Object.entries(settings))
      if (fallback !== null) assert.equal(documented.get(name)![0].replaceAll('`', ''), fallback, name);
  });

  it('link to files that exist', () => {
    for (const file of ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md'])
      for (const [, target] of read(file).matchAll(/\]\((?!https?:)([^)#]+)/g))
        assert.ok(existsSync(join(root, target)), `${file}: ${target}`);
  });
});
