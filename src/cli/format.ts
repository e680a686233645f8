/** Numbers as people read them. An unknown value is a dash. */

const byteUnits = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `0 B`, `1.5 KB`, `230 MB` (powers of 1000). */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return '-';
  let value = bytes;
  let unit = 0;
  while (Math.round(value) >= 1000 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${formatShort(value, unit > 0)} ${byteUnits[unit]}`;
}

/** `1,234,567`. (A locale's own way would load what 20 ms of a start are.) */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Bytes per second: `1.5 KB/s`. */
export function formatRate(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? '-' : `${formatBytes(bytesPerSecond)}/s`;
}

/** `12 ms`, `3.4 s`, `5m 20s`, `2h 3m`, `4d 1h`. */
export function formatElapsed(ms: number | null): string {
  if (ms === null) return '-';
  if (ms < 1000) return `${formatShort(ms, ms < 10)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const steps = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const;
  const first = steps.findIndex(([, size]) => seconds >= size);
  const [unit, size] = steps[first];
  const [nextUnit, nextSize] = steps[first + 1];
  return `${Math.floor(seconds / size)}${unit} ${Math.floor((seconds % size) / nextSize)}${nextUnit}`;
}

/** A time of RFC 3339 in the terminal's time zone: `2026-03-16 12:00:00`. */
export function formatTime(timestamp: string | null): string {
  if (timestamp === null) return '-';
  const at = new Date(timestamp);
  if (Number.isNaN(at.getTime())) return timestamp;
  const pad = (part: number): string => String(part).padStart(2, '0');
  const date = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return `${date} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

/** A row of small bars, one for each count, the tallest for the largest. */
export function formatTrend(counts: readonly number[]): string {
  const bars = '▁▂▃▄▅▆▇█';
  const most = Math.max(1, ...counts);
  return counts
    .map((count) => (count === 0 ? '·' : bars[Math.ceil((count / most) * bars.length) - 1]))
    .join('');
}

function formatShort(value: number, decimal: boolean): string {
  return decimal && value < 100 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value));
}
