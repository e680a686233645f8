import * as clack from '@clack/prompts';
import { describeError } from '../base/errors.ts';
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
import { askField, askText, choose } from './prompts.ts';

/** What is asked for each kind before the summary; all else has a good default and can be changed there. */
const asked: Readonly<Record<KindName, readonly string[]>> = {
  http: ['method'],
  https: ['method'],
  icmp: ['echoes'],
  dns: ['type', 'resolver'],
  ntp: ['samples'],
  tcp: ['tls', 'step'],
  udp: ['payload', 'expect'],
  traceroute: ['method'],
};
const askedOfAll = ['name', 'interval', 'assert'];

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
  for (const name of [...asked[kind], ...askedOfAll]) draft = await askNamed(draft, kind, name);
  return confirm(await parts.askWhere(checkDraft(kind, draft)), 'Set it up', parts);
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
    if (next === 'change') now = await change(now, parts);
    else
      clack.log.message([
        ...(await parts.tryIt(now).catch((error: unknown) => [escapeText(describeError(error))])),
      ]);
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
  if (name !== 'target') return checkDraft(kind, await askNamed(settings, kind, name));
  const { target } = kindForms[kind];
  const text = await askText(target.question, {
    initial: writeTarget(settings.probe),
    check: (answer) => findTargetProblem(kind, answer),
  });
  return checkDraft(kind, { ...settings, probe: { ...settings.probe, ...target.read(text) } });
}

async function askNamed(draft: Draft, kind: KindName, name: string): Promise<Draft> {
  const field = listFields(kind).find((each) => each.name === name);
  return field ? applyAnswers(draft, kind, { [name]: await askField(draft, field) }) : draft;
}

/** With all defaults, so that questions show what an answer would be without one. */
function fill(draft: Draft): Draft {
  const parsed = monitorSettingsSchema.safeParse(draft);
  return parsed.success ? parsed.data : draft;
}
