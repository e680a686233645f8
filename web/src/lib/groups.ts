import { parseEndpoint } from '../../../src/base/ip.ts';
import type { Connection } from '../../../src/wire/connection.ts';

/** What connections can be grouped by. */
export const groupings = ['process', 'remote', 'container', 'user'] as const;
export type Grouping = (typeof groupings)[number];

/** Grouping is done over at most this many rows: the most that a view's window may hold. */
export const maxGrouped = 1000;

/** Connections that have the grouped field in common, with their sums. */
export interface Group {
  readonly key: string;
  /** Null where the field is unknown. */
  readonly label: string | null;
  readonly rows: readonly Connection[];
  readonly upload: number;
  readonly download: number;
}

/** The grouped field of a connection: the process's name, the remote host, the container, the user. */
export function groupKey(connection: Connection, by: Grouping): string | null {
  switch (by) {
    case 'process':
      return connection.process_name;
    case 'remote':
      return connection.remote_name ?? parseEndpoint(connection.remote_addr)?.ip ?? connection.remote_addr;
    case 'container':
      return connection.container;
    case 'user':
      return connection.user;
  }
}

/** Groups rows, keeping the rows' order within a group; the group with the most traffic first, then the largest. */
export function groupConnections(rows: readonly Connection[], by: Grouping): Group[] {
  const groups = new Map<string | null, { rows: Connection[]; upload: number; download: number }>();
  for (const row of rows) {
    const label = groupKey(row, by);
    let group = groups.get(label);
    if (!group) {
      group = { rows: [], upload: 0, download: 0 };
      groups.set(label, group);
    }
    group.rows.push(row);
    group.upload += row.upload_speed ?? 0;
    group.download += row.download_speed ?? 0;
  }
  return [...groups]
    .map(([label, group]) => ({ key: label === null ? 'unknown' : `=${label}`, label, ...group }))
    .sort((a, b) => speed(b) - speed(a) || b.rows.length - a.rows.length || compare(a.key, b.key));
}

/** One line of a list: a group's head, or up to `lanes` connections side by side. */
export type Line =
  | { readonly kind: 'group'; readonly group: Group; readonly open: boolean }
  | { readonly kind: 'rows'; readonly key: string; readonly rows: readonly Connection[] };

/** The lines of a grouped list; the rows of a group in `closed` are left out. */
export function makeLines(groups: readonly Group[], closed: ReadonlySet<string>, lanes: number): Line[] {
  const lines: Line[] = [];
  for (const group of groups) {
    const open = !closed.has(group.key);
    lines.push({ kind: 'group', group, open });
    for (let i = 0; open && i < group.rows.length; i += lanes) {
      lines.push({ kind: 'rows', key: `${group.key}#${i}`, rows: group.rows.slice(i, i + lanes) });
    }
  }
  return lines;
}

function speed(group: Pick<Group, 'upload' | 'download'>): number {
  return group.upload + group.download;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
