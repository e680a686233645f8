import { splitAgents } from '../../../wire/filter.ts';
import type { RequestQuery, StoredRequest } from '../../traffic.ts';
import type { SqlValue } from '../columns.ts';
import type { Session } from '../session.ts';

type Request = StoredRequest['request'];

/** Stores a single request. */
export function insertRequest(session: Session, stored: Omit<StoredRequest, 'id'>): void {
  const { request } = stored;
  const { site, method, result } = describe(request);
  session.run(
    `INSERT INTO requests (timestamp, type, agent, process_id, process_name, site, method, result, record)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    request.ts,
    request.type,
    stored.agent,
    stored.process_id,
    stored.process_name,
    site,
    method,
    result,
    JSON.stringify(request),
  );
}

/** What a request is found by. */
function describe(request: Request): { site: string | null; method: string | null; result: string | null } {
  switch (request.type) {
    case 'http':
      return { site: request.host, method: request.method, result: String(request.status ?? 'none') };
    case 'dns':
      return { site: request.query, method: request.qtype, result: request.rcode ?? 'none' };
    case 'tls':
      return { site: request.sni, method: request.transport, result: request.version };
  }
}

/** See `TrafficStore.queryRequests`. */
export function readRequests(session: Session, query: RequestQuery): StoredRequest[] {
  const conditions = ['type = ?'];
  const values: SqlValue[] = [query.type];
  const add = (sql: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(sql);
    values.push(value);
  };
  add('timestamp >= ?', query.since);
  add('timestamp <= ?', query.until);
  if (query.agent !== undefined) {
    const agents = splitAgents(query.agent);
    conditions.push(`agent IN (${agents.map(() => '?').join(', ')})`);
    values.push(...agents);
  }
  add('site = ?', query.site);
  add('method = ?', query.method);
  add("process_name LIKE ? ESCAPE '\\'", query.process && part(query.process));
  const digits = /^([1-5])xx$/.exec(query.result ?? '');
  if (digits) add('result LIKE ?', `${digits[1]}__`);
  else add('result = ?', query.result);
  if (query.text !== undefined) {
    add("coalesce(site, '') || coalesce(record ->> '$.path', '') LIKE ? ESCAPE '\\'", part(query.text));
  }
  add('id < ?', query.before);
  const rows = session.all(
    `SELECT id, agent, process_id, process_name, record FROM requests
     WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ?`,
    ...values,
    query.limit,
  );
  return rows.map((row) => ({
    id: Number(row[0]),
    agent: String(row[1]),
    process_id: row[2] as number | null,
    process_name: row[3] as string | null,
    request: JSON.parse(String(row[4])) as Request,
  }));
}

/** LIKE folds ASCII letters only; its wildcards in the text are escaped. */
function part(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}
