import { connectionStates, directions, protocols } from '../../../src/wire/names.ts';
import type { ConnectionFilterInput } from '../../../src/wire/query.ts';

/** A filter the reader can set, as it is called in the URL, in REST and in the search box. */
export interface FilterField {
  readonly name: FilterName;
  readonly label: string;
  readonly hint: string;
  /** The values it may have, where they are a closed set; several may be given with commas. */
  readonly values?: readonly string[];
  /** Longest value the server takes; 256 unless given. */
  readonly max?: number;
}
export type FilterName = Exclude<keyof ConnectionFilterInput, 'active' | 'since' | 'until'>;
export type Filters = Partial<Record<FilterName, string>>;

/** Every filter of the wire that makes sense on a live picture, in the order of the form. */
export const filterFields: readonly FilterField[] = [
  { name: 'process', label: 'Process', hint: 'part of the name' },
  { name: 'pid', label: 'PID', hint: 'number' },
  { name: 'remote', label: 'Remote', hint: 'address, CIDR, ip:port or name' },
  { name: 'local', label: 'Local', hint: 'address, CIDR or ip:port' },
  { name: 'port', label: 'Port', hint: 'of either end' },
  { name: 'state', label: 'State', hint: 'one or more', values: connectionStates },
  { name: 'protocol', label: 'Protocol', hint: 'tcp or udp', values: protocols },
  { name: 'direction', label: 'Direction', hint: 'one or more', values: directions },
  { name: 'user', label: 'User', hint: 'name', max: 64 },
  { name: 'application', label: 'Application', hint: 'protocol, such as http', max: 64 },
  { name: 'site', label: 'Site', hint: 'part of the HTTP host or server name' },
  { name: 'container', label: 'Container', hint: 'part of the name' },
  { name: 'path', label: 'Path', hint: "part of the executable's path" },
  { name: 'error', label: 'Error', hint: 'errno, any or none' },
  { name: 'agent', label: 'Agent', hint: 'name, several with commas', max: 4096 },
  { name: 'text', label: 'Text', hint: 'in any field' },
];
const names: ReadonlySet<string> = new Set(filterFields.map((field) => field.name));

/** Longest value taken from the URL or the search box; the server's own limit for text. */
const maxValue = 256;

/** The filters in a URL's query; others of its parameters are left alone. */
export function readFilters(query: URLSearchParams): Filters {
  const filters: Filters = {};
  for (const { name, max } of filterFields) {
    const value = query.get(name)?.slice(0, max ?? maxValue);
    if (value) filters[name] = value;
  }
  return filters;
}

/** A copy of the query with exactly these filters. */
export function writeFilters(query: URLSearchParams, filters: Filters): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const { name } of filterFields) {
    const value = filters[name];
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next;
}

/**
 * What the wire takes: numbers that are none and values outside a closed set are left out, so that a mistyped URL
 * shows more rather than an error.
 */
export function toWireFilter(filters: Filters): ConnectionFilterInput {
  const wire: Record<string, string> = {};
  for (const { name, values, max } of filterFields) {
    const value = cleanValue(filters[name]?.slice(0, max), name, values);
    if (value) wire[name] = value;
  }
  return wire as ConnectionFilterInput;
}

function cleanValue(
  value: string | undefined,
  name: FilterName,
  values: readonly string[] | undefined,
): string | undefined {
  if (!value) return undefined;
  if (name === 'pid' || name === 'port') {
    const most = name === 'port' ? 65535 : 4_194_304;
    return /^\d{1,7}$/.test(value) && Number(value) <= most ? value : undefined;
  }
  if (!values) return longestPlainPart(value);
  return value
    .split(',')
    .map((part) => values.find((one) => one.toLowerCase() === part.trim().toLowerCase()))
    .filter((part) => part !== undefined)
    .join(',');
}

/** The longest part of a text without control characters, which the server refuses in a filter; undefined for none. */
export function longestPlainPart(value: string): string | undefined {
  let longest = '';
  for (const part of value.split(/\p{Cc}+/u)) if (part.length > longest.length) longest = part;
  return longest === '' ? undefined : longest;
}

/**
 * Reads the search box: `process:curl state:listen some words`. A value with blanks may be quoted. Words that name no
 * filter are looked for in any field.
 */
export function parseSearch(search: string): Filters {
  const filters: Filters = {};
  const words: string[] = [];
  for (const match of search.slice(0, 1024).matchAll(/(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi)) {
    const name = match[1]?.toLowerCase();
    const value = (match[2] ?? match[3] ?? '').slice(0, maxValue);
    if (name !== undefined && names.has(name)) filters[name as FilterName] = value;
    else if (match[0] !== '') words.push(name === undefined ? value : match[0]);
  }
  const text = words.join(' ').trim().slice(0, maxValue);
  if (text !== '') filters.text = text;
  return filters;
}

/** A closed-set filter with one of its values added, or taken out when it was there. */
export function toggleValue(current: string | undefined, value: string): string | undefined {
  const parts = new Set((current ?? '').split(',').filter((part) => part !== ''));
  if (!parts.delete(value)) parts.add(value);
  return parts.size === 0 ? undefined : [...parts].join(',');
}
