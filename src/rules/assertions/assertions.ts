import type { ProbeKind } from '../../wire/probe.ts';
import { compare, type Effort } from './compare.ts';
import type { Facts } from './facts.ts';
import {
  type Comparison,
  type Operand,
  parseComparison,
  type Reference,
  type Value,
  wrongAt,
} from './parse.ts';
import { type Placeholder, placeholders } from './placeholders.ts';
import { bodyJson, factOf } from './values.ts';

/** Something that must hold of a round: `[STATUS] == 200`. */
export interface ParsedAssertion extends Comparison {
  readonly test: string;
  /** Names of the facts that it reads. */
  readonly facts: readonly string[];
}

const byName = new Map(placeholders.map((placeholder) => [placeholder.name, placeholder]));

/**
 * Reads an assertion, for one kind of probe or, without it, for any. Throws NM_VALIDATION, which names the column and what
 * was expected there.
 */
export function parseAssertion(test: string, kind?: ProbeKind): ParsedAssertion {
  const { left, operator, right } = turn(parseComparison(test));
  const references = [left, right].flatMap(listReferences);
  if (references.length === 0) throw wrongAt(1, 'expected a placeholder such as [STATUS]');
  for (const reference of references) checkReference(reference, kind);
  if (operator !== '==' && operator !== '!=') checkOrdered(left, right);
  checkValues(left, right);
  return { test, left, operator, right, facts: [...new Set([left, right].flatMap(listFacts))] };
}

/**
 * What the assertions of one round may cost: each of 32 may look through a body of 1 MiB. A body that is a list of half a
 * million numbers, held against 64 values 32 times, would otherwise keep an agent busy for half an hour.
 */
export function makeEffort(): Effort {
  return { left: 32 * 1_048_576 };
}

/**
 * Null when it holds, otherwise what there was instead: `[STATUS] == 200: it is 503`. Takes from the effort, and says so
 * when there is none left. Never throws.
 */
export function checkAssertion(
  assertion: ParsedAssertion,
  facts: Facts,
  effort: Effort = makeEffort(),
): string | null {
  const seen = compare(assertion, facts, (name) => byName.get(name)?.unit ?? null, effort);
  return seen === null ? null : `${assertion.test.slice(0, 200).toWellFormed()}: ${seen}`;
}

/** The placeholder on the left, so that `200 == [STATUS]` is as good. */
function turn({ left, operator, right }: Comparison): Comparison {
  if (listReferences(left).length > 0) return { left, operator, right };
  const turned = { '==': '==', '!=': '!=', '<': '>', '>': '<', '<=': '>=', '>=': '<=' } as const;
  return { left: right, operator: turned[operator], right: left };
}

function listReferences(operand: Operand): readonly Reference[] {
  if (operand.kind === 'fact') return [operand];
  return operand.kind === 'len' || operand.kind === 'has' ? [operand.of] : [];
}

/** `len([BODY])` is the length of a list where the body is one in JSON. */
function listFacts(operand: Operand): readonly string[] {
  return listReferences(operand).flatMap((reference) =>
    operand.kind === 'len' && reference.text === '[BODY]' ? ['BODY', bodyJson] : [factOf(reference)],
  );
}

function checkReference({ name, path, column }: Reference, kind: ProbeKind | undefined): void {
  const placeholder = byName.get(name);
  if (!placeholder || (kind !== undefined && !placeholder.kinds.includes(kind))) {
    const known = placeholders.filter(({ kinds }) => kind === undefined || kinds.includes(kind));
    const whose = kind === undefined ? '' : ` of a ${kind} probe`;
    throw wrongAt(
      column,
      `no placeholder${whose} is called [${name}]; there are ${known.map((each) => each.name).join(', ')}`,
    );
  }
  if (name === 'HEADER' && path.length !== 1) {
    throw wrongAt(column, 'expected the name of a header, such as [HEADER].content-type');
  }
  const isWhole = placeholder.type !== 'tree' && placeholder.type !== 'list';
  if (isWhole && path.length > 0) throw wrongAt(column, `[${name}] has no parts`);
}

/** What stands beside `<` and the like must be able to be an amount. */
function checkOrdered(left: Operand, right: Operand): void {
  for (const operand of [left, right]) {
    if (operand.kind === 'pattern' || operand.kind === 'any' || operand.kind === 'has') {
      throw wrongAt(operand.column, 'only == and != go with pat, any and has');
    }
    const type = operand.kind === 'fact' ? typeOf(operand) : null;
    if (operand.kind === 'fact' && (type === 'yes-no' || type === 'list')) {
      throw wrongAt(operand.column, `only == and != go with [${operand.name}]`);
    }
    if (operand.kind === 'literal' && (operand.quoted || Number.isNaN(operand.amount))) {
      throw wrongAt(operand.column, 'expected a number or a duration such as 300ms or 48h');
    }
  }
}

/** Values that can never be equal to what they are compared with are mistakes. */
function checkValues(left: Operand, right: Operand): void {
  const values: readonly Value[] =
    right.kind === 'any' ? right.values : right.kind === 'literal' || right.kind === 'pattern' ? [right] : [];
  const type = left.kind === 'fact' ? typeOf(left) : left.kind === 'len' ? 'number' : 'yes-no';
  for (const value of values) {
    if (value.kind === 'pattern') continue;
    if ((type === 'number' || type === 'time') && Number.isNaN(value.amount)) {
      const expected = type === 'time' ? 'a duration such as 300ms or 48h' : 'a number';
      throw wrongAt(value.column, `expected ${expected}`);
    }
    if (type === 'yes-no' && !/^(?:true|false)$/.test(value.text))
      throw wrongAt(value.column, 'expected true or false');
  }
}

function typeOf({ name, path }: Reference): Placeholder['type'] | undefined {
  return path.length > 0 ? 'tree' : byName.get(name)?.type;
}
