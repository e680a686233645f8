import { maintenanceAt } from '../../rules/monitors/maintenance.ts';
import type { WeeklyPlan } from '../../store/monitors.ts';
import type { Maintenance, Monitor } from '../../wire/monitor.ts';

/** Changes of weekly windows that are remembered of a monitor, as the store does. */
const keptPlans = 50;

/**
 * The maintenance of all monitors, past times included. A window of one time counts as it is written now. Weekly ones
 * count for the time in which they were in force, so that a new plan does not change what was.
 */
export class Plans {
  /** Of those that have, or had, windows. */
  readonly #once = new Map<string, readonly Maintenance[]>();
  readonly #weekly = new Map<string, readonly WeeklyPlan[]>();

  /** Takes in what was kept of a monitor. */
  load(id: string, plans: readonly WeeklyPlan[]): void {
    this.#weekly.set(id, plans);
  }

  /** Takes in a monitor as it is now. */
  put({ id, maintenance, changed_at }: Monitor): void {
    this.#once.set(
      id,
      maintenance.filter((window) => 'from' in window),
    );
    const windows = maintenance.filter((window) => 'weekdays' in window);
    const known = this.#weekly.get(id);
    // What a monitor had when it was taken in first holds for all time before.
    const before = known ?? [{ since: 0, windows }];
    const isSame = JSON.stringify(before.at(-1)?.windows ?? []) === JSON.stringify(windows);
    const plans = isSame ? before : [...before, { since: Date.parse(changed_at), windows }];
    this.#weekly.set(id, plans.slice(-keptPlans));
  }

  delete(id: string): void {
    this.#once.delete(id);
    this.#weekly.delete(id);
  }

  /** Whether a time (Unix milliseconds) is in a window of a monitor; undefined where it never had one. */
  of(id: string): ((atMs: number) => boolean) | undefined {
    const once = this.#once.get(id) ?? [];
    const weekly = this.#weekly.get(id) ?? [];
    if (once.length === 0 && weekly.every(({ windows }) => windows.length === 0)) return undefined;
    return (atMs) => {
      const inForce = weekly.findLast(({ since }) => since <= atMs)?.windows ?? [];
      return maintenanceAt(once, atMs) !== null || maintenanceAt(inForce, atMs) !== null;
    };
  }
}
