import { isSecretName, maskText } from '../secrets.ts';
import type { Fact, Facts } from './facts.ts';
import { formatTime } from './literal.ts';
import type { Reference } from './parse.ts';
import type { Placeholder } from './placeholders.ts';

/** What a body's parts are walked in. */
export const bodyJson = 'BODY_JSON';
/** Longest piece of a text that a message shows. */
const shownLength = 80;

/** The fact that a placeholder reads. */
export function factOf({ name, path }: Reference): string {
  return name === 'BODY' && path.length > 0 ? bodyJson : name;
}

/**
 * The value of a placeholder, undefined where there is none or the probe knows none (null). Only what a value has of its
 * own is looked at.
 */
export function lookUp(reference: Reference, facts: Facts): Fact | undefined {
  const fact = factOf(reference);
  let value: Fact | undefined = Object.hasOwn(facts, fact) ? (facts[fact] ?? undefined) : undefined;
  for (const step of reference.path) {
    if (value === undefined) return undefined;
    value = member(value, reference.name === 'HEADER' ? String(step).toLowerCase() : step);
  }
  return value;
}

function member(value: Fact, step: string | number): Fact | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (isList(value)) return /^\d{1,7}$/.test(String(step)) ? value[Number(step)] : undefined;
  return Object.hasOwn(value, step) ? value[step] : undefined;
}

/** Members of a list or an object, characters of a text; null for what has no length. */
export function lengthOf(value: Fact): number | null {
  if (typeof value === 'string') return countCharacters(value);
  if (value === null || typeof value !== 'object') return null;
  return isList(value) ? value.length : Object.keys(value).length;
}

export function isList(value: Fact): value is readonly Fact[] {
  return Array.isArray(value);
}

/** A surrogate pair is one. */
function countCharacters(text: string): number {
  let count = text.length;
  for (let i = 1; i < text.length; i++) {
    const isLow = (text.charCodeAt(i) & 0xfc00) === 0xdc00;
    if (isLow && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) count--;
  }
  return count;
}

/** A value for a message: cut, in quotes where it is a text, and without what may be a secret. */
export function describeValue(value: Fact, reference: Reference, unit: Placeholder['unit']): string {
  if (typeof value === 'number')
    return unit === 'ms' ? formatTime(value) : `${value}${unit === '%' ? ' %' : ''}`;
  if (typeof value === 'string') return describeText(value, reference);
  if (value === null || typeof value === 'boolean') return String(value);
  if (!isList(value)) return `an object with ${Object.keys(value).length} members`;
  const short = value.length <= 4 && value.every((each) => typeof each === 'string' && each.length <= 40);
  if (!short) return `a list of ${value.length}`;
  return value.length === 0 ? 'an empty list' : value.map((each) => JSON.stringify(each)).join(', ');
}

function describeText(text: string, { path }: Reference): string {
  if (path.some((step) => isSecretName(String(step)))) return '***';
  // A secret that the cut would halve is masked first; a body of a megabyte is not looked through for that.
  const shown = maskText(text.slice(0, 4 * shownLength).toWellFormed());
  if (text.length <= shownLength && shown.length <= shownLength) return JSON.stringify(shown);
  return `${JSON.stringify(shown.slice(0, shownLength).toWellFormed())}… (${text.length} characters)`;
}
