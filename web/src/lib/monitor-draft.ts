import type { Assertion, Maintenance, Monitor } from '../../../src/wire/monitor.ts';
import type { Probe, ProbeKind } from '../../../src/wire/probe.ts';
import { kindOf, type ShownKind } from './monitors.ts';
import { type ProbeField, probeFields } from './probe-fields.ts';

/** A maintenance window as it is typed in. */
export interface WindowDraft {
  readonly weekly: boolean;
  /** RFC 3339 or what is typed in its place. */
  readonly from: string;
  readonly to: string;
  readonly weekdays: readonly number[];
  readonly at: string;
  readonly minutes: string;
  readonly note: string;
}

/**
 * A monitor as it stands in the form: texts as they were typed. What is no number stays the text that it is, so that
 * the server says what it expected.
 */
export interface MonitorDraft {
  readonly name: string;
  readonly kind: ShownKind;
  readonly probe: Readonly<Record<string, string | boolean>>;
  readonly interval: string;
  readonly timeout: string;
  readonly retries: string;
  readonly assertions: readonly Assertion[];
  readonly labels: string;
  /** Null for all. */
  readonly agents: readonly string[] | null;
  readonly quorum: string;
  /** Rounds in a row, or a share of the last ones. */
  readonly byShare: boolean;
  readonly failures: string;
  readonly successes: string;
  readonly shareRounds: string;
  readonly raise: string;
  readonly clear: string;
  readonly parents: readonly string[];
  readonly maintenance: readonly WindowDraft[];
  readonly isPublic: boolean;
}

export const wireKind = (kind: ShownKind): ProbeKind => (kind === 'https' ? 'http' : kind);

/** A new one of that kind; what another kind has in common with it is kept. */
export function withKind(draft: MonitorDraft, kind: ShownKind): MonitorDraft {
  const fields = probeFields[wireKind(kind)];
  const probe: Record<string, string | boolean> = {};
  for (const { name, initial } of fields) probe[name] = initial;
  if (draft.probe.host && 'host' in probe) probe.host = draft.probe.host;
  if (wireKind(kind) === wireKind(draft.kind)) Object.assign(probe, draft.probe);
  if (kind === 'https' || kind === 'http')
    probe.url = String(probe.url ?? '').replace(/^https?:/i, `${kind}:`);
  return { ...draft, kind, probe };
}

export const newWindow: WindowDraft = {
  weekly: true,
  from: '',
  to: '',
  weekdays: [0],
  at: '02:00',
  minutes: '60',
  note: '',
};

const blank: MonitorDraft = {
  name: '',
  kind: 'https',
  probe: {},
  interval: '60',
  timeout: '10',
  retries: '0',
  assertions: [],
  labels: '',
  agents: null,
  quorum: '1',
  byShare: false,
  failures: '2',
  successes: '1',
  shareRounds: '20',
  raise: '50',
  clear: '20',
  parents: [],
  maintenance: [],
  isPublic: false,
};
export const newDraft: MonitorDraft = withKind(blank, 'https');

/** What is there already, to be changed. */
export function draftOf(monitor: Monitor): MonitorDraft {
  const { probe, thresholds, agents } = monitor;
  const { share } = thresholds;
  return {
    name: monitor.name,
    kind: kindOf(probe),
    probe: writeProbe(probe),
    interval: String(monitor.interval_ms / 1000),
    timeout: String(monitor.timeout_ms / 1000),
    retries: String(monitor.retries),
    assertions: monitor.assertions,
    labels: Object.entries(monitor.labels)
      .map(([label, value]) => `${label}=${value}`)
      .join('\n'),
    agents: agents === '*' ? null : agents,
    quorum: String(monitor.quorum),
    byShare: share !== null,
    failures: String(thresholds.failures),
    successes: String(thresholds.successes),
    shareRounds: String(share?.rounds ?? blank.shareRounds),
    raise: String(share?.raise_percent ?? blank.raise),
    clear: String(share?.clear_percent ?? blank.clear),
    parents: monitor.parents,
    maintenance: monitor.maintenance.map(writeWindow),
    isPublic: monitor.public,
  };
}

function writeProbe(probe: Probe): Record<string, string | boolean> {
  const values = probe as unknown as Readonly<Record<string, unknown>>;
  const written: Record<string, string | boolean> = {};
  for (const { name, type } of probeFields[probe.kind]) {
    const value = values[name];
    if (type === 'check') written[name] = value === true;
    else if (type === 'headers') written[name] = writeHeaders(value as Readonly<Record<string, string>>);
    else if (type === 'steps') written[name] = (value as readonly Step[]).map(writeStep).join('\n');
    else written[name] = value === null || value === undefined ? '' : String(value);
  }
  return written;
}

function writeHeaders(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

type Step = Extract<Probe, { kind: 'tcp' }>['steps'][number];

function writeStep(step: Step): string {
  if ('expect' in step) return `expect: ${step.expect}`;
  if (step.encoding === 'hex') return `sendhex: ${step.send}`;
  return `send: ${step.send.replaceAll('\\', '\\\\').replaceAll('\r', '\\r').replaceAll('\n', '\\n')}`;
}

function writeWindow(window: Maintenance): WindowDraft {
  if ('from' in window) return { ...newWindow, weekly: false, ...window };
  return { ...newWindow, ...window, weekly: true, minutes: String(window.minutes) };
}

/** What is sent to the server, that checks it. */
export function inputOf(draft: MonitorDraft): Record<string, unknown> {
  return {
    name: draft.name.trim(),
    probe: probeOf(draft),
    interval_ms: secondsOf(draft.interval),
    timeout_ms: secondsOf(draft.timeout),
    retries: numberOf(draft.retries),
    assertions: assertionsOf(draft),
    labels: readPairs(draft.labels, '='),
    agents: draft.agents ?? '*',
    quorum: numberOf(draft.quorum),
    thresholds: {
      failures: numberOf(draft.failures),
      successes: numberOf(draft.successes),
      share: draft.byShare
        ? {
            rounds: numberOf(draft.shareRounds),
            raise_percent: numberOf(draft.raise),
            clear_percent: numberOf(draft.clear),
          }
        : null,
    },
    parents: draft.parents,
    maintenance: draft.maintenance.map(windowOf),
    public: draft.isPublic,
  };
}

/** The probe with its assertions, for a try before anything is saved. */
export function trialOf(draft: MonitorDraft): Record<string, unknown> {
  return {
    probe: probeOf(draft),
    assertions: assertionsOf(draft),
    timeout_ms: secondsOf(draft.timeout),
    retries: numberOf(draft.retries),
    agents: draft.agents ?? '*',
  };
}

function assertionsOf({ assertions }: MonitorDraft): readonly Assertion[] {
  return assertions.map(({ test, severity }) => ({ test: test.trim(), severity }));
}

function probeOf({ kind, probe }: MonitorDraft): Record<string, unknown> {
  const read: Record<string, unknown> = { kind: wireKind(kind) };
  for (const field of probeFields[wireKind(kind)]) {
    const value = readField(field, probe[field.name] ?? field.initial);
    if (value !== undefined) read[field.name] = value;
  }
  return read;
}

function readField({ name, type, nullable }: ProbeField, value: string | boolean): unknown {
  if (typeof value === 'boolean') return value;
  if (type === 'headers') return readPairs(value, ':');
  if (type === 'steps') return readLines(value).map(readStep);
  const text = type === 'area' ? value : value.trim();
  if (text === '' && nullable) return null;
  if (type === 'number' || name === 'family') return numberOf(text);
  return text;
}

function readStep(line: string): Record<string, unknown> {
  const [, word = '', rest = ''] = /^(\w+):\s?(.*)$/.exec(line) ?? [];
  if (word === 'expect') return { expect: rest };
  if (word === 'sendhex') return { send: rest, encoding: 'hex' };
  return { send: readEscapes(word === 'send' ? rest : line), encoding: 'text' };
}

function readEscapes(text: string): string {
  return text.replace(/\\([rnt\\])/g, (_, sign: string) => ({ r: '\r', n: '\n', t: '\t' })[sign] ?? '\\');
}

function readLines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

function readPairs(text: string, sign: string): Record<string, string> {
  const pairs = readLines(text).map((line): [string, string] => {
    const at = line.indexOf(sign);
    return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

function windowOf(window: WindowDraft): Record<string, unknown> {
  const { weekly, from, to, weekdays, at, minutes, note } = window;
  return weekly ? { weekdays, at, minutes: numberOf(minutes), note } : { from, to, note };
}

/** What is no number stays as it is; nothing at all is left out. */
function numberOf(text: string): number | string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : trimmed;
}

/** What the server says of a field, in the units of the form: it counts milliseconds where the form has seconds. */
export function tellProblem(field: string, message: string): string {
  if (field !== 'interval_ms' && field !== 'timeout_ms') return message;
  return message.replace(/\d+$/, (ms) => `${Number(ms) / 1000} s`);
}

function secondsOf(text: string): number | string | undefined {
  const seconds = numberOf(text);
  return typeof seconds === 'number' ? Math.round(seconds * 1000) : seconds;
}
