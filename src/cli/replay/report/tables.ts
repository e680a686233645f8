import type {
  DnsTally,
  EncryptedTally,
  Group,
  HttpTally,
  NamedTally,
} from '../../../wire/traffic-statistics.ts';
import { formatBytes, formatCount, formatElapsed } from '../../format.ts';
import { drawBar, drawStatuses } from './charts.ts';
import { type Content, html, type Markup } from './html.ts';

export interface ReportColumn<Row> {
  readonly title: string;
  readonly kind?: 'name' | 'number' | 'bar' | 'mono';
  readonly content: (row: Row) => Content;
}

const classes = { name: 'name', number: 'n', bar: 'bar', mono: 'name mono' } as const;

export function drawTable<Row>(columns: readonly ReportColumn<Row>[], rows: readonly Row[]): Markup {
  if (rows.length === 0) return html`<p class="empty">None.</p>`;
  const head = columns.map(({ title, kind }) => html`<th class="${kind ? classes[kind] : ''}">${title}</th>`);
  const body = rows.map(
    (row) =>
      html`<tr>${columns.map(({ kind, content }) => html`<td class="${kind ? classes[kind] : ''}">${content(row)}</td>`)}</tr>`,
  );
  return html`<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** The rows of a group, with what has none as the last one. */
export function rowsOf<Tally>({ rows, other }: Group<Tally>): readonly NamedTally<Tally>[] {
  return other === null ? rows : [...rows, { ...other, name: 'all others' }];
}

export function httpColumns(
  title: string,
  rows: readonly HttpTally[],
): ReportColumn<NamedTally<HttpTally>>[] {
  const most = Math.max(...rows.map(({ hits }) => hits), 1);
  return [
    { title, kind: 'name', content: ({ name }) => name || '(none)' },
    { title: 'Hits', kind: 'number', content: ({ hits }) => formatCount(hits) },
    { title: '', kind: 'bar', content: ({ hits }) => drawBar(hits, most) },
    { title: 'Status', kind: 'bar', content: ({ statuses }) => drawStatuses(statuses) },
    { title: 'Received', kind: 'number', content: ({ response_bytes }) => formatBytes(response_bytes) },
    { title: 'p50', kind: 'number', content: ({ response_time }) => formatElapsed(response_time.p50_ms) },
    { title: 'p95', kind: 'number', content: ({ response_time }) => formatElapsed(response_time.p95_ms) },
    { title: 'p99', kind: 'number', content: ({ response_time }) => formatElapsed(response_time.p99_ms) },
  ];
}

export function encryptedColumns(
  title: string,
  rows: readonly EncryptedTally[],
): ReportColumn<NamedTally<EncryptedTally>>[] {
  const bytes = (row: EncryptedTally): number => row.bytes_sent + row.bytes_received;
  const most = Math.max(...rows.map(bytes), 1);
  return [
    { title, kind: 'name', content: ({ name }) => name },
    { title: 'Connections', kind: 'number', content: ({ connections }) => formatCount(connections) },
    { title: 'Bytes', kind: 'number', content: (row) => formatBytes(bytes(row)) },
    { title: '', kind: 'bar', content: (row) => drawBar(bytes(row), most, 'c1') },
  ];
}

export function dnsColumns(title: string, rows: readonly DnsTally[]): ReportColumn<NamedTally<DnsTally>>[] {
  const most = Math.max(...rows.map(({ queries }) => queries), 1);
  return [
    { title, kind: 'name', content: ({ name }) => name },
    { title: 'Questions', kind: 'number', content: ({ queries }) => formatCount(queries) },
    { title: '', kind: 'bar', content: ({ queries }) => drawBar(queries, most, 'c4') },
    { title: 'Failed', kind: 'number', content: ({ failures }) => formatCount(failures) },
    { title: 'Unanswered', kind: 'number', content: ({ unanswered }) => formatCount(unanswered) },
    { title: 'p50', kind: 'number', content: ({ response_time }) => formatElapsed(response_time.p50_ms) },
    { title: 'p95', kind: 'number', content: ({ response_time }) => formatElapsed(response_time.p95_ms) },
  ];
}

export interface TrafficRow {
  readonly name: string;
  readonly flows: number;
  readonly sent: number;
  readonly received: number;
}

export function trafficColumns(
  title: string,
  rows: readonly TrafficRow[],
  colour: string,
): ReportColumn<TrafficRow>[] {
  const most = Math.max(...rows.map(({ sent, received }) => sent + received), 1);
  return [
    { title, kind: 'name', content: ({ name }) => name },
    { title: 'Flows', kind: 'number', content: ({ flows }) => formatCount(flows) },
    { title: 'Sent', kind: 'number', content: ({ sent }) => formatBytes(sent) },
    { title: 'Received', kind: 'number', content: ({ received }) => formatBytes(received) },
    { title: '', kind: 'bar', content: ({ sent, received }) => drawBar(sent + received, most, colour) },
  ];
}

export interface CountRow {
  readonly name: string;
  readonly count: number;
}

export function countColumns(
  title: string,
  rows: readonly CountRow[],
  kind: 'name' | 'mono' = 'name',
): ReportColumn<CountRow>[] {
  const most = Math.max(...rows.map(({ count }) => count), 1);
  return [
    { title, kind, content: ({ name }) => name },
    { title: 'Count', kind: 'number', content: ({ count }) => formatCount(count) },
    { title: '', kind: 'bar', content: ({ count }) => drawBar(count, most, 'c6') },
  ];
}
