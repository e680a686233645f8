/**
 * Numbers as a reader wants them. Bytes use decimal units (1 KB = 1000 B), as link speeds do. Every function answers
 * `–` for null, so that an unknown value is never shown as zero.
 */
export const unknown = '–';

const byteUnits = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A byte unit with its size in bytes. */
export interface ByteUnit {
  readonly name: string;
  readonly bytes: number;
}

/** The largest unit of which `value` holds at least one. */
export function pickByteUnit(value: number): ByteUnit {
  let index = 0;
  let bytes = 1;
  while (index < byteUnits.length - 1 && value >= bytes * 1000) {
    bytes *= 1000;
    index++;
  }
  return { name: byteUnits[index], bytes };
}

/** Three significant digits: `0`, `9.87`, `98.7`, `987`. */
function formatSignificant(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

/** A number in a unit already chosen, without the unit: an axis label or a tooltip beside others. */
export function formatIn(unit: ByteUnit, value: number): string {
  return unit.bytes === 1 ? String(Math.round(value)) : formatSignificant(value / unit.bytes);
}

/** `1.24 MB`. */
export function formatBytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return unknown;
  let unit = pickByteUnit(value);
  // 999.6 KB would be written as 1000 KB.
  if (unit.bytes > 1 && value / unit.bytes >= 999.5) unit = pickByteUnit(unit.bytes * 1000);
  return `${formatIn(unit, value)} ${unit.name}`;
}

/** `1.24 MB/s`. */
export function formatRate(value: number | null | undefined): string {
  return value === null || value === undefined ? unknown : `${formatBytes(value)}/s`;
}

/** `12,345`. */
export function formatCount(value: number | null | undefined): string {
  if (value === null || value === undefined) return unknown;
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `<1 ms` (measured as 0), `0.4 ms`, `850 ms`, `1.2 s`, `3m 05s`, `2h 07m`, `5d 03h`: two units at most. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return unknown;
  if (ms === 0) return '<1 ms';
  if (ms < 10) return ms < 0.05 ? '<0.1 ms' : `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${pad(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${pad(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${pad(hours % 24)}h`;
}

/** A length that somebody chose, without parts that are zero: `2 min`, `90 s`, `1 h`. */
export function formatSpan(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds === 0 || seconds % 60 !== 0) return `${seconds} s`;
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${seconds / 60} min`;
}

/** Times as alerts write them, RFC 3339 in UTC. */
const writtenTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** An alert's sentence with its times as those of this place. */
export function localTimes(message: string, now: number): string {
  return message.replace(writtenTime, (time) => formatTime(time, now));
}

/** Age of a picture in whole seconds, one at least: `3 s`, `2m 05s`. */
export function formatAge(ms: number): string {
  return ms < 60_000 ? `${Math.max(1, Math.floor(ms / 1000))} s` : formatDuration(ms);
}

/** `12 µs`, `0.25 ms`, `12.3 ms`, for round-trip times. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return unknown;
  if (ms > 0 && ms < 0.1) return `${Math.round(ms * 1000)} µs`;
  return ms < 1 ? `${ms.toFixed(2)} ms` : ms < 100 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** `12.3 %`. */
export function formatPercent(value: number | null | undefined): string {
  if (value === null || value === undefined) return unknown;
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} %`;
}

/** Local time of day, `14:03:09`. */
export function formatClock(ms: number): string {
  const date = new Date(ms);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** Local date and time, `2026-03-16 14:03:09`; the clock alone for today. */
export function formatTime(iso: string | null | undefined, now: number): string {
  if (!iso) return unknown;
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return unknown;
  const clock = formatClock(date.getTime());
  if (date.toDateString() === new Date(now).toDateString()) return clock;
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
