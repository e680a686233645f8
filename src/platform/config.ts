/**
 * The effective configuration, from four sources. A later one wins:
 *
 * 1. the fallback of each setting
 * 2. the configuration file (TOML, one key per setting, the names of the flags)
 * 3. the environment, `NETMON_` and the name in capitals with underscores
 * 4. flags
 */
import { readFileSync } from 'node:fs';
import { parse as parseToml, TomlError } from 'smol-toml';
import { type FieldProblem, NetmonError } from '../base/errors.ts';
import { type SettingName, type SettingValues, settings } from './settings.ts';
import { listValue, type ValueKind } from './values.ts';

export interface ConfigSources {
  /** Texts of the flags that were given, by setting. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration file, if one is to be read. */
  readonly file?: string;
}

/** One effective value: as text, and where it came from. */
export interface Origin {
  readonly text: string;
  readonly from: string;
}

export interface Config<N extends SettingName> {
  readonly values: SettingValues<N>;
  /** In the order of the names; settings that nothing sets are left out. */
  readonly origins: ReadonlyMap<N, Origin>;
}

/**
 * Reads the settings with these names. Throws NM_BAD_CONFIG for the file and the environment, NM_BAD_FLAG for a flag;
 * the message names each place, its value and what is allowed.
 */
export function readConfig<N extends SettingName>(names: readonly N[], sources: ConfigSources): Config<N> {
  const file = sources.file === undefined ? new Map<string, string>() : readConfigFile(sources.file);
  const values: Partial<Record<SettingName, unknown>> = {};
  const origins = new Map<N, Origin>();
  const problems: Problem[] = [];
  for (const name of names) {
    const origin = findOrigin(name, sources, file);
    if (!origin) continue;
    const kind: ValueKind<unknown> = settings[name].kind;
    const value = kind.parse(origin.text);
    if (value === undefined) problems.push({ origin, name, expected: kind.expected });
    values[name] = value;
    origins.set(name, origin);
  }
  if (problems.length > 0) throw badValues(problems);
  return { values: values as SettingValues<N>, origins };
}

/** The configuration as a file that would set it again, each line with where its value came from. */
export function dumpConfig(origins: ReadonlyMap<SettingName, Origin>): string {
  return [...origins]
    .filter(([, { text }]) => text !== '')
    .map(([name, { text, from }]) => `${name} = ${tomlValue(name, text)}  # ${from}\n`)
    .join('');
}

interface Problem {
  readonly origin: Origin;
  readonly name: SettingName;
  readonly expected: string;
}

function findOrigin(name: SettingName, sources: ConfigSources, file: Map<string, string>): Origin | null {
  const flag = sources.flags[name];
  if (flag !== undefined) return { text: flag, from: `flag --${name}` };
  const variable = `NETMON_${name.toUpperCase().replaceAll('-', '_')}`;
  const text = sources.env[variable];
  if (text !== undefined && text !== '') return { text, from: `environment ${variable}` };
  const inFile = file.get(name);
  if (inFile !== undefined) return { text: inFile, from: `${sources.file}: ${name}` };
  const { fallback } = settings[name];
  return fallback === null ? null : { text: fallback, from: 'default' };
}

/** Longest configuration file: one that is longer is some other file. */
const maxFileBytes = 1024 * 1024;

function readConfigFile(file: string): Map<string, string> {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new NetmonError('NM_BAD_CONFIG', `${file}: unable to read the configuration file`, { cause });
  }
  if (source.length > maxFileBytes)
    throw new NetmonError('NM_BAD_CONFIG', `${file}: longer than ${maxFileBytes} bytes`);
  const found = new Map<string, string>();
  const problems: FieldProblem[] = [];
  for (const [key, value] of Object.entries(parseFile(file, source))) {
    if (!Object.hasOwn(settings, key)) {
      problems.push({
        field: key,
        message: `no such setting; known are ${Object.keys(settings).join(', ')}`,
      });
      continue;
    }
    const kind: ValueKind<unknown> = settings[key as SettingName].kind;
    const text = Array.isArray(value) && kind.list ? value.map(scalarText).join(',') : scalarText(value);
    if (text === null || text.includes('\0'))
      problems.push({ field: key, message: `expected ${kind.expected}` });
    else found.set(key, text);
  }
  if (problems.length > 0) {
    const message = problems.map((problem) => `${file}: ${problem.field}: ${problem.message}`).join('; ');
    throw new NetmonError('NM_BAD_CONFIG', message, { fields: problems });
  }
  return found;
}

function parseFile(file: string, source: string): Record<string, unknown> {
  try {
    return parseToml(source);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split('\n')[0].replace(/^Invalid TOML document: /, '');
    throw new NetmonError('NM_BAD_CONFIG', `${file}:${cause.line}:${cause.column}: not TOML: ${reason}`);
  }
}

/** The text of a TOML string, number or boolean; null for a table, an array or a date. */
function scalarText(value: unknown): string | null {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) ? String(value) : null;
}

function badValues(problems: readonly Problem[]): NetmonError {
  const fields = problems.map(({ origin, name, expected }): FieldProblem => {
    const field = origin.from.startsWith('flag') ? `--${name}` : name;
    return { field, message: `${JSON.stringify(origin.text)}: expected ${expected}` };
  });
  const message = problems.map(
    ({ origin, expected }) =>
      `${origin.from.replace(/^flag /, '')} = ${JSON.stringify(origin.text)}: expected ${expected}`,
  );
  const isFlag = problems.every(({ origin }) => origin.from.startsWith('flag'));
  return new NetmonError(isFlag ? 'NM_BAD_FLAG' : 'NM_BAD_CONFIG', message.join('; '), { fields });
}

function tomlValue(name: SettingName, text: string): string {
  const kind: ValueKind<unknown> = settings[name].kind;
  const value = kind.parse(text);
  if (kind.list) {
    const members = listValue('').parse(text) ?? [];
    return `[${members.map((part) => JSON.stringify(part)).join(', ')}]`;
  }
  return typeof value === 'boolean' || /^\d{1,15}(\.\d+)?$/.test(text) ? String(value) : JSON.stringify(text);
}
