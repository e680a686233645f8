import { AgingMap } from '../../base/aging-map.ts';
import type { Connection } from '../../wire/connection.ts';
import type { ChangeLog } from './change-log.ts';
import type { LiveRow } from './row.ts';

/** Connections that ended stay in the live views this long, so that one of a millisecond is seen at all. */
const shownMs = 10_000;
const maxRecent = 1_000;
/** Failures that a new viewer is shown. */
const maxErrors = 200;

/** The connections that ended last, and the failures that came last. */
export class RecentConnections {
  readonly #log: ChangeLog;
  readonly #rows = new AgingMap<number, { row: LiveRow; until: number }>();
  #errors: Connection[] = [];
  #errorsTotal = 0;

  constructor(log: ChangeLog) {
    this.#log = log;
  }

  /** Shows an ended connection for a while, or what has become known of one that is shown. */
  add(row: LiveRow, now: number): void {
    const shown = this.#rows.get(row.id);
    if (shown && shown.row !== row) this.#log.remove(shown.row);
    this.#rows.delete(row.id);
    this.#rows.set(row.id, { row, until: now + shownMs });
    this.#log.touch(row);
    if (this.#rows.size > maxRecent) this.#dropOldest();
  }

  addError(row: Connection): void {
    this.#errors.unshift(row);
    this.#errorsTotal++;
    if (this.#errors.length > maxErrors) this.#errors.length = maxErrors;
  }

  expire(now: number): void {
    for (const { until } of this.#rows.values()) {
      // Further off than that is a time before the clock was set back.
      if (until > now && until <= now + shownMs) return;
      this.#dropOldest();
    }
  }

  *rows(): Iterable<LiveRow> {
    for (const { row } of this.#rows.values()) yield row;
  }

  get(id: number): LiveRow | undefined {
    return this.#rows.get(id)?.row;
  }

  /** Newest first. */
  errors(): readonly Connection[] {
    return this.#errors;
  }

  /** Rises with each failure. */
  get errorsVersion(): number {
    return this.#errorsTotal;
  }

  #dropOldest(): void {
    this.#log.remove(this.#rows.removeOldest()!.row);
  }
}
