import type { TrafficRecord } from '../../src/wire/traffic.ts';
import type { Expected } from './expected.ts';

/** What is compared: as lines of text, with multiplicity. */
interface Kind {
  readonly expected: (expected: Expected) => readonly string[];
  readonly found: (records: readonly TrafficRecord[]) => readonly string[];
}

const fold = (name: string | null): string => (name ?? '').toLowerCase().replace(/\.$/, '');
const once = (texts: readonly string[]): string[] => [...new Set(texts)];

export const kinds = {
  http: {
    expected: ({ http }) => http.map(([method, host, target]) => `${method} ${fold(host)} ${target}`),
    found: (records) =>
      records.flatMap((one) =>
        one.type === 'http' && one.method !== null ? [`${one.method} ${fold(one.host)} ${one.path}`] : [],
      ),
  },
  status: {
    expected: ({ status }) => status.map(String),
    found: (records) =>
      records.flatMap((one) => (one.type === 'http' && one.status !== null ? [String(one.status)] : [])),
  },
  dns: {
    expected: ({ dns }) => dns.map(([name, type]) => `${fold(name)} ${type}`),
    found: (records) =>
      once(
        records.flatMap((one) =>
          one.type === 'dns' && one.transport !== 'mdns' && one.transport !== 'llmnr'
            ? [`${fold(one.query)} ${one.qtype}`]
            : [],
        ),
      ),
  },
  sni: {
    expected: ({ sni }) => sni.map(fold),
    found: (records) =>
      once(records.flatMap((one) => (one.type === 'tls' && one.sni ? [fold(one.sni)] : []))),
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as readonly KindName[];

/** How many of the expected lines were found, and those that were not. */
export function compare(
  expected: readonly string[],
  found: readonly string[],
): { same: number; missing: string[] } {
  const left = new Map<string, number>();
  for (const one of found) left.set(one, (left.get(one) ?? 0) + 1);
  const missing = expected.filter((one) => {
    const count = left.get(one) ?? 0;
    left.set(one, count - 1);
    return count <= 0;
  });
  return { same: expected.length - missing.length, missing };
}
