import { formatBytes, formatElapsed, formatRate, formatTime } from '../../cli/format.ts';
import type { AlertRow } from '../../wire/traffic-api.ts';
import type {
  DnsGroup,
  DnsTally,
  EncryptedTally,
  Group,
  HttpGroup,
  HttpTally,
  NamedTally,
} from '../../wire/traffic-statistics.ts';
import { showMessage } from '../message.ts';
import type { Picture } from '../picture.ts';
import type { Page } from './page.ts';

/** A row of the HTTP page: requests, or an encrypted site of which only the name and the amount are known. */
export interface HttpRow {
  readonly name: string;
  readonly http: HttpTally | null;
  readonly encrypted: EncryptedTally | null;
}

export interface DnsRow {
  readonly name: string;
  readonly tally: DnsTally;
}

/** What stands for all names without a row of their own, and for one that is not known. */
const other = '(other)';
const unknown = '(unknown)';

const nameRows = <T extends object>(group: Group<T>): readonly { name: string; tally: T }[] => [
  ...group.rows.map((row: NamedTally<T>) => ({ name: row.name || unknown, tally: row as T })),
  ...(group.other === null ? [] : [{ name: other, tally: group.other }]),
];

const nothingInspected = ({ traffic }: Picture, what: string): string =>
  traffic === null ? 'this server inspects no traffic' : `no ${what} in this window`;

export const httpPage: Page<HttpRow> = {
  name: 'http',
  title: 'HTTP',
  short: 'HTTP',
  order: 'HITS',
  groups: ['site', 'section', 'method', 'status', 'process'],
  windowed: true,
  rows({ traffic }, { group }) {
    if (traffic === null) return [];
    const http = nameRows(traffic.http.by[group as HttpGroup]);
    const rows = http.map(({ name, tally }): HttpRow => ({ name, http: tally, encrypted: null }));
    if (group !== 'site') return rows;
    const encrypted = nameRows(traffic.encrypted.by.site);
    return [
      ...rows,
      ...encrypted.map(({ name, tally }): HttpRow => ({ name, http: null, encrypted: tally })),
    ];
  },
  key: ({ name, http }) => `${http === null ? 'tls' : 'http'} ${name}`,
  words: ({ name }) => [name],
  columns: [
    {
      title: 'NAME',
      width: 18,
      grow: 3,
      text: ({ name }) => name,
      value: ({ name }) => name,
      style: ({ http }) => (http === null ? 'plain' : 'bold'),
    },
    {
      title: 'HITS',
      width: 7,
      align: 'right',
      text: ({ http, encrypted }) => (http === null ? `${encrypted!.connections}c` : String(http.hits)),
      value: ({ http, encrypted }) => http?.hits ?? encrypted!.connections,
    },
    {
      title: 'HITS/S',
      width: 7,
      align: 'right',
      text: ({ http }) => http?.hits_per_second.toFixed(1) ?? 'TLS',
      value: ({ http }) => http?.hits_per_second ?? -1,
      style: ({ http }) => (http === null ? 'dim' : 'plain'),
    },
    {
      title: 'RATE',
      width: 10,
      align: 'right',
      text: ({ http, encrypted }) => formatRate((http ?? encrypted!).bytes_per_second),
      value: ({ http, encrypted }) => (http ?? encrypted!).bytes_per_second,
      style: () => 'down',
    },
    {
      title: 'SENT',
      width: 8,
      align: 'right',
      drop: 4,
      text: ({ http, encrypted }) => formatBytes(http?.request_bytes ?? encrypted!.bytes_sent),
      value: ({ http, encrypted }) => http?.request_bytes ?? encrypted!.bytes_sent,
    },
    {
      title: 'RECEIVED',
      width: 8,
      align: 'right',
      drop: 3,
      text: ({ http, encrypted }) => formatBytes(http?.response_bytes ?? encrypted!.bytes_received),
      value: ({ http, encrypted }) => http?.response_bytes ?? encrypted!.bytes_received,
    },
    countColumn('2XX', '2xx', 'good', 5),
    countColumn('3XX', '3xx', 'plain', 5),
    countColumn('4XX', '4xx', 'warn', 0),
    countColumn('5XX', '5xx', 'bad', 0),
    countColumn('NONE', 'none', 'warn', 6),
    timeColumn('P50', 'p50_ms', 0),
    timeColumn('P95', 'p95_ms', 0),
    timeColumn('P99', 'p99_ms', 2),
  ],
  details: ({ name, http, encrypted }) =>
    http === null
      ? [
          ['site', name],
          ['path', 'encrypted: only the name of the site and the amount are known'],
          ['connections', String(encrypted!.connections)],
          ['sent', formatBytes(encrypted!.bytes_sent)],
          ['received', formatBytes(encrypted!.bytes_received)],
        ]
      : [
          ['name', name],
          ['hits', `${http.hits}, ${http.hits_per_second.toFixed(2)} a second`],
          ['bodies', `${formatBytes(http.request_bytes)} sent, ${formatBytes(http.response_bytes)} received`],
          [
            'statuses',
            Object.entries(http.statuses)
              .map(([kind, count]) => `${count} ${kind}`)
              .join(', '),
          ],
          [
            'p50, p95, p99',
            [http.response_time.p50_ms, http.response_time.p95_ms, http.response_time.p99_ms]
              .map(formatElapsed)
              .join(', '),
          ],
        ],
  empty: (picture) => nothingInspected(picture, 'HTTP'),
};

function countColumn(
  title: string,
  kind: keyof HttpTally['statuses'],
  style: 'good' | 'plain' | 'warn' | 'bad',
  drop: number,
): Page<HttpRow>['columns'][number] {
  const count = ({ http }: HttpRow): number => http?.statuses[kind] ?? 0;
  return {
    title,
    width: 5,
    align: 'right',
    drop,
    text: (row) => (row.http === null ? '-' : String(count(row))),
    value: count,
    style: (row) => (count(row) > 0 ? style : 'dim'),
  };
}

function timeColumn(
  title: string,
  field: 'p50_ms' | 'p95_ms' | 'p99_ms',
  drop: number,
): Page<HttpRow>['columns'][number] {
  return {
    title,
    width: 7,
    align: 'right',
    drop,
    text: ({ http }) => formatElapsed(http?.response_time[field] ?? null),
    value: ({ http }) => http?.response_time[field] ?? -1,
  };
}

export const dnsPage: Page<DnsRow> = {
  name: 'dns',
  title: 'DNS',
  short: 'DNS',
  order: 'QUERIES',
  groups: ['name', 'process', 'resolver', 'rcode'],
  windowed: true,
  rows: ({ traffic }, { group }) => (traffic === null ? [] : nameRows(traffic.dns.by[group as DnsGroup])),
  key: ({ name }) => name,
  words: ({ name }) => [name],
  columns: [
    {
      title: 'NAME',
      width: 24,
      grow: 3,
      text: ({ name }) => name,
      value: ({ name }) => name,
      style: () => 'bold',
    },
    {
      title: 'QUERIES',
      width: 8,
      align: 'right',
      text: ({ tally }) => String(tally.queries),
      value: ({ tally }) => tally.queries,
    },
    {
      title: 'PER S',
      width: 7,
      align: 'right',
      text: ({ tally }) => tally.queries_per_second.toFixed(1),
      value: ({ tally }) => tally.queries_per_second,
    },
    {
      title: 'FAILED',
      width: 7,
      align: 'right',
      text: ({ tally }) => String(tally.failures),
      value: ({ tally }) => tally.failures,
      style: ({ tally }) => (tally.failures > 0 ? 'bad' : 'dim'),
    },
    {
      title: 'SILENT',
      width: 7,
      align: 'right',
      text: ({ tally }) => String(tally.unanswered),
      value: ({ tally }) => tally.unanswered,
      style: ({ tally }) => (tally.unanswered > 0 ? 'warn' : 'dim'),
    },
    {
      title: 'P50',
      width: 7,
      align: 'right',
      text: ({ tally }) => formatElapsed(tally.response_time.p50_ms),
      value: ({ tally }) => tally.response_time.p50_ms ?? -1,
    },
    {
      title: 'P95',
      width: 7,
      align: 'right',
      text: ({ tally }) => formatElapsed(tally.response_time.p95_ms),
      value: ({ tally }) => tally.response_time.p95_ms ?? -1,
    },
    {
      title: 'P99',
      width: 8,
      align: 'right',
      drop: 2,
      text: ({ tally }) => formatElapsed(tally.response_time.p99_ms),
      value: ({ tally }) => tally.response_time.p99_ms ?? -1,
    },
  ],
  details: ({ name, tally }) => [
    ['name', name],
    ['queries', `${tally.queries}, ${tally.queries_per_second.toFixed(2)} a second`],
    ['failed', `${tally.failures}, and ${tally.unanswered} without an answer`],
    [
      'p50, p95, p99',
      [tally.response_time.p50_ms, tally.response_time.p95_ms, tally.response_time.p99_ms]
        .map(formatElapsed)
        .join(', '),
    ],
  ],
  empty: (picture) => nothingInspected(picture, 'DNS'),
};

export const alertPage: Page<AlertRow> = {
  name: 'alerts',
  title: 'Alerts',
  short: 'Alerts',
  order: 'RAISED',
  rows: ({ alerts }) => alerts,
  key: ({ id }) => id,
  words: ({ message, scope }) => [message, scope],
  columns: [
    {
      title: 'RAISED',
      width: 14,
      text: ({ raised_at }) => formatTime(raised_at).slice(5),
      value: ({ raised_at }) => raised_at,
    },
    {
      title: 'STATE',
      width: 10,
      text: ({ recovered_at }) => (recovered_at === null ? 'ACTIVE' : 'recovered'),
      value: ({ recovered_at }) => recovered_at ?? '',
      style: ({ recovered_at }) => (recovered_at === null ? 'alarm' : 'good'),
    },
    {
      title: 'RECOVERED',
      width: 9,
      drop: 2,
      text: ({ recovered_at }) => (recovered_at === null ? '-' : formatTime(recovered_at).slice(11)),
    },
    {
      title: 'LASTED',
      width: 8,
      align: 'right',
      text: ({ duration_ms }) => formatElapsed(duration_ms),
      value: ({ duration_ms }) => duration_ms ?? Number.MAX_VALUE,
    },
    { title: 'SCOPE', width: 12, drop: 3, text: ({ scope }) => scope, value: ({ scope }) => scope },
    { title: 'MESSAGE', width: 24, grow: 1, text: ({ message }) => showMessage(message) },
  ],
  details: (row) => [
    ['message', row.message],
    ['scope', row.scope],
    ['raised', formatTime(row.raised_at)],
    ['recovered', row.recovered_at === null ? 'not yet' : formatTime(row.recovered_at)],
    ['lasted', formatElapsed(row.duration_ms)],
  ],
  empty: () => 'no alert was raised',
};
