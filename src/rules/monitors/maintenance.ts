import type { Maintenance } from '../../wire/monitor.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** The note of the maintenance window that a time (Unix milliseconds) is in, null for none. A window's end is not in it. */
export function maintenanceAt(windows: readonly Maintenance[], atMs: number): string | null {
  const window = windows.find((candidate) => isWithin(candidate, atMs));
  return window ? window.note || 'maintenance' : null;
}

function isWithin(window: Maintenance, atMs: number): boolean {
  if ('from' in window) return atMs >= Date.parse(window.from) && atMs < Date.parse(window.to);
  const [hours, minutes] = window.at.split(':').map(Number);
  const today = Math.floor(atMs / dayMs) * dayMs;
  // One that began yesterday may last into today; none is longer than a day.
  return [today, today - dayMs].some((day) => {
    const start = day + (hours * 60 + minutes) * minuteMs;
    const isDay = window.weekdays.includes(new Date(day).getUTCDay());
    return isDay && atMs >= start && atMs < start + window.minutes * minuteMs;
  });
}
