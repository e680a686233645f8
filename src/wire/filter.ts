import { type FieldProblem, NetmonError } from '../base/errors.ts';
import { type Cidr, formatEndpoint, parseCidr, parseEndpoint } from '../base/ip.ts';
import type { Connection } from './connection.ts';
import type { ConnectionFilter } from './query.ts';

/** The fields that `text` searches, live and stored. */
export const searchedFields = [
  'process_name',
  'process_path',
  'process_id',
  'local_addr',
  'remote_addr',
  'error',
  'protocol',
  'state',
  'agent',
  'direction',
  'remote_name',
  'application',
  'country',
  'organization',
  'user',
  'command_line',
  'container',
  'unit',
  'site',
  'sni',
] as const satisfies readonly (keyof Connection)[];

/** The agents that a filter names, apart by commas. */
export function splitAgents(agent: string): string[] {
  return agent.split(',').filter((name) => name !== '');
}

/** What `local` and `remote` ask for: one endpoint in canonical text, the addresses of a network, or part of a name. */
export type AddressTest =
  | { readonly kind: 'endpoint'; readonly text: string }
  | { readonly kind: 'network'; readonly cidr: Cidr }
  | { readonly kind: 'name'; readonly part: string };

/**
 * A filter whose texts are read: addresses parsed, durations turned into times (RFC 3339, UTC, milliseconds), filters
 * that ask for nothing left out. The store and the live views both work from this, so that they agree.
 */
export interface ResolvedFilter
  extends Omit<ConnectionFilter, 'error' | 'local' | 'remote' | 'since' | 'until'> {
  /** Errno names, `any` and `none`. */
  readonly error?: readonly string[];
  readonly local?: AddressTest;
  readonly remote?: AddressTest;
  readonly since?: string;
  readonly until?: string;
}

/** Reads a filter; throws NM_BAD_FILTER that names each field it cannot use. `now` is in Unix milliseconds. */
export function resolveConnectionFilter(filter: ConnectionFilter, now: number): ResolvedFilter {
  const problems: FieldProblem[] = [];
  const read = <T>(field: keyof ConnectionFilter, parse: (value: string) => T | null, expected: string) => {
    const value = filter[field];
    if (typeof value !== 'string' || value === '') return undefined;
    const parsed = parse(value);
    if (parsed === null) problems.push({ field, message: `expected ${expected}` });
    return parsed ?? undefined;
  };
  const resolved = {
    ...withoutEmpty(filter),
    local: read(
      'local',
      (value) => parseAddress(value, false),
      'an address, a network such as 10.0.0.0/8 or ip:port',
    ),
    remote: read(
      'remote',
      (value) => parseAddress(value, true),
      'an address, a network, ip:port or part of a name',
    ),
    since: read('since', (value) => parseTime(value, now), timeExpected),
    until: read('until', (value) => parseTime(value, now), timeExpected),
  };
  for (const name of resolved.error ?? []) {
    if (name !== 'any' && name !== 'none' && !/^E[A-Z0-9]{1,31}$/.test(name)) {
      problems.push({ field: 'error', message: 'expected names such as ECONNREFUSED, any or none' });
      break;
    }
  }
  if (problems.length > 0) {
    const names = problems.map((problem) => `${problem.field}: ${problem.message}`).join('; ');
    throw new NetmonError('NM_BAD_FILTER', names, { fields: problems });
  }
  return resolved;
}

const timeExpected = 'a time such as 2024-03-16T12:00:00Z or a duration such as 15m, 2h or 7d';

/** Milliseconds of a duration such as `90s`, `15m`, `2h`, `7d`, `500ms`; null when it is none. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text);
  return match ? Number(match[1]) * durationUnits[match[2] as keyof typeof durationUnits] : null;
}

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** An RFC 3339 time, or a duration before `now`, as RFC 3339 in UTC with milliseconds; null when it is neither. */
export function parseTime(text: string, now: number): string | null {
  const duration = parseDuration(text);
  if (duration !== null) return new Date(Math.max(now - duration, 0)).toISOString();
  return normalizeTimestamp(text);
}

/** An RFC 3339 time in the one form that compares as text (UTC, milliseconds, years 0000 to 9999); null when none. */
export function normalizeTimestamp(text: string): string | null {
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return null;
  const at = Date.parse(text.toUpperCase());
  if (Number.isNaN(at)) return null;
  const written = new Date(at).toISOString();
  return written.length === 24 ? written : null;
}

/** The filter's fields without those that hold nothing. */
function withoutEmpty(filter: ConnectionFilter): ConnectionFilter {
  const kept: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(filter)) {
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    kept[field] = value;
  }
  return kept;
}

function parseAddress(value: string, named: boolean): AddressTest | null {
  const endpoint = parseEndpoint(value);
  if (endpoint) return { kind: 'endpoint', text: formatEndpoint(endpoint.ip, endpoint.port) };
  const cidr = parseCidr(value.replace(/^\[(.*)\]$/, '$1'));
  if (cidr) return { kind: 'network', cidr };
  return named && !value.includes('/') ? { kind: 'name', part: value } : null;
}
