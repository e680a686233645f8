import * as clack from '@clack/prompts';
import { describeError, NetmonError } from '../base/errors.ts';
import { escapeText } from '../cli/escape.ts';
import { describeSettings, hideSecrets } from '../cli/monitors/describe.ts';
import { type KindName, kindForms, kindNames, nameKind, writeTarget } from '../cli/monitors/probe-fields.ts';
import {
  applyAnswers,
  checkDraft,
  type Draft,
  findTargetProblem,
  listFields,
  startDraft,
  writeField,
} from '../cli/monitors/settings.ts';
import type { MonitorSettings } from '../wire/monitor.ts';
import { monitorSettingsSchema } from '../wire/monitor.ts';
import { askField, askText, Cancelled, choose } from './prompts.ts';

/** A field that is asked for; of some only if the answers so far call for it. */
interface Question {
  readonly field: string;
  readonly when?: (probe: Readonly<Record<string, unknown>>) => boolean;
}

const ask = (field: string, when?: Question['when']): Question => ({ field, ...(when && { when }) });
const http = [ask('method'), ask('body', ({ method }) => /^(?:POST|PUT|PATCH)$/.test(String(method)))];

/** What is asked for each kind before the summary; all else has a good default and can be changed there. */
const asked: Readonly<Record<KindName, readonly Question[]>> = {
  http,
  https: http,
  icmp: [ask('echoes')],
  dns: [ask('type'), ask('resolver')],
  ntp: [ask('samples')],
  tcp: [ask('tls'), ask('starttls', ({ tls }) => tls === 'starttls'), ask('step')],
  udp: [ask('encoding'), ask('payload'), ask('expect')],
  traceroute: [ask('method'), ask('port', ({ method }) => method === 'tcp')],
};
const askedOfAll = ['name', 'interval', 'assert'].map((field) => ask(field));

export interface FlowParts {
  /** Lines that tell what a round of it finds now. */
  readonly tryIt: (settings: MonitorSettings) => Promise<readonly string[]>;
  /** Asks where it is to run; the settings with that in them. */
  readonly askWhere: (settings: MonitorSettings) => Promise<MonitorSettings>;
}

/** Leads through a new monitor, step by step, to a summary that is confirmed. Throws Cancelled. */
export async function setUp(
  given: { kind?: KindName; target?: string },
  parts: FlowParts,
): Promise<MonitorSettings> {
  const kind = given.kind ?? (await askKind());
  const { target } = kindForms[kind];
  const text =
    given.target ??
    (await askText(target.question, {
      placeholder: target.example,
      check: (answer) => findTargetProblem(kind, answer),
    }));
  let draft: Draft = fill(startDraft(kind, text));
  for (const { field, when } of [...asked[kind], ...askedOfAll]) {
    if (!when || when(draft.probe as Readonly<Record<string, unknown>>))
      draft = await askNamed(draft, kind, field, true);
  }
  return confirm(await parts.askWhere(await settle(draft, kind)), 'Set it up', parts);
}

/** Shows settings and has them changed, one at a time, until they are saved. Throws Cancelled. */
export async function confirm(
  settings: MonitorSettings,
  save: string,
  parts: FlowParts,
): Promise<MonitorSettings> {
  let now = settings;
  for (;;) {
    clack.note(describeSettings(now).join('\n'), escapeText(now.name));
    const next = await choose('All right?', [
      { value: 'save', label: save },
      { value: 'try', label: 'Try it now', hint: 'one round, of which nothing is kept' },
      { value: 'change', label: 'Change a setting' },
    ]);
    if (next === 'save') return now;
    if (next === 'change') now = await change(now, parts).catch(orElse(now));
    else
      clack.log.message([
        ...(await parts.tryIt(now).catch((error: unknown) => [escapeText(describeError(error))])),
      ]);
  }
}

/** A change that is given up leaves all as it was. */
function orElse<T>(before: T): (thrown: unknown) => T {
  return (thrown) => {
    if (thrown instanceof Cancelled) return before;
    throw thrown;
  };
}

/** The settings of a draft; what does not go together is asked for again. Throws Cancelled. */
async function settle(draft: Draft, kind: KindName): Promise<MonitorSettings> {
  let now = draft;
  for (;;) {
    try {
      return checkDraft(kind, now);
    } catch (error) {
      const name = error instanceof NetmonError ? error.fields[0]?.field.replace(/^--/, '') : undefined;
      if (!listFields(kind).some((field) => field.name === name)) throw error;
      clack.log.warn(escapeText(describeError(error)));
      now = await askNamed(now, kind, name!, false);
    }
  }
}

function askKind(): Promise<KindName> {
  const choices = kindNames.map((value) => ({
    value,
    label: kindForms[value].title,
    hint: kindForms[value].target.example,
  }));
  return choose('What kind of monitor?', choices) as Promise<KindName>;
}

async function change(settings: MonitorSettings, parts: FlowParts): Promise<MonitorSettings> {
  const kind = nameKind(settings.probe);
  const shown = hideSecrets(settings);
  const choices = listFields(kind)
    .filter(({ name }) => name !== 'agents' && name !== 'stopped-on')
    .map((field) => ({ value: field.name, label: field.name, hint: writeField(shown, field).join(', ') }));
  const name = await choose('Which one?', [
    { value: 'target', label: 'target', hint: writeTarget(shown.probe) },
    { value: 'where', label: 'where', hint: 'the agents that carry it out' },
    ...choices,
  ]);
  if (name === 'where') return parts.askWhere(settings);
  if (name !== 'target') return settle(await askNamed(settings, kind, name, false), kind);
  const { target } = kindForms[kind];
  const text = await askText(target.question, {
    initial: writeTarget(settings.probe),
    check: (answer) => findTargetProblem(kind, answer),
  });
  return settle({ ...settings, probe: { ...settings.probe, ...target.read(text) } }, kind);
}

/** Asks for one field; of a new monitor an answer of nothing is what is shown. */
async function askNamed(draft: Draft, kind: KindName, name: string, isNew: boolean): Promise<Draft> {
  const field = listFields(kind).find((each) => each.name === name);
  if (!field) return draft;
  const expected = name === 'assert' ? `a comparison such as ${kindForms[kind].assertion}` : undefined;
  return applyAnswers(draft, kind, { [name]: await askField(draft, field, { isNew, expected }) });
}

/** With all defaults, so that questions show what an answer would be without one. */
function fill(draft: Draft): Draft {
  const parsed = monitorSettingsSchema.safeParse(draft);
  return parsed.success ? parsed.data : draft;
}
