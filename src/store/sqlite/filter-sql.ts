import type { Cidr } from '../../base/ip.ts';
import { type AddressTest, type ResolvedFilter, searchedFields, splitAgents } from '../../wire/filter.ts';
import type { connectionSorts } from '../../wire/query.ts';
import { endpointKey, type SqlValue } from './columns.ts';

/** A condition in SQL whose values are all parameters. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** The conditions of a filter over stored connections; all must hold. */
export function writeConditions(filter: ResolvedFilter): Condition[] {
  const conditions: Condition[] = [];
  const add = (sql: string, ...values: SqlValue[]): void => void conditions.push({ sql, values });
  const addAny = (column: string, values: readonly string[] | undefined): void => {
    if (values) add(`${column} IN (${values.map(() => '?').join(', ')})`, ...values);
  };
  const { pid, agent, user, since, until, port } = filter;
  if (filter.active === true) add('0');
  if (pid !== undefined) add('process_id = ?', pid);
  if (filter.error) conditions.push(writeErrorCondition(filter.error));
  if (since !== undefined) add('timestamp >= ?', since);
  if (until !== undefined) add('timestamp <= ?', until);
  if (agent !== undefined) addAny('agent', splitAgents(agent));
  if (user !== undefined) add('user = ?', user);
  addAny('protocol', filter.protocol);
  addAny('state', filter.state);
  addAny('direction', filter.direction);
  if (port !== undefined) {
    const bytes = Uint8Array.of(port >> 8, port & 0xff);
    add('(substr(local_key, 17) = ? OR substr(remote_key, 17) = ?)', bytes, bytes);
  }
  if (filter.local) conditions.push(writeAddressCondition('local', filter.local));
  if (filter.remote) conditions.push(writeAddressCondition('remote', filter.remote));
  if (filter.process !== undefined) conditions.push(writePartCondition(['process_name'], filter.process));
  if (filter.path !== undefined) conditions.push(writePartCondition(['process_path'], filter.path));
  if (filter.container !== undefined) conditions.push(writePartCondition(['container'], filter.container));
  if (filter.application !== undefined) add('application = ?', filter.application);
  if (filter.site !== undefined) conditions.push(writePartCondition(['site', 'sni'], filter.site));
  if (filter.text !== undefined) conditions.push(writePartCondition(searchedFields, filter.text));
  return conditions;
}

/**
 * The condition that has an index of its own in the order of time, if the filter has one: only rows under it need to be
 * walked. Null when all must be.
 */
export function writeDriver(filter: ResolvedFilter): Condition | null {
  if (filter.pid !== undefined) return { sql: 'process_id = ?', values: [filter.pid] };
  if (filter.error && !filter.error.includes('none')) return { sql: 'error IS NOT NULL', values: [] };
  return null;
}

function writeErrorCondition(names: readonly string[]): Condition {
  const wanted = names.filter((name) => name !== 'any' && name !== 'none');
  const parts: string[] = [];
  if (names.includes('any')) parts.push('error IS NOT NULL');
  else if (wanted.length > 0) parts.push(`error IN (${wanted.map(() => '?').join(', ')})`);
  if (names.includes('none')) parts.push('error IS NULL');
  return { sql: `(${parts.join(' OR ')})`, values: names.includes('any') ? [] : wanted };
}

function writeAddressCondition(side: 'local' | 'remote', test: AddressTest): Condition {
  if (test.kind === 'name') return writePartCondition(['remote_name'], test.part);
  if (test.kind === 'endpoint') return { sql: `${side}_key = ?`, values: [endpointKey(test.text)] };
  return { sql: `${side}_key BETWEEN ? AND ?`, values: networkRange(test.cidr) };
}

/** The least and the greatest key of an endpoint in the network. */
function networkRange({ bytes, bits }: Cidr): [Uint8Array, Uint8Array] {
  const low = new Uint8Array(18);
  const high = new Uint8Array(18).fill(0xff);
  for (let i = 0; i < 16; i++) {
    const mask = (0xff00 >> Math.min(Math.max(bits - i * 8, 0), 8)) & 0xff;
    low[i] = bytes[i] & mask;
    high[i] = low[i] | (~mask & 0xff);
  }
  return [low, high];
}

/** LIKE folds ASCII letters only; its wildcards in the text are escaped. */
function writePartCondition(columns: readonly string[], part: string): Condition {
  const pattern = `%${part.replace(/[\\%_]/g, '\\$&')}%`;
  return {
    sql: `(${columns.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR ')})`,
    values: columns.map(() => pattern),
  };
}

/** What each sort orders by, with the same values as the sort keys of the rules. */
export const sortExpressions: Readonly<Record<(typeof connectionSorts)[number], string>> = {
  timestamp: 'timestamp',
  speed: '(coalesce(upload_speed, 0) + coalesce(download_speed, 0))',
  upload_speed: 'coalesce(upload_speed, -1)',
  download_speed: 'coalesce(download_speed, -1)',
  bytes: '(coalesce(bytes_sent, 0) + coalesce(bytes_received, 0))',
  process: "lower(coalesce(process_name, ''))",
  pid: 'coalesce(process_id, -1)',
  protocol: "coalesce(protocol, '')",
  state: "coalesce(state, '')",
  duration: 'coalesce(duration_ms, -1)',
  rtt: 'coalesce(rtt_ms, -1)',
  retransmits: 'coalesce(retransmits, -1)',
  remote: "coalesce(lower(hex(remote_key)), '')",
  local: "coalesce(lower(hex(local_key)), '')",
  direction: "coalesce(direction, '')",
  user: "lower(coalesce(user, ''))",
  container: "lower(coalesce(container, ''))",
  unit: "lower(coalesce(unit, ''))",
  error: "coalesce(error, '')",
  agent: "lower(coalesce(agent, ''))",
};
