import type { core } from 'zod';

/** Longest list of the values that a field takes. */
const maxValues = 16;

/**
 * What was expected, in words, where a schema of ours says nothing itself; given to `safeParse` as `error`. Undefined
 * leaves it to zod.
 */
export function describeIssue(issue: core.$ZodRawIssue): string | undefined {
  if (issue.code === 'too_small' || issue.code === 'too_big') return describeSize(issue);
  if (issue.code === 'invalid_type') {
    const type = typeWords[issue.expected] ?? issue.expected;
    return issue.input === undefined ? `is missing: expected ${type}` : `expected ${type}`;
  }
  if (issue.code === 'invalid_value') {
    const values = issue.values.slice(0, maxValues).map(String).join(', ');
    return `expected ${values.replace(/, ([^,]*)$/, ' or $1')}`;
  }
  if (issue.code === 'invalid_key') return 'may not be called that';
  return issue.code === 'invalid_union' && issue.input === undefined ? 'is missing' : undefined;
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const units: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
};

function describeSize(issue: core.$ZodRawIssue<core.$ZodIssueTooSmall | core.$ZodIssueTooBig>): string {
  const limit = Number(issue.code === 'too_small' ? issue.minimum : issue.maximum);
  const unit = units[issue.origin];
  if (issue.code === 'too_small' && unit && limit === 1) return 'is empty: expected something';
  const amount = unit ? `${limit} ${unit[limit === 1 ? 0 : 1]}` : String(limit);
  const strictly = issue.inclusive === false;
  if (issue.code === 'too_small') return `expected ${strictly ? 'more than' : 'at least'} ${amount}`;
  return `expected ${strictly ? 'less than' : 'at most'} ${amount}`;
}
