import { parseEndpoint, parseIp, readEndpoint4 } from '../../base/ip.ts';
import type { Connection } from '../../wire/connection.ts';

type ColumnType = 'INTEGER' | 'REAL' | 'TEXT';

/** The columns of the first schema after the ten public ones. */
export const firstColumns = {
  agent: 'TEXT',
  direction: 'TEXT',
  opened_at: 'TEXT',
  closed_at: 'TEXT',
  duration_ms: 'REAL',
  bytes_sent: 'INTEGER',
  bytes_received: 'INTEGER',
  packets_sent: 'INTEGER',
  packets_received: 'INTEGER',
  upload_speed: 'REAL',
  download_speed: 'REAL',
  rtt_ms: 'REAL',
  min_rtt_ms: 'REAL',
  jitter_ms: 'REAL',
  retransmits: 'INTEGER',
  loss_ratio: 'REAL',
  send_queue: 'INTEGER',
  receive_queue: 'INTEGER',
  limited_by: 'TEXT',
  phase: 'TEXT',
  reset_by: 'TEXT',
  syn_retries: 'INTEGER',
  remote_name: 'TEXT',
  remote_name_source: 'TEXT',
  user: 'TEXT',
  user_id: 'INTEGER',
  command_line: 'TEXT',
  parents: 'TEXT',
  container: 'TEXT',
  unit: 'TEXT',
  process_started_at: 'TEXT',
  network_namespace: 'INTEGER',
  owner_unknown_reason: 'TEXT',
  application: 'TEXT',
  country: 'TEXT',
  asn: 'INTEGER',
  organization: 'TEXT',
  risk_score: 'REAL',
  risk_level: 'TEXT',
  risk_reasons: 'TEXT',
  count: 'INTEGER',
} as const satisfies Partial<Record<keyof Connection, ColumnType>>;

/** What traffic inspection tells of a connection. */
export const inspectionColumns = {
  application_by: 'TEXT',
  site: 'TEXT',
  sni: 'TEXT',
  alpn: 'TEXT',
  ja4: 'TEXT',
  tls_version: 'TEXT',
  remote_name_at: 'TEXT',
} as const satisfies Partial<Record<keyof Connection, ColumnType>>;

/**
 * The columns of `connections` after the ten public ones, in the order of the table. Lists are kept as JSON.
 * A column is only ever added at the end, by a migration.
 */
const furtherColumns = { ...firstColumns, ...inspectionColumns };

const publicColumns = [
  'id',
  'timestamp',
  'process_id',
  'process_name',
  'process_path',
  'local_addr',
  'remote_addr',
  'error',
  'protocol',
  'state',
] as const;

/** All columns that are fields of a connection; `active` is none, since what is stored has ended. */
export const connectionColumns = [
  ...publicColumns,
  ...(Object.keys(furtherColumns) as (keyof typeof furtherColumns)[]),
] as const;

const listColumns = new Set<string>(['parents', 'risk_reasons']);

/** A value that node:sqlite binds or returns. */
export type SqlValue = null | number | string | Uint8Array;

/** Address and port as 18 bytes, which sort by address and then port, and in which a network is one range. */
export function endpointKey(text: string): Uint8Array | null {
  const key = new Uint8Array(18);
  if (readEndpoint4(text, key)) return key;
  const endpoint = parseEndpoint(text);
  const address = endpoint && parseIp(endpoint.ip);
  if (!address) return null;
  key.set(address);
  key[16] = endpoint.port >> 8;
  key[17] = endpoint.port & 0xff;
  return key;
}

const agentColumn = connectionColumns.indexOf('agent');

/** The values of a connection's columns, in order; the id is null where the store shall give one. */
export function writeColumns(
  connection: Partial<Omit<Connection, 'id' | 'agent'>>,
  id: number | null,
  agent: string | null,
): SqlValue[] {
  const values: SqlValue[] = [];
  const fields = connection as Partial<Connection>;
  for (let i = 0; i < connectionColumns.length; i++) {
    const value = fields[connectionColumns[i]] ?? null;
    values.push(Array.isArray(value) ? JSON.stringify(value) : (value as SqlValue));
  }
  values[0] = id;
  values[agentColumn] = agent;
  return values;
}

/** The connection of a row read as an array in the order of `connectionColumns`. */
export function readColumns(row: readonly unknown[]): Connection {
  const connection: Record<string, unknown> = {};
  for (let i = 0; i < connectionColumns.length; i++) {
    const column = connectionColumns[i];
    const value = row[i];
    connection[column] = typeof value === 'string' && listColumns.has(column) ? JSON.parse(value) : value;
    if (column === 'risk_reasons') connection.active = false;
  }
  return connection as Connection;
}
