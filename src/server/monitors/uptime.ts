import type { UptimeRow } from '../../store/monitors.ts';
import type { MonitorStatus } from '../../wire/monitor.ts';

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** Hours and days that are looked back on; the hour and the day under way are among them. */
export const uptimeHours = 25;
export const uptimeDays = 90;

/** A ring of stretches of equal length: for how long each of the last ones is known, and for how long it was down. */
class Ring {
  readonly #lengthMs: number;
  readonly #size: number;
  /** Number of the stretch in each place, and its two times. */
  readonly #cells: Float64Array;

  constructor(lengthMs: number, size: number) {
    this.#lengthMs = lengthMs;
    this.#size = size;
    this.#cells = new Float64Array(size * 3).fill(-1);
  }

  set({ at, knownMs, downMs }: UptimeRow): void {
    const stretch = Math.floor(at / this.#lengthMs);
    const place = (stretch % this.#size) * 3;
    if (this.#cells[place] <= stretch) this.#cells.set([stretch, knownMs, downMs], place);
  }

  /** Known and down time of the stretch that is `back` before the one of `now`; zeros where nothing is known. */
  read(now: number, back: number): readonly [number, number] {
    const stretch = Math.floor(now / this.#lengthMs) - back;
    const place = (stretch % this.#size) * 3;
    return this.#cells[place] === stretch ? [this.#cells[place + 1], this.#cells[place + 2]] : [0, 0];
  }

  /** Share of the time in which it was not down over the last stretches; null where nothing is known. */
  share(now: number, count: number): number | null {
    let known = 0;
    let down = 0;
    for (let back = 0; back < count; back++) {
      const [knownMs, downMs] = this.read(now, back);
      known += knownMs;
      down += downMs;
    }
    return known > 0 ? Math.round((1 - down / known) * 1e6) / 1e6 : null;
  }
}

/** The uptimes of all monitors, 3 kB each. */
export class UptimeBook {
  readonly #rings = new Map<string, { readonly hours: Ring; readonly days: Ring }>();

  set(row: UptimeRow): void {
    let rings = this.#rings.get(row.monitor);
    if (!rings) {
      rings = { hours: new Ring(hourMs, uptimeHours), days: new Ring(dayMs, uptimeDays) };
      this.#rings.set(row.monitor, rings);
    }
    (row.lengthMs === hourMs ? rings.hours : rings.days).set(row);
  }

  delete(monitor: string): void {
    this.#rings.delete(monitor);
  }

  /** Over 24 hours, and over the last 7, 30 and 90 days (UTC) with today. */
  read(monitor: string, now: number): MonitorStatus['uptime'] {
    const rings = this.#rings.get(monitor);
    return {
      day: rings?.hours.share(now, uptimeHours) ?? null,
      week: rings?.days.share(now, 7) ?? null,
      month: rings?.days.share(now, 30) ?? null,
      quarter: rings?.days.share(now, uptimeDays) ?? null,
    };
  }

  /** Shares of the last 90 days, oldest first; null where nothing is known. */
  readDays(monitor: string, now: number): (number | null)[] {
    const days = this.#rings.get(monitor)?.days;
    return Array.from({ length: uptimeDays }, (_, i) => {
      const [known, down] = days?.read(now, uptimeDays - 1 - i) ?? [0, 0];
      return known > 0 ? 1 - down / known : null;
    });
  }
}
