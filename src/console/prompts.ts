import * as clack from '@clack/prompts';
import { escapeText } from '../cli/escape.ts';
import type { Field } from '../cli/monitors/fields.ts';
import { type Draft, findProblem, writeField } from '../cli/monitors/settings.ts';

/** Thrown by a question that the user gave up (Escape, Ctrl-C). */
export class Cancelled extends Error {}

/** Most lines of a list that are on the screen at once. */
const maxItems = 12;

/** The answer of a prompt. Throws Cancelled. */
export function taken<T>(answer: T): Exclude<T, symbol> {
  if (clack.isCancel(answer)) throw new Cancelled('cancelled');
  return answer as Exclude<T, symbol>;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint?: string;
}

/** One of several. */
export async function choose(message: string, choices: readonly Choice[], first?: string): Promise<string> {
  const options = choices.map(tidy);
  return taken(
    await clack.select({ message, options, maxItems, ...(first !== undefined && { initialValue: first }) }),
  );
}

/** Some of several, one at least. */
export async function chooseSome(
  message: string,
  choices: readonly Choice[],
  chosen: readonly string[],
): Promise<string[]> {
  const options = choices.map(tidy);
  return taken(
    await clack.multiselect({ message, options, maxItems, initialValues: [...chosen], required: true }),
  );
}

/** A text that `check` finds nothing wrong with. */
export async function askText(
  message: string,
  options: {
    readonly initial?: string;
    readonly placeholder?: string;
    /** What an answer of nothing stands for. */
    readonly otherwise?: string | undefined;
    readonly check: (text: string) => string | null;
  },
): Promise<string> {
  const { initial, placeholder, otherwise, check } = options;
  const answer = await clack.text({
    message,
    ...(initial !== undefined && { initialValue: initial }),
    ...(placeholder !== undefined && { placeholder }),
    ...(otherwise !== undefined && { defaultValue: otherwise }),
    validate: (text) => check((text ?? '').trim()) ?? undefined,
  });
  return taken(answer).trim();
}

export interface AskOptions {
  /** An answer of nothing is what the draft has, where nothing is no answer by itself. */
  readonly isNew: boolean;
  /** What one of several is to be, in place of what the field says. */
  readonly expected?: string | undefined;
}

/** What a field of a draft is to be, in the words of its flag; checked as it is typed in. */
export function askField(draft: Draft, field: Field, options: AskOptions): Promise<readonly string[]> {
  const now = writeField(draft, field);
  const message = `${field.name}: ${field.help}`;
  if (field.coding.placeholder === null) {
    return clack
      .confirm({ message, initialValue: now[0] !== 'no' })
      .then((answer) => [taken(answer) ? 'yes' : 'no']);
  }
  const members = field.coding.placeholder.split('|');
  if (members.length > 1) {
    const choices = members.map((value) => ({ value, label: value }));
    return choose(message, choices, now[0]).then((answer) => [answer]);
  }
  if (field.coding.many) return askMany(draft, field, now, options.expected);
  return askOne(draft, field, now[0] ?? '', options.isNew);
}

async function askOne(draft: Draft, field: Field, now: string, isNew: boolean): Promise<readonly string[]> {
  const keeps = now !== '' && (now === 'none' || (isNew && findProblem(draft, field, ['']) !== null));
  const text = await askText(field.name === 'name' ? 'Name' : `${field.name}: ${field.help}`, {
    placeholder: keeps ? now : (field.coding.placeholder ?? ''),
    initial: keeps ? '' : now,
    otherwise: keeps ? now : undefined,
    check: (answer) => (answer === '' && keeps ? null : findProblem(draft, field, [answer])),
  });
  return [text];
}

/** One after the other; the first empty one ends it. */
async function askMany(
  draft: Draft,
  field: Field,
  now: readonly string[],
  expected = field.coding.expected,
): Promise<readonly string[]> {
  const given: string[] = [];
  for (;;) {
    const text = await askText(`${field.name} ${given.length + 1}: ${expected} (nothing ends)`, {
      initial: now[given.length] ?? '',
      check: (answer) => (answer === '' ? null : findProblem(draft, field, [...given, answer])),
    });
    if (text === '') return given.length === 0 ? [''] : given;
    given.push(text);
  }
}

function tidy({ value, label, hint }: Choice): { value: string; label: string; hint?: string } {
  return { value, label: escapeText(label), ...(hint !== undefined && { hint: escapeText(hint) }) };
}
