import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/threats.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| attack |'));

test('each threat of the documentation names tests that there are', () => {
  assert.ok(rows.length > 20);
  for (const row of rows) {
    const tests = row.split(' | ').at(-1)!.replace(/ \|$/, '').split('; `');
    for (const each of tests) {
      const match = /^`?([\w/.-]+\.test\.ts)`: (.+)$/.exec(each);
      assert.ok(match, each);
      const [, file, name] = match;
      assert.ok(readFileSync(join(root, file), 'utf8').includes(name), `${file} has no test of ${name}`);
    }
  }
});
