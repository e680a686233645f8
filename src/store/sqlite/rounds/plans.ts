import type { Maintenance, Monitor } from '../../../wire/monitor.ts';
import type { WeeklyPlan } from '../../monitors.ts';
import type { Session } from '../session.ts';

/** Changes of weekly windows that are remembered of a monitor. */
const keptPlans = 50;

type Once = Extract<Maintenance, { from: string }>;

/**
 * Notes what a monitor that is saved changes of its maintenance: from when on it has which weekly windows, and which
 * times have to be worked out again, since a window that is of one time counts whenever it is written down.
 */
export function savePlans(session: Session, monitor: number, before: Monitor | null, after: Monitor): void {
  saveWeekly(session, monitor, listWeekly(before), listWeekly(after), Date.parse(after.changed_at));
  const [old, now] = [listOnce(before), listOnce(after)];
  const changed = [
    ...old.filter((window) => !now.some((other) => isSameTime(window, other))),
    ...now.filter((window) => !old.some((other) => isSameTime(window, other))),
  ];
  for (const { from, to } of changed) {
    session.run(
      'INSERT INTO stale_uptimes (monitor, since, until) VALUES (?, ?, ?)',
      monitor,
      Date.parse(from),
      Date.parse(to),
    );
  }
}

/** See `MonitorStore.readWeeklyPlans`. */
export function readWeeklyPlans(session: Session): Map<string, WeeklyPlan[]> {
  const rows = session.all(
    'SELECT monitors.id, since, windows FROM weekly_plans JOIN monitors ON key = weekly_plans.monitor ORDER BY weekly_plans.id',
  );
  const plans = new Map<string, WeeklyPlan[]>();
  for (const [id, since, windows] of rows) {
    const ofMonitor = plans.get(String(id)) ?? [];
    ofMonitor.push({ since: Number(since), windows: JSON.parse(String(windows)) as Maintenance[] });
    plans.set(String(id), ofMonitor);
  }
  return plans;
}

/** Forgets what there is of a monitor that goes. */
export function forgetPlans(session: Session, monitor: number): void {
  for (const table of ['planned_rounds', 'weekly_plans', 'stale_uptimes']) {
    session.run(`DELETE FROM ${table} WHERE monitor = ?`, monitor);
  }
}

function saveWeekly(
  session: Session,
  monitor: number,
  before: readonly Maintenance[],
  after: readonly Maintenance[],
  since: number,
): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  const add = (from: number, windows: readonly Maintenance[]): void => {
    const sql = 'INSERT INTO weekly_plans (monitor, since, windows) VALUES (?, ?, ?)';
    session.run(sql, monitor, from, JSON.stringify(windows));
  };
  const isFirst = !session.get('SELECT 1 FROM weekly_plans WHERE monitor = ?', monitor);
  // What was in force before the first change that is remembered.
  if (isFirst && before.length > 0) add(0, before);
  add(since, after);
  session.run(
    `DELETE FROM weekly_plans WHERE monitor = ?1 AND id NOT IN
       (SELECT id FROM weekly_plans WHERE monitor = ?1 ORDER BY id DESC LIMIT ${keptPlans})`,
    monitor,
  );
}

function listWeekly(monitor: Monitor | null): Maintenance[] {
  return monitor?.maintenance.filter((window) => 'weekdays' in window) ?? [];
}

function listOnce(monitor: Monitor | null): Once[] {
  return monitor?.maintenance.filter((window) => 'from' in window) ?? [];
}

function isSameTime(a: Once, b: Once): boolean {
  return Date.parse(a.from) === Date.parse(b.from) && Date.parse(a.to) === Date.parse(b.to);
}
