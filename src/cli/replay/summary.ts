import type { SummaryRecord } from '../../wire/traffic.ts';
import type {
  DnsTally,
  EncryptedTally,
  HttpTally,
  NamedTally,
  TimeSummary,
} from '../../wire/traffic-statistics.ts';
import { escapeText } from '../escape.ts';
import { formatBytes, formatCount, formatElapsed, formatTime } from '../format.ts';
import { type Column, renderTable } from '../table.ts';
import type { ReplayStatistics } from './statistics.ts';

/** Rows of each table. */
const maxRows = 10;
const barCells = 20;

/** What a replay shows on a terminal: a headline, then a table for each kind of traffic that there was. */
export function renderSummary(
  name: string,
  summary: SummaryRecord,
  statistics: ReplayStatistics,
  width: number,
): string {
  const { timeline, period, alerts } = statistics;
  const { http, encrypted, dns } = period.describe(maxRows, timeline.endMs - timeline.startMs);
  const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] =>
    rows.length === 0 ? [] : ['', ...renderTable(columns, rows, width)];
  const lines = [
    ...renderHeadline(name, summary, statistics),
    ...table(applicationColumns(summary), statistics.applications.top(maxRows)),
    ...table(httpColumns('SITE'), http.by.site.rows),
    ...table(httpColumns('SECTION'), http.by.section.rows),
    ...table(encryptedColumns, encrypted.by.site.rows),
    ...table(dnsColumns('NAME LOOKED UP'), dns.by.name.rows),
    ...table(dnsColumns('RESOLVER'), dns.by.resolver.rows),
    ...table(trafficColumns('ADDRESS'), statistics.talkers.top(maxRows)),
    ...table(errorColumns, statistics.errors.top(maxRows)),
    ...(alerts.length > 0
      ? ['', 'ALERTS', ...alerts.slice(0, maxRows).map(({ message }) => escapeText(message))]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

function renderHeadline(
  name: string,
  summary: SummaryRecord,
  { timeline, quality }: ReplayStatistics,
): string[] {
  const count = (value: number, what: string): string => `${formatCount(value)} ${what}`;
  const times =
    timeline.slots.length === 0
      ? []
      : [
          `from ${formatTime(new Date(timeline.startMs).toISOString())}, ${formatElapsed(timeline.endMs - timeline.startMs)} long`,
        ];
  const flaws = [
    ['malformed', summary.malformed],
    ['retransmitted segments', quality.retransmissions],
    ['out of order', quality.outOfOrder],
    ['zero windows', quality.zeroWindows],
  ] as const;
  const found = flaws.filter(([, value]) => value > 0).map(([what, value]) => count(value, what));
  if (quality.missingBytes > 0)
    found.push(`${formatBytes(quality.missingBytes)} of payload not in the capture`);
  return [
    `${escapeText(name)}: ${[count(summary.packets, 'packets'), formatBytes(summary.bytes), count(summary.flows, 'flows'), ...times].join(', ')}`,
    ...(found.length > 0 ? [found.join(', ')] : []),
    ...(summary.error === null ? [] : [`damaged: ${escapeText(summary.error)}`]),
  ];
}

type Traffic = readonly [
  string,
  { readonly flows: number; readonly sent: number; readonly received: number },
];

function trafficColumns(title: string): Column<Traffic>[] {
  return [
    { title, text: ([name]) => name, least: 12 },
    { title: 'FLOWS', text: ([, { flows }]) => String(flows), align: 'right' },
    { title: 'SENT', text: ([, { sent }]) => formatBytes(sent), align: 'right' },
    { title: 'RECEIVED', text: ([, { received }]) => formatBytes(received), align: 'right' },
  ];
}

function applicationColumns({ bytes }: SummaryRecord): Column<Traffic>[] {
  const [name, ...amounts] = trafficColumns('APPLICATION');
  const share = ([, { sent, received }]: Traffic): number =>
    Math.min(1, (sent + received) / Math.max(1, bytes));
  return [
    { ...name, text: ([key]) => key.split(' ')[0] },
    { title: 'TOLD BY', text: ([key]) => key.split(' ')[1] ?? '-', optional: 1 },
    ...amounts,
    { title: 'SHARE', text: (row) => `${(share(row) * 100).toFixed(1)} %`, align: 'right' },
    { title: '', text: (row) => '█'.repeat(Math.round(share(row) * barCells)), optional: 2 },
  ];
}

const timeColumns = <Row extends { readonly response_time: TimeSummary }>(
  optional: number,
): Column<Row>[] => [
  {
    title: 'P50',
    text: ({ response_time }) => formatElapsed(response_time.p50_ms),
    align: 'right',
    optional,
  },
  {
    title: 'P95',
    text: ({ response_time }) => formatElapsed(response_time.p95_ms),
    align: 'right',
    optional,
  },
  {
    title: 'P99',
    text: ({ response_time }) => formatElapsed(response_time.p99_ms),
    align: 'right',
    optional: optional + 1,
  },
];

function httpColumns(title: string): Column<NamedTally<HttpTally>>[] {
  return [
    { title, text: ({ name }) => name, least: 16 },
    { title: 'HITS', text: ({ hits }) => String(hits), align: 'right' },
    ...(['2xx', '3xx', '4xx', '5xx', 'none'] as const).map(
      (status): Column<NamedTally<HttpTally>> => ({
        title: status.toUpperCase(),
        text: ({ statuses }) => String(statuses[status]),
        align: 'right',
        optional: 3,
      }),
    ),
    { title: 'SENT', text: ({ request_bytes }) => formatBytes(request_bytes), align: 'right', optional: 4 },
    {
      title: 'RECEIVED',
      text: ({ response_bytes }) => formatBytes(response_bytes),
      align: 'right',
      optional: 2,
    },
    ...timeColumns<NamedTally<HttpTally>>(1),
  ];
}

const encryptedColumns: readonly Column<NamedTally<EncryptedTally>>[] = [
  { title: 'ENCRYPTED SITE', text: ({ name }) => name, least: 16 },
  { title: 'CONNECTIONS', text: ({ connections }) => String(connections), align: 'right' },
  { title: 'SENT', text: ({ bytes_sent }) => formatBytes(bytes_sent), align: 'right', optional: 1 },
  {
    title: 'RECEIVED',
    text: ({ bytes_received }) => formatBytes(bytes_received),
    align: 'right',
    optional: 1,
  },
];

function dnsColumns(title: string): Column<NamedTally<DnsTally>>[] {
  return [
    { title, text: ({ name }) => name, least: 16 },
    { title: 'QUERIES', text: ({ queries }) => String(queries), align: 'right' },
    { title: 'FAILED', text: ({ failures }) => String(failures), align: 'right' },
    { title: 'UNANSWERED', text: ({ unanswered }) => String(unanswered), align: 'right', optional: 3 },
    ...timeColumns<NamedTally<DnsTally>>(1),
  ];
}

const errorColumns: readonly Column<readonly [string, { readonly count: number }]>[] = [
  { title: 'COUNT', text: ([, { count }]) => String(count), align: 'right' },
  { title: 'ERROR', text: ([name]) => name.split(' ')[0] },
  { title: 'AT', text: ([name]) => name.split(' ')[1] ?? '', least: 16 },
];
