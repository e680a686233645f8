import type { z } from 'zod';
import { NetmonError } from '../../base/errors.ts';
import { parseAssertion } from '../../rules/assertions/assertions.ts';
import { type Assertion, type MonitorSettings, monitorSettingsSchema } from '../../wire/monitor.ts';
import type { Probe, ProbeKind } from '../../wire/probe.ts';
import { assertField, type Field, monitorFields, nameField } from './fields.ts';
import { type KindName, kindForms, kindNames, nameKind, writeTarget } from './probe-fields.ts';
import { findProbeProblem } from './probe-problems.ts';

/** What was said of each field, by its name; of one that cannot be repeated the last text counts. */
export type Answers = Readonly<Record<string, readonly string[] | undefined>>;
/** Settings that are not checked yet. */
export type Draft = Readonly<Record<string, unknown>>;

/** The kind of that name. Throws NM_BAD_FLAG. */
export function readKind(text: string): KindName {
  const kind = kindNames.find((name) => name === text.toLowerCase());
  if (kind) return kind;
  throw new NetmonError(
    'NM_BAD_FLAG',
    `${JSON.stringify(text)} is no kind of probe: expected one of ${kindNames.join(', ')}`,
  );
}

/** All fields of a kind, those of its probe first. */
export function listFields(kind: KindName): readonly Field[] {
  return [...kindForms[kind].fields, ...monitorFields];
}

/** A draft with nothing but a kind, a target and the name that follows from it. Throws NM_BAD_FLAG. */
export function startDraft(kind: KindName, target: string): Draft {
  const { kind: probeKind } = kindForms[kind];
  const payload = probeKind === 'udp' ? { payload: '' } : {};
  const probe = { kind: probeKind, ...payload, ...readTarget(kind, target) };
  return { name: target.slice(0, 128), probe };
}

/** New settings. Throws NM_BAD_FLAG that names each flag that cannot be used. */
export function makeSettings(kind: KindName, target: string, answers: Answers): MonitorSettings {
  return checkDraft(kind, applyAnswers(startDraft(kind, target), kind, answers));
}

/** Settings with what was said in place of what they had; an unsaid target stays. Throws as `makeSettings`. */
export function changeSettings(
  settings: MonitorSettings,
  target: string | undefined,
  answers: Answers,
): MonitorSettings {
  const kind = nameKind(settings.probe);
  const draft =
    target === undefined
      ? settings
      : { ...settings, probe: { ...settings.probe, ...readTarget(kind, target) } };
  return checkDraft(kind, applyAnswers(draft, kind, answers));
}

/** What is wrong with an answer, in words for whoever gave it; null when it can be used. */
export function findProblem(draft: Draft, field: Field, texts: readonly string[]): string | null {
  const value = field.coding.read(texts);
  if (value === undefined) return `expected ${field.coding.expected}`;
  const { data, error } = monitorSettingsSchema.safeParse(putValue(draft, field.path, value));
  const issue = error?.issues.find((each) => field.path.every((key, i) => each.path[i] === key));
  if (issue) return explainIssue(issue, field);
  const { kind } = draft.probe as Probe;
  if (field === assertField) return findAssertionProblem(value as readonly Assertion[], kind);
  const problem = data && findProbeProblem(data.probe);
  return problem?.field === field.name ? problem.message : null;
}

/** What is wrong with a target; null when it can be used. */
export function findTargetProblem(kind: KindName, text: string): string | null {
  try {
    checkDraft(kind, startDraft(kind, text));
    return null;
  } catch (error) {
    return error instanceof NetmonError ? (error.fields[0]?.message ?? error.message) : String(error);
  }
}

/** A draft with the answers in it. Throws NM_BAD_FLAG for one that this kind does not have, or that is no value. */
export function applyAnswers(draft: Draft, kind: KindName, answers: Answers): Draft {
  const fields = new Map(listFields(kind).map((field) => [field.name, field]));
  let filled = draft;
  for (const [name, texts] of Object.entries(answers)) {
    if (texts === undefined) continue;
    const field = fields.get(name);
    if (!field) throw fail(`--${name}`, `a monitor of ${kindForms[kind].title} has no such setting`);
    const value = field.coding.read(texts);
    if (value === undefined) throw fail(`--${name}`, `expected ${field.coding.expected}`, texts);
    filled = putValue(filled, field.path, value);
  }
  return filled;
}

/** The settings that a draft stands for, with all defaults. Throws NM_BAD_FLAG. */
export function checkDraft(kind: KindName, draft: Draft): MonitorSettings {
  const parsed = monitorSettingsSchema.safeParse(draft);
  if (parsed.success) {
    const problem = findAssertionProblem(parsed.data.assertions, parsed.data.probe.kind);
    if (problem !== null) throw fail('--assert', problem);
    const other = findProbeProblem(parsed.data.probe);
    if (other) throw fail(`--${other.field}`, other.message);
    return parsed.data;
  }
  const fields = parsed.error.issues.slice(0, 8).map((issue) => {
    const field = listFields(kind).find(({ path }) => path.every((key, i) => issue.path[i] === key));
    return {
      field: field ? `--${field.name}` : kindForms[kind].target.placeholder,
      message: explainIssue(issue, field),
    };
  });
  const text = fields.map(({ field, message }) => `${field}: ${message}`).join('; ');
  throw new NetmonError('NM_BAD_FLAG', text, { fields });
}

/** What a field is set to, as people write it; none where a repeatable one has no member. */
export function writeField(settings: Draft, field: Field): readonly string[] {
  let value: unknown = settings;
  for (const key of field.path) value = (value as Draft | undefined)?.[key];
  return value === undefined ? [] : field.coding.write(value);
}

/** What in these settings is other than the default, with all that was ever asked for. */
export function listChosen(
  settings: MonitorSettings,
): { readonly field: Field; readonly texts: readonly string[] }[] {
  const kind = nameKind(settings.probe);
  const plain = monitorSettingsSchema.parse({ ...startDraft(kind, writeTarget(settings.probe)) });
  return listFields(kind)
    .map((field) => ({ field, texts: writeField(settings, field), usual: writeField(plain, field) }))
    .filter(({ field, texts, usual }) => field !== nameField && texts.join('\n') !== usual.join('\n'));
}

function readTarget(kind: KindName, text: string): Readonly<Record<string, unknown>> {
  const { target } = kindForms[kind];
  const fields = text === '' ? null : target.read(text);
  if (fields) return fields;
  throw fail(target.placeholder, `expected ${target.placeholder} such as ${target.example}`, [text]);
}

function findAssertionProblem(assertions: readonly Assertion[], kind: ProbeKind): string | null {
  for (const { test } of assertions) {
    try {
      parseAssertion(test, kind);
    } catch (error) {
      if (error instanceof NetmonError) return error.message;
      throw error;
    }
  }
  return null;
}

function putValue(draft: Draft, [key, ...rest]: readonly string[], value: unknown): Draft {
  if (rest.length === 0) return { ...draft, [key]: value };
  return { ...draft, [key]: putValue((draft[key] ?? {}) as Draft, rest, value) };
}

function explainIssue(issue: z.core.$ZodIssue, field?: Field): string {
  const branch = issue.code === 'invalid_union' ? issue.errors.flat()[0] : undefined;
  const { message } = branch ?? issue;
  const isNumber = (issue.code === 'too_small' || issue.code === 'too_big') && issue.origin === 'number';
  if (!isNumber || !field) return message.replace(/^Invalid input: /, '');
  const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  return `expected ${field.coding.write(Number(bound))[0]} at ${issue.code === 'too_small' ? 'least' : 'most'}`;
}

function fail(field: string, message: string, texts: readonly string[] = []): NetmonError {
  const said = texts.length === 0 ? '' : ` = ${JSON.stringify(texts.join(', ').slice(0, 200))}`;
  return new NetmonError('NM_BAD_FLAG', `${field}${said}: ${message}`, { fields: [{ field, message }] });
}
