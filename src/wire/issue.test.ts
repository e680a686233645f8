import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { describeIssue } from './issue.ts';

describe('what a schema found wanting', () => {
  it('is told in words, and in its own where it has some', () => {
    const cases: readonly (readonly [z.ZodType, unknown, string])[] = [
      [z.string().min(1), '', 'is empty: expected something'],
      [z.string().max(2), 'abc', 'expected at most 2 characters'],
      [z.array(z.string()).min(1), [], 'is empty: expected something'],
      [z.array(z.string()).min(2), ['a'], 'expected at least 2 entries'],
      [z.number().min(1000), 5, 'expected at least 1000'],
      [z.number().gt(0), 0, 'expected more than 0'],
      [z.number().max(5), 9, 'expected at most 5'],
      [z.number().int(), 1.5, 'expected a whole number'],
      [z.number(), 'abc', 'expected a number'],
      [z.number(), undefined, 'is missing: expected a number'],
      [z.boolean(), 'x', 'expected true or false'],
      [z.enum(['a', 'b', 'c']), 'x', 'expected a, b or c'],
      [z.record(z.string().regex(/^a/), z.string()), { q: '' }, 'may not be called that'],
      [z.string().max(2, 'expected something short'), 'abc', 'expected something short'],
    ];
    for (const [schema, value, told] of cases) {
      const parsed = schema.safeParse(value, { error: describeIssue });
      assert.equal(parsed.error?.issues[0].message, told);
    }
  });
});
