import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesPattern } from './pattern.ts';

/** What a pattern means, by trying every split; for short texts. */
function oracle(text: string, pattern: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] !== '*') return text[0] === pattern[0] && oracle(text.slice(1), pattern.slice(1));
  for (let i = 0; i <= text.length; i++) if (oracle(text.slice(i), pattern.slice(1))) return true;
  return false;
}

test('a star stands for anything and nothing else does', () => {
  assert.ok(matchesPattern('nginx ok\n', '*ok*'));
  assert.ok(matchesPattern('ok', '*ok*'));
  assert.ok(!matchesPattern('not o.k.', '*ok*'));
  assert.ok(matchesPattern('a.b', 'a.b'));
  assert.ok(!matchesPattern('axb', 'a.b'));
  assert.ok(!matchesPattern('aba', 'ab*ba'));
});

test('patterns mean what trying every split says, for all short texts over two letters', () => {
  const words = (letters: string, length: number): string[] =>
    length === 0
      ? ['']
      : words(letters, length - 1).flatMap((word) => [
          word,
          ...letters.split('').map((letter) => word + letter),
        ]);
  const texts = [...new Set(words('ab', 6))];
  const patterns = [...new Set(words('ab*', 5))];
  for (const pattern of patterns) {
    for (const text of texts) {
      if (matchesPattern(text, pattern) !== oracle(text, pattern)) assert.fail(`${pattern} on ${text}`);
    }
  }
});

test('a megabyte that almost fits everywhere takes milliseconds', () => {
  const text = 'a'.repeat(1_048_576);
  const started = process.cpuUsage();
  assert.ok(!matchesPattern(text, `*b${'a'.repeat(400)}*`));
  assert.ok(!matchesPattern(text, `*${'a'.repeat(400)}b*`));
  assert.ok(!matchesPattern(text, `${'*a'.repeat(250)}*b*`));
  assert.ok(process.cpuUsage(started).user < 1e6);
});
