/**
 * Rounds are added to the sums in passes, each of what came since the one before:
 *
 * 1. how far the pass goes is written down
 * 2. its rounds are read and added up in memory
 * 3. the steps are written slice by slice (a slice has a part of the monitors), each slice with its number
 * 4. the pass is over; when there is no further one, what changed windows of maintenance cover is worked out again
 *
 * A pass that was cut off goes on with the slice after the last that was written: each round counts exactly once.
 */
import { z } from 'zod';
import type { MonitorResult } from '../../../wire/monitor.ts';
import type { SummedMonitor, UptimeRow } from '../../monitors.ts';
import type { Session } from '../session.ts';
import { readMark, saveMark } from './marks.ts';
import { addPlanned, refreshUptimes } from './planned.ts';
import { StepSums, stepColumns } from './step-sums.ts';
import { dayMs, hourMs, sumLevels } from './tables.ts';
import { saveUptime } from './uptime.ts';

/** Rounds of a pass, which take some 30 MB while it lasts where all are of different monitors. */
const maxRounds = 50_000;
/** Rounds read at a time, and parts that the steps are written in: some 10 ms of work each. */
const pageRounds = 500;
const slices = 64;
/** A round that says it will begin so long from now is in no sum: steps of the future would never be old enough to go. */
const aheadMs = dayMs;
const summedMark = 'rounds_summed';
const passName = 'rounds_pass';

/** A pass that was begun: up to which round it goes, and the last slice that was written, -1 for none. */
const passSchema = z.strictObject({ upTo: z.number(), slice: z.number() });
type Pass = z.output<typeof passSchema>;

interface Step {
  readonly lengthMs: number;
  readonly monitor: number;
  readonly at: number;
  readonly agent: number;
  readonly sums: StepSums;
  /** Of the rounds that say something of the target, those in a window of maintenance. */
  readonly planned: { rounds: number; down: number };
}

/** See `MonitorStore.sumRounds`. */
export async function sumRounds(
  session: Session,
  describe: (id: string) => SummedMonitor | undefined,
  now: () => number,
  pause: () => Promise<unknown>,
): Promise<UptimeRow[]> {
  const changed: UptimeRow[] = [];
  // What comes from now on is left for the next time: as long as rounds come there would be no end.
  const newest = readNewest(session);
  for (;;) {
    const from = readMark(session, summedMark);
    const pass = readPass(session) ?? beginPass(session, from, newest);
    if (!pass) {
      const summed = (monitor: number): number => readSummed(session, monitor);
      return [...changed, ...(await refreshUptimes(session, describe, summed, now(), pause))];
    }
    const range = { from, upTo: pass.upTo, latest: now() + aheadMs };
    const parts = await addUp(session, range, describe, pause);
    for (let slice = pass.slice + 1; slice < slices; slice++) {
      session.transaction(() => {
        changed.push(...saveSlice(session, parts[slice], describe, now()));
        savePass(session, { upTo: pass.upTo, slice });
      });
      await pause();
    }
    session.transaction(() => {
      saveMark(session, summedMark, pass.upTo);
      session.run('DELETE FROM settings WHERE name = ?', passName);
    });
  }
}

/** The id of the last round of a monitor (by its key) that is in the sums. */
export function readSummed(session: Session, monitor: number): number {
  const pass = readPass(session);
  return pass && sliceOf(monitor) <= pass.slice ? pass.upTo : readMark(session, summedMark);
}

function sliceOf(monitor: number): number {
  return monitor % slices;
}

function readNewest(session: Session): number {
  return Number(session.get('SELECT coalesce(max(id), 0) FROM rounds')?.[0]);
}

function beginPass(session: Session, from: number, newest: number): Pass | null {
  if (newest <= from) return null;
  const pass = { upTo: Math.min(newest, from + maxRounds), slice: -1 };
  savePass(session, pass);
  return pass;
}

function readPass(session: Session): Pass | null {
  const row = session.get('SELECT value FROM settings WHERE name = ?', passName);
  return row ? passSchema.parse(JSON.parse(String(row[0]))) : null;
}

function savePass(session: Session, pass: Pass): void {
  session.run(
    'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    passName,
    JSON.stringify(pass),
  );
}

/** The steps of the rounds after `from` and up to `upTo` that began before `latest`, by slice. */
async function addUp(
  session: Session,
  { from, upTo, latest }: { readonly from: number; readonly upTo: number; readonly latest: number },
  describe: (id: string) => SummedMonitor | undefined,
  pause: () => Promise<unknown>,
): Promise<readonly ReadonlyMap<string, Step>[]> {
  const parts = Array.from({ length: slices }, () => new Map<string, Step>());
  const ids = new Map<number, string | null>();
  for (let after = from; ; ) {
    const rows = session.all(
      'SELECT id, monitor, agent, result, at FROM rounds WHERE id > ? AND id <= ? ORDER BY id LIMIT ?',
      after,
      upTo,
      pageRounds,
    );
    for (const [, monitor, agent, result, at] of rows) {
      if (Number(at) > latest) continue;
      const key = Number(monitor);
      if (!ids.has(key)) ids.set(key, findId(session, key));
      const isPlanned = describe(ids.get(key) ?? '')?.isPlanned?.(Number(at)) ?? false;
      addRound(parts[sliceOf(key)], key, Number(agent), String(result), isPlanned);
    }
    if (rows.length < pageRounds) return parts;
    after = Number(rows.at(-1)?.[0]);
    await pause();
  }
}

function addRound(
  steps: Map<string, Step>,
  monitor: number,
  agent: number,
  text: string,
  isPlanned: boolean,
): void {
  const result = JSON.parse(text) as MonitorResult;
  const time = Date.parse(result.at);
  for (const { lengthMs } of sumLevels) {
    const at = Math.floor(time / lengthMs) * lengthMs;
    const key = `${lengthMs} ${monitor} ${at} ${agent}`;
    let step = steps.get(key);
    if (!step) {
      step = { lengthMs, monitor, at, agent, sums: new StepSums(), planned: { rounds: 0, down: 0 } };
      steps.set(key, step);
    }
    step.sums.add(result);
    if (!isPlanned || result.outcome === 'unknown') continue;
    step.planned.rounds++;
    if (result.outcome === 'down') step.planned.down++;
  }
}

function saveSlice(
  session: Session,
  steps: ReadonlyMap<string, Step>,
  describe: (id: string) => SummedMonitor | undefined,
  now: number,
): UptimeRow[] {
  const ids = new Map<number, string | null>();
  const hours = new Map<string, { readonly id: string; readonly monitor: number; readonly at: number }>();
  for (const step of steps.values()) {
    const { monitor, at } = step;
    if (!ids.has(monitor)) ids.set(monitor, findId(session, monitor));
    const id = ids.get(monitor);
    // One that was removed meanwhile.
    if (id === null || id === undefined) continue;
    saveStep(session, step);
    if (step.lengthMs !== hourMs) continue;
    addPlanned(session, monitor, at, step.agent, step.planned);
    hours.set(`${monitor} ${at}`, { id, monitor, at });
  }
  return Array.from(hours.values()).flatMap(({ id, monitor, at }) => {
    const described = describe(id);
    return described ? saveUptime(session, { id, monitor, at, now, before: null }, described) : [];
  });
}

function findId(session: Session, monitor: number): string | null {
  const row = session.get('SELECT id FROM monitors WHERE key = ?', monitor);
  return row ? String(row[0]) : null;
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
