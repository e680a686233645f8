import type { MonitorRow, MonitorState } from '../../../src/wire/monitor.ts';
import { kindOf, type ShownKind, shownKinds, statesByWeight, targetOf } from './monitors.ts';

/** What a list of monitors is narrowed to; empty lists and texts leave everything in. */
export interface MonitorFilters {
  readonly states: readonly MonitorState[];
  readonly kinds: readonly ShownKind[];
  /** `name` or `name=value`, all of which must match. */
  readonly labels: readonly string[];
  /** Any of which carries the monitor out. */
  readonly agents: readonly string[];
  readonly text: string;
}

/** The filters of an address; what is none is left out. */
export function readMonitorFilters(query: URLSearchParams): MonitorFilters {
  const list = (name: string): string[] => (query.get(name) ?? '').split(',').filter((part) => part !== '');
  return {
    states: statesByWeight.filter((state) => list('state').includes(state)),
    kinds: shownKinds.filter((kind) => list('kind').includes(kind)),
    labels: list('label'),
    agents: list('agent'),
    text: (query.get('text') ?? '').slice(0, 256),
  };
}

export function matchesMonitor(row: MonitorRow, filters: MonitorFilters): boolean {
  const { states, kinds, labels, agents } = filters;
  if (states.length > 0 && !states.includes(row.status.state)) return false;
  if (kinds.length > 0 && !kinds.includes(kindOf(row.probe))) return false;
  if (!labels.every((label) => hasLabel(row, label))) return false;
  if (agents.length > 0 && !row.status.agents.some(({ agent }) => agents.includes(agent))) return false;
  return holdsText(row, filters.text.trim().toLowerCase());
}

function hasLabel({ labels }: MonitorRow, wanted: string): boolean {
  const sign = wanted.indexOf('=');
  const name = sign < 0 ? wanted : wanted.slice(0, sign);
  return Object.hasOwn(labels, name) && (sign < 0 || labels[name] === wanted.slice(sign + 1));
}

function holdsText(row: MonitorRow, text: string): boolean {
  if (text === '') return true;
  const { name, id, probe, labels } = row;
  if (`${name}\n${id}\n${targetOf(probe)}`.toLowerCase().includes(text)) return true;
  return Object.entries(labels).some(([label, value]) => `${label}=${value}`.toLowerCase().includes(text));
}

type Key = number | string | null;

/** What rows are ordered by; an unknown value comes last in either direction. */
const sortKeys: Readonly<Record<string, (row: MonitorRow) => Key>> = {
  state: ({ status }) => statesByWeight.indexOf(status.state),
  name: ({ name }) => name.toLowerCase(),
  kind: ({ probe }) => kindOf(probe),
  target: ({ probe }) => targetOf(probe).toLowerCase(),
  response: ({ status }) => status.response_ms,
  loss: ({ status }) => status.loss_ratio,
  uptime: ({ status }) => status.uptime.day,
  certificate: ({ status }) => status.certificate_days,
  interval: ({ interval_ms }) => interval_ms,
  agents: ({ status }) => status.agents.length,
  since: ({ status }) => status.since,
};

/** Rows in the order of `sort`, with a leading `-` descending; like ones by name. By state where it names nothing. */
export function sortMonitors(rows: readonly MonitorRow[], sort: string): MonitorRow[] {
  const name = sort.replace(/^-/, '');
  const key = Object.hasOwn(sortKeys, name) ? sortKeys[name] : sortKeys.state;
  const sign = sort.startsWith('-') ? -1 : 1;
  return rows
    .map((row) => ({ row, key: key(row), name: row.name.toLowerCase() }))
    .sort((a, b) => compareKeys(a.key, b.key, sign) || compare(a.name, b.name) || compare(a.row.id, b.row.id))
    .map(({ row }) => row);
}

function compareKeys(a: Key, b: Key, sign: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return sign * compare(a, b);
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Monitors that have a label's value in common; null for those without it. */
export interface MonitorGroup {
  readonly value: string | null;
  readonly rows: readonly MonitorRow[];
}

/** Groups rows by the value of a label, by value, those without it last; rows keep their order. */
export function groupByLabel(rows: readonly MonitorRow[], label: string): MonitorGroup[] {
  const groups = new Map<string | null, MonitorRow[]>();
  for (const row of rows) {
    const value = Object.hasOwn(row.labels, label) ? row.labels[label] : null;
    const group = groups.get(value);
    if (group) group.push(row);
    else groups.set(value, [row]);
  }
  return [...groups]
    .map(([value, members]) => ({ value, rows: members }))
    .sort((a, b) => compareKeys(a.value, b.value, 1));
}

/** Names of all labels, those of most monitors first. */
export function listLabels(rows: readonly MonitorRow[]): string[] {
  const counts = new Map<string, number>();
  for (const { labels } of rows)
    for (const name of Object.keys(labels)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || compare(a, b)).map(([name]) => name);
}

/** Names of the agents that carry something out. */
export function listAgents(rows: readonly MonitorRow[]): string[] {
  const names = new Set<string>();
  for (const { status } of rows) for (const { agent } of status.agents) names.add(agent);
  return [...names].sort();
}
