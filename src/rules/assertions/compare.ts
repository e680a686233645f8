import type { Fact, Facts } from './facts.ts';
import { readNumber } from './literal.ts';
import type { Comparison, Literal, Operand, Operator, Reference, Value } from './parse.ts';
import { matchesPattern } from './pattern.ts';
import type { Placeholder } from './placeholders.ts';
import { bodyJson, describeValue, factOf, isList, lengthOf, lookUp } from './values.ts';

type UnitOf = (name: string) => Placeholder['unit'];

/** What is left of the work that comparisons may take, in characters that are looked at. */
export interface Effort {
  left: number;
}

/** What comparing one value costs beside its length, in the same unit. */
const patternCost = 64;
const literalCost = 8;

/** Null when it holds, otherwise in words what there was. The left side reads a placeholder. */
export function compare(
  { left, operator, right }: Comparison,
  facts: Facts,
  unitOf: UnitOf,
  effort: Effort,
): string | null {
  const value = readOperand(left, facts);
  if (value === undefined) return describeAbsent(left, facts);
  const seen = describe(left, value, unitOf);
  if (right.kind === 'literal' || right.kind === 'pattern' || right.kind === 'any') {
    const values = right.kind === 'any' ? right.values : [right];
    const isSo = holds(operator, value, values, effort);
    if (effort.left < 0) return `there is too much to compare in ${seen}`;
    return isSo ? null : `it is ${seen}`;
  }
  const against = readOperand(right, facts);
  if (against === undefined) return describeAbsent(right, facts);
  if (holdsBetween(operator, value, against)) return null;
  return `${nameOf(left)} is ${seen}, ${nameOf(right)} is ${describe(right, against, unitOf)}`;
}

/** Of a placeholder, or what `len` and `has` make of one; undefined where there is none. */
function readOperand(operand: Operand, facts: Facts): Fact | undefined {
  if (operand.kind === 'fact') return lookUp(operand, facts);
  if (operand.kind === 'has') return lookUp(operand.of, facts) !== undefined;
  if (operand.kind !== 'len') return undefined;
  const value = lookUp(operand.of, facts);
  const json = operand.of.text === '[BODY]' && Object.hasOwn(facts, bodyJson) ? facts[bodyJson] : null;
  if (isList(json)) return json.length;
  return value === undefined ? undefined : (lengthOf(value) ?? undefined);
}

function holds(operator: Operator, value: Fact, values: readonly Value[], effort: Effort): boolean {
  if (operator === '==') return values.some((each) => isEqual(value, each, effort));
  if (operator === '!=') return !values.some((each) => isEqual(value, each, effort));
  const [literal] = values;
  return literal.kind === 'literal' && isOrdered(operator, amountOf(value), literal.amount);
}

/** A list is equal to what one of its members is equal to. With no effort left nothing is equal to anything. */
function isEqual(value: Fact, expected: Value, effort: Effort): boolean {
  if (effort.left < 0) return false;
  if (isList(value)) return value.some((each) => !isList(each) && isEqual(each, expected, effort));
  const text = textOf(value);
  const isPattern = expected.kind === 'pattern';
  effort.left -= isPattern ? patternCost + (text?.length ?? 0) : literalCost;
  if (text === null || effort.left < 0) return false;
  if (isPattern) return matchesPattern(text, expected.pattern);
  return text === expected.text || isSameAmount(value, expected);
}

/** `1.0` is 1 and `300ms` is 300; what stands in quotes is a text and nothing else. */
function isSameAmount(value: Fact, { amount, number, quoted }: Literal): boolean {
  return !quoted && amountOf(value) === (typeof value === 'number' ? amount : number);
}

function holdsBetween(operator: Operator, one: Fact, other: Fact): boolean {
  if (operator !== '==' && operator !== '!=') return isOrdered(operator, amountOf(one), amountOf(other));
  const text = textOf(one);
  const same = (text !== null && text === textOf(other)) || amountOf(one) === amountOf(other);
  return same === (operator === '==');
}

function isOrdered(operator: Operator, one: number, other: number): boolean {
  if (operator === '<') return one < other;
  if (operator === '<=') return one <= other;
  return operator === '>' ? one > other : one >= other;
}

/** NaN for what is no number; headers and some JSON write numbers as texts. */
function amountOf(value: Fact): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.length <= 32 ? readNumber(value) : Number.NaN;
}

/** Null for lists and objects. */
function textOf(value: Fact): string | null {
  return value !== null && typeof value === 'object' ? null : String(value);
}

function describe(operand: Operand, value: Fact, unitOf: UnitOf): string {
  const reference = referenceOf(operand);
  const isWhole = operand.kind === 'fact' && operand.path.length === 0;
  return reference ? describeValue(value, reference, isWhole ? unitOf(reference.name) : null) : String(value);
}

function describeAbsent(operand: Operand, facts: Facts): string {
  const reference = referenceOf(operand);
  if (!reference) return 'there is no value';
  if (factOf(reference) === bodyJson && !Object.hasOwn(facts, bodyJson)) {
    return Object.hasOwn(facts, 'STATUS') ? 'the body is not JSON' : 'there is no body';
  }
  const hasValue = lookUp(reference, facts) !== undefined;
  return hasValue ? `${reference.text} has no length` : `there is no ${reference.text}`;
}

function referenceOf(operand: Operand): Reference | null {
  if (operand.kind === 'fact') return operand;
  return operand.kind === 'len' || operand.kind === 'has' ? operand.of : null;
}

function nameOf(operand: Operand): string {
  const text = referenceOf(operand)?.text ?? '';
  return operand.kind === 'fact' ? text : `${operand.kind}(${text})`;
}
