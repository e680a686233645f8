export { otherName } from '../../../src/wire/names.ts';

/** Said where there were too many names. */
export const manyNames = 'too many names for a row each: the rest is in (other)';
