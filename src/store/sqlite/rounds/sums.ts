import type { History, HistoryQuery, StoredRound, SummedMonitor, UptimeRow } from '../../monitors.ts';
import type { Session } from '../session.ts';
import { readMark, saveMark } from './marks.ts';
import { findMonitorKey, readRoundsAfter } from './rounds.ts';
import { StepSums, stepColumns } from './step-sums.ts';
import { dayMs, hourMs, sumLevels } from './tables.ts';

/** Rounds added in one transaction; some 50 ms of work. */
const batchRounds = 1000;
const mark = 'rounds_summed';
/** Most steps of an agent in an answer. */
const maxSteps = 1000;

interface Step {
  readonly lengthMs: number;
  readonly monitor: number;
  readonly at: number;
  readonly agent: number;
  readonly sums: StepSums;
}

/** See `MonitorStore.sumRounds`. */
export async function sumRounds(
  session: Session,
  describe: (id: string) => SummedMonitor | undefined,
  pause: () => Promise<unknown>,
): Promise<UptimeRow[]> {
  const changed: UptimeRow[] = [];
  for (;;) {
    const rounds = readRoundsAfter(session, readMark(session, mark), batchRounds);
    const last = rounds.at(-1);
    if (!last) return changed;
    session.transaction(() => {
      changed.push(...sumBatch(session, rounds, describe));
      saveMark(session, mark, last.id);
    });
    if (rounds.length < batchRounds) return changed;
    await pause();
  }
}

function sumBatch(
  session: Session,
  rounds: readonly StoredRound[],
  describe: (id: string) => SummedMonitor | undefined,
): UptimeRow[] {
  const steps = new Map<string, Step>();
  const ids = new Map<number, string>();
  for (const { agent, result } of rounds) {
    const monitor = findMonitorKey(session, result.monitor);
    if (monitor === null) continue;
    ids.set(monitor, result.monitor);
    const agentKey = Number(session.get('SELECT key FROM round_agents WHERE agent = ?', agent)?.[0]);
    for (const { lengthMs } of sumLevels) {
      const at = Math.floor(Date.parse(result.at) / lengthMs) * lengthMs;
      const key = `${lengthMs} ${monitor} ${at} ${agentKey}`;
      const step = steps.get(key) ?? { lengthMs, monitor, at, agent: agentKey, sums: new StepSums() };
      steps.set(key, step);
      step.sums.add(result);
    }
  }
  const hours = new Map<string, { monitor: number; at: number }>();
  for (const step of steps.values()) {
    saveStep(session, step);
    if (step.lengthMs === hourMs) hours.set(`${step.monitor} ${step.at}`, step);
  }
  return Array.from(hours.values()).flatMap(({ monitor, at }) => {
    const id = ids.get(monitor)!;
    const described = describe(id);
    return described ? saveUptime(session, id, monitor, at, described) : [];
  });
}

function saveStep(session: Session, { lengthMs, monitor, at, agent, sums }: Step): void {
  const place = [lengthMs, monitor, at, agent];
  const known = session.get(
    `SELECT ${stepColumns.join(', ')} FROM round_sums WHERE length = ? AND monitor = ? AND at = ? AND agent = ?`,
    ...place,
  );
  if (known) sums.addRow(known);
  const marks = [...place, ...stepColumns].map(() => '?').join(', ');
  session.run(
    `INSERT OR REPLACE INTO round_sums (length, monitor, at, agent, ${stepColumns.join(', ')}) VALUES (${marks})`,
    ...place,
    ...sums.toRow(),
  );
}

/**
 * Works the uptime of an hour out again from its rounds, and adds what changed to that of its day. The target counts as
 * down for the share of rounds in which the k-th of the agents that found it down most did, k being the quorum: outages
 * that agents see fall together.
 */
function saveUptime(
  session: Session,
  id: string,
  monitor: number,
  at: number,
  { quorum, intervalMs }: SummedMonitor,
): UptimeRow[] {
  const rows = session.all(
    'SELECT up + degraded + down, down FROM round_sums WHERE length = ? AND monitor = ? AND at = ?',
    hourMs,
    monitor,
    at,
  );
  const judged = rows.map(([rounds, down]) => ({ rounds: Number(rounds), down: Number(down) }));
  const shares = judged
    .filter(({ rounds }) => rounds > 0)
    .map(({ rounds, down }) => down / rounds)
    .sort((a, b) => b - a);
  const rounds = Math.max(0, ...judged.map((agent) => agent.rounds));
  const knownMs = Math.min(hourMs, rounds * intervalMs);
  const downMs = knownMs * (shares[Math.min(quorum, shares.length) - 1] ?? 0);
  const before = readUptimeRow(session, hourMs, monitor, at);
  const day = Math.floor(at / dayMs) * dayMs;
  const dayBefore = readUptimeRow(session, dayMs, monitor, day);
  const hourRow = { monitor: id, lengthMs: hourMs, at, knownMs, downMs };
  const dayRow = {
    monitor: id,
    lengthMs: dayMs,
    at: day,
    knownMs: dayBefore.knownMs + knownMs - before.knownMs,
    downMs: Math.max(0, dayBefore.downMs + downMs - before.downMs),
  };
  for (const row of [hourRow, dayRow]) {
    session.run(
      'INSERT OR REPLACE INTO uptime (length, monitor, at, known, down) VALUES (?, ?, ?, ?, ?)',
      row.lengthMs,
      monitor,
      row.at,
      row.knownMs,
      row.downMs,
    );
  }
  return [hourRow, dayRow];
}

function readUptimeRow(
  session: Session,
  lengthMs: number,
  monitor: number,
  at: number,
): Pick<UptimeRow, 'knownMs' | 'downMs'> {
  const row = session.get(
    'SELECT known, down FROM uptime WHERE length = ? AND monitor = ? AND at = ?',
    lengthMs,
    monitor,
    at,
  );
  return { knownMs: Number(row?.[0] ?? 0), downMs: Number(row?.[1] ?? 0) };
}

/** See `MonitorStore.readUptime`. */
export function readUptime(session: Session, hoursSince: number, daysSince: number): UptimeRow[] {
  const rows = session.all(
    `SELECT id, length, at, known, down FROM uptime JOIN monitors ON monitors.key = uptime.monitor
     WHERE (length = ? AND at >= ?) OR (length = ? AND at >= ?)`,
    hourMs,
    hoursSince,
    dayMs,
    daysSince,
  );
  return rows.map((row) => ({
    monitor: String(row[0]),
    lengthMs: Number(row[1]),
    at: Number(row[2]),
    knownMs: Number(row[3]),
    downMs: Number(row[4]),
  }));
}

/** See `MonitorStore.readHistory`. `now` is in Unix milliseconds. */
export function readHistory(session: Session, query: HistoryQuery, now: number): History {
  const { since, until } = query;
  const lengthMs = chooseLevel(since, until, now);
  const monitor = findMonitorKey(session, query.monitor);
  const rows = session.all(
    `SELECT ${stepColumns.join(', ')}, round_sums.at, round_agents.agent
     FROM round_sums JOIN round_agents ON round_agents.key = round_sums.agent
     WHERE length = ? AND monitor = ? AND at >= ? AND at < ? AND (? IS NULL OR round_agents.agent = ?) ORDER BY at`,
    lengthMs,
    monitor ?? 0,
    Math.floor(since / lengthMs) * lengthMs,
    until,
    query.agent ?? null,
    query.agent ?? null,
  );
  const agents = new Map<string, ReturnType<StepSums['toStep']>[]>();
  for (const row of rows) {
    const sums = new StepSums();
    sums.addRow(row);
    const agent = String(row[stepColumns.length + 1]);
    const steps = agents.get(agent) ?? [];
    agents.set(agent, steps);
    steps.push(sums.toStep(Number(row[stepColumns.length])));
  }
  return { stepMs: lengthMs, agents };
}

/** The shortest steps that reach back so far, and of which there are not too many. */
function chooseLevel(since: number, until: number, now: number): number {
  const level = sumLevels.find(
    ({ lengthMs, keptMs }) => since >= now - keptMs && (until - since) / lengthMs <= maxSteps,
  );
  return level?.lengthMs ?? dayMs;
}
