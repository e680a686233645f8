import type { AlertRow, DnsGroupRow, HttpGroupRow } from '../wire/traffic-api.ts';
import { formatBytes, formatElapsed, formatRate, formatTime } from './format.ts';
import type { Column } from './table.ts';

/** What the tables of inspected traffic show, most important columns first to stay on a narrow terminal. */
export const httpColumns: readonly Column<HttpGroupRow>[] = [
  { title: 'NAME', text: (row) => row.name || '-', least: 16 },
  { title: 'HITS', text: (row) => String(row.hits), align: 'right' },
  { title: 'SHARE', text: (row) => `${(row.share * 100).toFixed(1)} %`, align: 'right', optional: 4 },
  { title: '2XX', text: (row) => String(row.statuses['2xx']), align: 'right', optional: 6 },
  { title: '3XX', text: (row) => String(row.statuses['3xx']), align: 'right', optional: 6 },
  { title: '4XX', text: (row) => String(row.statuses['4xx']), align: 'right', optional: 2 },
  { title: '5XX', text: (row) => String(row.statuses['5xx']), align: 'right', optional: 1 },
  { title: 'NO ANSWER', text: (row) => String(row.statuses.none), align: 'right', optional: 5 },
  { title: 'P50', text: (row) => formatElapsed(row.p50_ms), align: 'right', optional: 3 },
  { title: 'P95', text: (row) => formatElapsed(row.p95_ms), align: 'right', optional: 1 },
  { title: 'P99', text: (row) => formatElapsed(row.p99_ms), align: 'right', optional: 3 },
  {
    title: 'BYTES',
    text: (row) => formatBytes(row.request_bytes + row.response_bytes),
    align: 'right',
    optional: 2,
  },
];

export const dnsColumns: readonly Column<DnsGroupRow>[] = [
  { title: 'NAME', text: (row) => row.name || '-', least: 16 },
  { title: 'QUESTIONS', text: (row) => String(row.queries), align: 'right' },
  { title: 'FAILED', text: (row) => String(row.failures), align: 'right' },
  { title: 'UNANSWERED', text: (row) => String(row.unanswered), align: 'right', optional: 1 },
  { title: 'P50', text: (row) => formatElapsed(row.p50_ms), align: 'right', optional: 2 },
  { title: 'P95', text: (row) => formatElapsed(row.p95_ms), align: 'right', optional: 1 },
  { title: 'P99', text: (row) => formatElapsed(row.p99_ms), align: 'right', optional: 3 },
];

export const alertColumns: readonly Column<AlertRow>[] = [
  { title: 'STATE', text: (row) => row.state },
  { title: 'RAISED', text: (row) => formatTime(row.raised_at) },
  { title: 'RECOVERED', text: (row) => (row.recovered_at === null ? '-' : formatTime(row.recovered_at)) },
  { title: 'LASTED', text: (row) => formatElapsed(row.duration_ms), align: 'right', optional: 1 },
  { title: 'KIND', text: (row) => row.kind, optional: 3 },
  { title: 'SCOPE', text: (row) => row.scope, least: 8 },
  { title: 'VALUE', text: showValue, align: 'right' },
  { title: 'THRESHOLD', text: showThreshold, align: 'right', optional: 2 },
  { title: 'WINDOW', text: (row) => formatElapsed(row.window_ms), align: 'right', optional: 4 },
  { title: 'ID', text: (row) => String(row.id), align: 'right', optional: 2 },
  { title: 'PACKETS', text: (row) => String(row.packets || '-'), align: 'right', optional: 2 },
  { title: 'AGENT', text: (row) => row.agent, least: 8, optional: 5 },
];

function showValue({ kind, value }: AlertRow): string {
  return kind === 'hits' ? String(value) : formatRate(value);
}

function showThreshold({ kind, threshold }: AlertRow): string {
  return kind === 'hits' ? String(threshold) : formatRate(threshold);
}
