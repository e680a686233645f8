/** How one setting is written, the same in a flag, an environment variable and the configuration file. */
export interface ValueKind<T> {
  /** The value of a text, or undefined when it is none. */
  readonly parse: (text: string) => T | undefined;
  /** What is allowed, for messages: `a port from 0 to 65535`. */
  readonly expected: string;
  /** Name of the value in `--help`; a switch has none. */
  readonly placeholder: string | null;
  /** Whether an array in the configuration file, or a repeated flag, stands for its members joined by commas. */
  readonly list?: boolean;
  /** What a flag without a value stands for, as it would be written; absent where a flag needs one. */
  readonly bare?: string;
}

export const textValue = (placeholder: string, expected = 'a text'): ValueKind<string> => ({
  parse: (text) => (text === '' || text.includes('\0') ? undefined : text),
  expected,
  placeholder,
});

/** A file or folder. A leading `~/` is not expanded: the shell does that. */
export const pathValue: ValueKind<string> = textValue('PATH', 'a path');

const switches = new Map([
  ...['true', 'yes', 'on', '1'].map((text) => [text, true] as const),
  ...['false', 'no', 'off', '0'].map((text) => [text, false] as const),
]);

export const switchValue: ValueKind<boolean> = {
  parse: (text) => switches.get(text),
  expected: 'true or false',
  placeholder: null,
};

export const portValue: ValueKind<number> = {
  parse: (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : undefined),
  expected: 'a port from 0 to 65535 (0 for any free one)',
  placeholder: 'PORT',
};

export const choiceValue = <const T extends string>(values: readonly T[]): ValueKind<T> => ({
  parse: (text) => values.find((value) => value === text),
  expected: `one of ${values.join(', ')}`,
  placeholder: values.join('|'),
});

export const numberValue = (least: number, most: number, placeholder: string): ValueKind<number> => ({
  parse: (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  },
  expected: `a number from ${least} to ${most}`,
  placeholder,
});

/** A whole number, taken up to the next power of two; both bounds are such. */
export const powerOfTwoValue = (least: number, most: number): ValueKind<number> => ({
  parse: (text) => {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? 2 ** Math.ceil(Math.log2(value)) : undefined;
  },
  expected: `a number from ${least} to ${most}`,
  placeholder: 'NUMBER',
});

/** Names separated by commas. */
export const listValue = (placeholder: string): ValueKind<readonly string[]> => ({
  parse: (text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  expected: 'names separated by commas',
  placeholder,
  list: true,
});

/** Members of a closed set, separated by commas; `all` for every one of them. */
export const membersValue = <const T extends string>(
  members: readonly T[],
  placeholder: string,
): ValueKind<readonly T[]> => ({
  parse: (text) => {
    const parts = listValue(placeholder).parse(text) ?? [];
    const found = parts.flatMap((part) =>
      part === 'all' ? members : members.filter((each) => each === part),
    );
    return parts.every((part) => part === 'all' || members.some((each) => each === part))
      ? [...new Set(found)]
      : undefined;
  },
  expected: `all, or some of ${members.join(', ')}`,
  placeholder,
  list: true,
});

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:65240`, `[::1]:65240`, `name:65240`, or a port of 127.0.0.1 alone. */
export const listenValue = (bare: string): ValueKind<ListenAddress> => ({
  parse: (text) => {
    const match = /^(?:(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_][A-Za-z0-9._-]{0,252})):)?(\d{1,5})$/.exec(
      text,
    );
    const port = portValue.parse(match?.[3] ?? '');
    return port === undefined ? undefined : { host: match?.[1] ?? match?.[2] ?? '127.0.0.1', port };
  },
  expected: `an address and a port, such as ${bare}`,
  placeholder: 'ADDRESS:PORT',
  bare,
});

/** Names of ip-netns(8), which are those of files, `pid:N` and `all`. */
const networkNamespace = /^(all|pid:[1-9]\d{0,9}|(?!pid:)[^/\0]{1,255})$/;

export const networkNamespacesValue: ValueKind<readonly string[]> = {
  ...listValue('NAMES'),
  parse: (text) => {
    const names = listValue('NAMES').parse(text) ?? [];
    return names.every((name) => networkNamespace.test(name) && !/^\.\.?$/.test(name)) ? names : undefined;
  },
  expected: 'names of network namespaces, pid:N or all, separated by commas',
};

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `2s`, `1.5m`, `2h`, `7d`, in milliseconds. */
export const durationValue = (leastMs: number, mostMs: number): ValueKind<number> => ({
  parse: (text) => {
    const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text);
    if (!match) return undefined;
    const value = Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
    return value >= leastMs && value <= mostMs ? value : undefined;
  },
  expected: `a duration from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}, such as 500ms, 2s or 5m`,
  placeholder: 'DURATION',
});

/** Milliseconds in the largest unit that holds them whole. */
export function formatDuration(ms: number): string {
  const units = Object.entries(unitMs).reverse();
  const [unit, size] = units.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

const unitBytes = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
} as const;

/** `500MB`, `2GB`, `1GiB` or a number of bytes. */
export const sizeValue: ValueKind<number> = {
  parse: (text) => {
    const match = /^(\d{1,12}(?:\.\d{1,3})?)(B|[KMGT]B|[KMG]iB)?$/.exec(text);
    return match
      ? Math.round(Number(match[1]) * unitBytes[(match[2] ?? 'B') as keyof typeof unitBytes])
      : undefined;
  },
  expected: 'a size such as 500MB or 2GB',
  placeholder: 'SIZE',
};

/** `http://host:port` or `https://host:port`, without a trailing slash. */
export const urlValue: ValueKind<string> = {
  parse: (text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    const usable = url && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '';
    return usable ? url.href.replace(/\/+$/, '') : undefined;
  },
  expected: 'a URL such as http://127.0.0.1:8080',
  placeholder: 'URL',
};
