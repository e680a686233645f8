import type { MonitorResult } from '../../../wire/monitor.ts';
import type { RoundQuery, StoredRound } from '../../monitors.ts';
import type { SqlValue } from '../columns.ts';
import type { Session } from '../session.ts';

/** Stores a round and gives its id; null where the server has no such monitor (any more). Must run in a transaction. */
export function insertRound(session: Session, agent: string, result: MonitorResult): number | null {
  const monitor = findMonitorKey(session, result.monitor);
  if (monitor === null) return null;
  const sql = 'INSERT INTO rounds (monitor, agent, at, result) VALUES (?, ?, ?, ?)';
  const values = [monitor, agentKey(session, agent), Date.parse(result.at), JSON.stringify(result)];
  return session.run(sql, ...values).id;
}

/** The key of a monitor's rows; null when there is no such monitor. */
export function findMonitorKey(session: Session, id: string): number | null {
  const row = session.get('SELECT key FROM monitors WHERE id = ?', id);
  return row ? Number(row[0]) : null;
}

function agentKey(session: Session, agent: string): number {
  const row = session.get('SELECT key FROM round_agents WHERE agent = ?', agent);
  return row ? Number(row[0]) : session.run('INSERT INTO round_agents (agent) VALUES (?)', agent).id;
}

/** See `MonitorStore.queryRounds`. */
export function readRounds(session: Session, query: RoundQuery): StoredRound[] {
  const monitor = findMonitorKey(session, query.monitor);
  if (monitor === null) return [];
  const conditions = ['monitor = ?'];
  const values: SqlValue[] = [monitor];
  const add = (sql: string, ...added: SqlValue[]): void => {
    conditions.push(sql);
    values.push(...added);
  };
  if (query.since !== undefined) add('at >= ?', query.since);
  if (query.until !== undefined) add('at <= ?', query.until);
  if (query.agent !== undefined) add('round_agents.agent = ?', query.agent);
  if (query.before) add('(at, id) < (?, ?)', query.before.at, query.before.id);
  const rows = session.all(
    `SELECT id, round_agents.agent, result FROM rounds JOIN round_agents ON round_agents.key = rounds.agent
     WHERE ${conditions.join(' AND ')} ORDER BY at DESC, id DESC LIMIT ?`,
    ...values,
    query.limit,
  );
  return rows.map(readRound);
}

/** See `MonitorStore.roundsAfter`. */
export function readRoundsAfter(session: Session, id: number, limit: number): StoredRound[] {
  const rows = session.all(
    `SELECT id, round_agents.agent, result FROM rounds JOIN round_agents ON round_agents.key = rounds.agent
     WHERE id > ? ORDER BY id LIMIT ?`,
    id,
    limit,
  );
  return rows.map(readRound);
}

function readRound(row: readonly unknown[]): StoredRound {
  return { id: Number(row[0]), agent: String(row[1]), result: JSON.parse(String(row[2])) as MonitorResult };
}
