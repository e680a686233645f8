import type { HistoryStep, MonitorResult } from '../../../wire/monitor.ts';
import type { History, HistoryQuery } from '../../monitors.ts';
import type { Session } from '../session.ts';
import { findMonitorKey } from './rounds.ts';
import { StepSums, stepColumns } from './step-sums.ts';
import { readSummed } from './sum-pass.ts';
import { dayMs, sumLevels } from './tables.ts';

/** Most steps of an agent in an answer. */
const maxSteps = 1000;
/** Rounds that began this long ago are in the sums, unless they came late. */
const tailMs = 15 * 60_000;

/** See `MonitorStore.readHistory`. `now` is in Unix milliseconds. */
export function readHistory(session: Session, query: HistoryQuery, now: number): History {
  const stepMs = chooseLevel(query.since, query.until, now);
  const monitor = findMonitorKey(session, query.monitor);
  const steps = new Map<string, Map<number, StepSums>>();
  const stepOf = (agent: string, at: number): StepSums => {
    const ofAgent = steps.get(agent) ?? new Map<number, StepSums>();
    steps.set(agent, ofAgent);
    const sums = ofAgent.get(at) ?? new StepSums();
    ofAgent.set(at, sums);
    return sums;
  };
  if (monitor !== null) {
    addStored(session, query, monitor, stepMs, stepOf);
    addTail(session, query, monitor, Math.max(query.since, now - tailMs), (agent, result) => {
      stepOf(agent, Math.floor(Date.parse(result.at) / stepMs) * stepMs).add(result);
    });
  }
  return { stepMs, agents: new Map(Array.from(steps, ([agent, sums]) => [agent, listSteps(sums)])) };
}

function listSteps(steps: ReadonlyMap<number, StepSums>): HistoryStep[] {
  return Array.from(steps)
    .sort(([a], [b]) => a - b)
    .map(([at, sums]) => sums.toStep(at));
}

function addStored(
  session: Session,
  { since, until, agent }: HistoryQuery,
  monitor: number,
  stepMs: number,
  stepOf: (agent: string, at: number) => StepSums,
): void {
  const rows = session.all(
    `SELECT ${stepColumns.join(', ')}, round_sums.at, round_agents.agent
     FROM round_sums JOIN round_agents ON round_agents.key = round_sums.agent
     WHERE length = ? AND monitor = ? AND at >= ? AND at < ? AND (? IS NULL OR round_agents.agent = ?)`,
    stepMs,
    monitor,
    Math.floor(since / stepMs) * stepMs,
    until,
    agent ?? null,
    agent ?? null,
  );
  for (const row of rows) {
    stepOf(String(row[stepColumns.length + 1]), Number(row[stepColumns.length])).addRow(row);
  }
}

/** The rounds that are not in the sums yet. */
function addTail(
  session: Session,
  { until, agent }: HistoryQuery,
  monitor: number,
  since: number,
  add: (agent: string, result: MonitorResult) => void,
): void {
  const rows = session.all(
    `SELECT round_agents.agent, result FROM rounds JOIN round_agents ON round_agents.key = rounds.agent
     WHERE monitor = ? AND at >= ? AND at < ? AND id > ? AND (? IS NULL OR round_agents.agent = ?)`,
    monitor,
    since,
    until,
    readSummed(session, monitor),
    agent ?? null,
    agent ?? null,
  );
  for (const [name, result] of rows) add(String(name), JSON.parse(String(result)) as MonitorResult);
}

/** The shortest steps that reach back so far, and of which there are not too many. */
function chooseLevel(since: number, until: number, now: number): number {
  const level = sumLevels.find(
    ({ lengthMs, keptMs }) => since >= now - keptMs && (until - since) / lengthMs <= maxSteps,
  );
  return level?.lengthMs ?? dayMs;
}
