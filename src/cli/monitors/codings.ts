/**
 * How values of monitors are written by people: one way for flags, answers in a step-by-step flow and the file of the
 * console. A value is a list of texts, of which one that cannot be repeated has one.
 */
export interface Coding {
  /** Name of the value in help; null for a switch, which needs none. */
  readonly placeholder: string | null;
  /** What is allowed, for messages. */
  readonly expected: string;
  /** Whether it may be given several times. */
  readonly many?: true;
  /** Undefined for texts that stand for no value. */
  readonly read: (texts: readonly string[]) => unknown;
  /** The texts that `read` makes this value of. */
  readonly write: (value: unknown) => readonly string[];
}

const last = (texts: readonly string[]): string => texts.at(-1) ?? '';

export const textCoding = (placeholder: string, expected = 'a text'): Coding => ({
  placeholder,
  expected,
  read: last,
  write: (value) => [String(value)],
});

/** Nothing, or `none`, is null. */
export const orNone = (coding: Coding): Coding => ({
  ...coding,
  expected: `${coding.expected}, or none`,
  read: (texts) => (last(texts) === '' || last(texts) === 'none' ? null : coding.read(texts)),
  write: (value) => (value === null ? ['none'] : coding.write(value)),
});

export const choiceCoding = (...members: readonly string[]): Coding => ({
  placeholder: members.join('|'),
  expected: `one of ${members.join(', ')}`,
  read: (texts) => members.find((member) => member === last(texts)),
  write: (value) => [String(value)],
});

const switches = new Map([
  ...['true', 'yes', 'y', 'on', '1'].map((text) => [text, true] as const),
  ...['false', 'no', 'n', 'off', '0'].map((text) => [text, false] as const),
]);

export const switchCoding: Coding = {
  placeholder: null,
  expected: 'yes or no',
  read: (texts) => switches.get(last(texts).toLowerCase()),
  write: (value) => [value === true ? 'yes' : 'no'],
};

/** A whole number; its range is the schema's. */
export const numberCoding = (placeholder = 'NUMBER'): Coding => ({
  placeholder,
  expected: 'a whole number',
  read: (texts) => (/^\d{1,9}$/.test(last(texts)) ? Number(last(texts)) : undefined),
  write: (value) => [String(value)],
});

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `500ms`, `30s`, `1.5m`, `2h`, `1d`; undefined for what is no duration. */
export function readDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text);
  return match ? Math.round(Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]) : undefined;
}

/** Milliseconds in the largest unit that holds them whole: `90s`, `1h`. */
export function writeDuration(ms: number): string {
  const units = Object.entries(unitMs).reverse();
  const [unit, size] = units.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

export const durationCoding: Coding = {
  placeholder: 'DURATION',
  expected: 'a duration such as 500ms, 30s or 5m',
  read: (texts) => readDuration(last(texts)),
  write: (value) => [writeDuration(value as number)],
};

/** 4, 6, or any for null. */
export const familyCoding: Coding = {
  placeholder: '4|6|any',
  expected: '4, 6 or any',
  read: (texts) =>
    new Map<string, unknown>([
      ['4', 4],
      ['6', 6],
      ['any', null],
      ['', null],
    ]).get(last(texts)),
  write: (value) => [value === null ? 'any' : String(value)],
};

/** Names separated by commas. */
export const namesCoding = (placeholder = 'NAMES'): Coding => ({
  placeholder,
  expected: 'names separated by commas',
  many: true,
  read: splitNames,
  write: (value) => [(value as readonly string[]).join(',')],
});

/** Names, or `*` for all. */
export const namesOrAllCoding: Coding = {
  ...namesCoding(),
  expected: 'names separated by commas, or * for all',
  read: (texts) => {
    const names = splitNames(texts);
    return names.length === 0 || names.includes('*') || names.includes('all') ? '*' : names;
  },
  write: (value) => [Array.isArray(value) ? value.join(',') : '*'],
};

function splitNames(texts: readonly string[]): string[] {
  const names = texts.flatMap((text) => text.split(',')).map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))];
}

/** One member a text; a text of nothing adds none. */
export const membersCoding = (
  placeholder: string,
  expected: string,
  member: { readonly read: (text: string) => unknown; readonly write: (value: unknown) => string },
): Coding => ({
  placeholder,
  expected,
  many: true,
  read: (texts) => {
    const values = texts.filter((text) => text.trim() !== '').map(member.read);
    return values.includes(undefined) ? undefined : values;
  },
  write: (value) => (value as readonly unknown[]).map(member.write),
});

/** Names with values; `sign` stands between the two. */
export const pairsCoding = (placeholder: string, sign: '=' | ':'): Coding => ({
  placeholder,
  expected: placeholder,
  many: true,
  read: (texts) => {
    const pairs = texts.filter((text) => text.trim() !== '').map((text) => splitPair(text, sign));
    return pairs.every((pair) => pair !== null) ? Object.fromEntries(pairs) : undefined;
  },
  write: (value) =>
    Object.entries(value as Readonly<Record<string, string>>).map(
      ([name, text]) => `${name}${sign === ':' ? ': ' : sign}${text}`,
    ),
});

function splitPair(text: string, sign: string): readonly [string, string] | null {
  const at = text.indexOf(sign);
  return at > 0 ? [text.slice(0, at).trim(), text.slice(at + 1).trim()] : null;
}

const escapes: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '\\': '\\' };

/** Text with `\r`, `\n`, `\t`, `\\` and `\x41` in it as what they stand for. */
export function readEscapes(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([rnt\\]))/g, (_, hex: string | undefined, letter: string) =>
    hex === undefined ? escapes[letter] : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** The opposite of `readEscapes`; all other controls are written by their numbers. */
export function writeEscapes(text: string): string {
  return text.replace(/[\\\p{Cc}]/gu, (char) => {
    const letter = Object.keys(escapes).find((each) => escapes[each] === char);
    return letter === undefined ? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}` : `\\${letter}`;
  });
}

export const escapedCoding = (placeholder: string): Coding => ({
  placeholder,
  expected: 'a text, in which \\r, \\n and \\x41 stand for bytes',
  read: (texts) => readEscapes(last(texts)),
  write: (value) => [writeEscapes(String(value))],
});
