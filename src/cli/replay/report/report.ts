import { createHash } from 'node:crypto';
import type { SummaryRecord } from '../../../wire/traffic.ts';
import { formatBytes, formatCount, formatElapsed, formatRate } from '../../format.ts';
import type { ReplayStatistics } from '../statistics.ts';
import {
  drawCurve,
  drawLatencies,
  drawLegend,
  drawRequests,
  drawRing,
  drawStatuses,
  drawStatusLegend,
  type Mark,
  seriesColours,
  statusNames,
  type TimeAxis,
} from './charts.ts';
import { type Content, html, Markup } from './html.ts';
import { style } from './style.ts';
import {
  countColumns,
  dnsColumns,
  drawTable,
  encryptedColumns,
  httpColumns,
  rowsOf,
  type TrafficRow,
  trafficColumns,
} from './tables.ts';

/** Rows of a table, and of one beside a chart. */
const maxRows = 15;
const maxShort = 8;

export interface ReportOptions {
  /** Of the file. */
  readonly name: string;
  readonly version: string;
}

/**
 * A page that holds everything it needs: no script, nothing loaded from anywhere, which its policy makes sure of. All
 * text from the capture is escaped.
 */
export function renderReport(
  { name, version }: ReportOptions,
  summary: SummaryRecord,
  statistics: ReplayStatistics,
): string {
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const { timeline } = statistics;
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${name} · netmon</title>
<style>${new Markup(style)}</style>
<main>
<header><span class="brand">netmon</span><h1>${name}</h1><p>${describeTime(statistics)}</p></header>
${summary.error === null ? null : html`<p class="note bad">The file is damaged: ${summary.error}. What could be read is below.</p>`}
${drawTiles(summary, statistics)}
${timeline.slots.length === 0 ? html`<p class="empty">There are no packets in it.</p>` : drawSections(statistics)}
<footer>Made by netmon ${version}. Percentiles are within 5 % of the exact ones; bytes of flows count from the network layer on; times are UTC.</footer>
</main>
</html>
`;
  return page.text;
}

function describeTime({ timeline }: ReplayStatistics): string {
  if (timeline.slots.length === 0) return 'no packets';
  const show = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
  return `${show(timeline.startMs)} to ${show(timeline.endMs)} UTC, ${formatElapsed(timeline.endMs - timeline.startMs)}`;
}

function drawTiles(summary: SummaryRecord, { period, errors }: ReplayStatistics): Markup {
  const { http, encrypted, dns } = period.describe(1, 1);
  const failures = errors.top(Number.POSITIVE_INFINITY).reduce((sum, [, { count }]) => sum + count, 0);
  const tiles: readonly (readonly [string, string, boolean?])[] = [
    [formatCount(summary.packets), 'packets'],
    [formatBytes(summary.bytes), 'on the wire'],
    [formatCount(summary.flows), 'flows'],
    [formatCount(http.total.hits), 'HTTP requests'],
    [formatCount(encrypted.total.connections), 'encrypted connections'],
    [formatCount(dns.total.queries), 'DNS questions'],
    [formatCount(failures), 'failed connections', failures > 0],
    [formatCount(summary.malformed), 'malformed packets', summary.malformed > 0],
  ];
  return html`<div class="tiles">${tiles.map(([value, what, bad]) => html`<div class="tile${bad ? ' bad' : ''}"><b>${value}</b><span>${what}</span></div>`)}</div>`;
}

function card(size: string, title: string, note: string, ...content: readonly Content[]): Markup {
  return html`<section class="card ${size}"><h2>${title}${note === '' ? null : html`<small>${note}</small>`}</h2>${content}</section>`;
}

function drawSections(statistics: ReplayStatistics): Content {
  const { http, encrypted, dns, notices } = statistics.period.describe(maxRows, 1);
  return [
    notices.map((notice) => html`<p class="note">${notice}</p>`),
    html`<div class="grid">${drawTimes(statistics, http.total.hits > 0)}</div>`,
    html`<div class="grid">${drawApplications(statistics)}${drawTalkers(statistics)}</div>`,
    http.total.hits > 0 ? drawHttp(statistics) : null,
    encrypted.total.connections > 0 ? drawEncrypted(statistics) : null,
    dns.total.queries > 0 ? drawDns(statistics) : null,
    drawTrouble(statistics),
  ];
}

function drawTimes({ timeline, alerts }: ReplayStatistics, hasRequests: boolean): Content {
  const { slots, slotMs, startMs } = timeline;
  const axis: TimeAxis = { startMs, slotMs, count: Math.max(slots.length, 2) };
  const marks = alerts.map(
    (alert): Mark => ({ timeMs: Date.parse(alert.ts), kind: alert.state, text: alert.message }),
  );
  const each = `each point is ${formatElapsed(slotMs)}`;
  const rates = slots.map(({ bytes }) => (bytes / slotMs) * 1000);
  return [
    card('', 'Throughput', each, drawCurve(rates, axis, formatRate)),
    hasRequests
      ? card(
          '',
          'HTTP requests',
          alerts.length > 0 ? `${each}; dashed: high traffic raised and recovered` : each,
          drawRequests(slots, axis, marks),
          drawLegend([
            ['ok', 'answered below 400'],
            ['warn', '4xx'],
            ['bad', '5xx'],
            ['none', 'unanswered'],
          ]),
        )
      : null,
  ];
}

function toRows(names: ReplayStatistics['talkers'], limit: number): TrafficRow[] {
  const rows = names.top(limit).map(([name, amounts]) => ({ name, ...amounts }));
  return names.other ? [...rows, { name: 'others', ...names.other }] : rows;
}

function drawApplications({ applications }: ReplayStatistics): Markup {
  const rows = toRows(applications, Number.POSITIVE_INFINITY);
  const bytes = ({ sent, received }: TrafficRow): number => sent + received;
  const shown = rows.slice(0, seriesColours - 1);
  const rest = rows.slice(seriesColours - 1).reduce((sum, row) => sum + bytes(row), 0);
  const shares = shown.map((row) => ({ name: row.name.split(' ')[0], value: bytes(row) }));
  if (rest > 0) shares.push({ name: 'others', value: rest });
  const all = shares.reduce((sum, { value }) => sum + value, 0) || 1;
  const legend = shares.map(({ name, value }, i): [string, string] => [
    `c${i}`,
    `${name} ${((value / all) * 100).toFixed(1)} %`,
  ]);
  const named = rows.slice(0, maxRows).map((row) => ({ ...row, name: nameApplication(row.name) }));
  return card(
    'w7',
    'Applications',
    'by bytes',
    drawRing(shares, formatBytes(all)),
    drawLegend(legend),
    drawTable(trafficColumns('Application', named, 'c0'), named),
  );
}

/** Says where only the port has spoken, or nobody. */
function nameApplication(key: string): string {
  const [name, by] = key.split(' ');
  if (by === 'port') return `${name} (by its port)`;
  return name === 'tcp' || name === 'udp' ? `${name} (not known)` : name;
}

function drawTalkers({ talkers }: ReplayStatistics): Markup {
  const rows = toRows(talkers, maxRows);
  return card(
    'w5',
    'Addresses',
    'those with the most traffic',
    drawTable(trafficColumns('Address', rows, 'c5'), rows),
  );
}

function drawHttp({ period }: ReplayStatistics): Content {
  const { total, by } = period.describe(maxRows, 1).http;
  const times = period.responseTimes;
  const { p50_ms, p95_ms, p99_ms } = total.response_time;
  const [sites, sections, methods] = [rowsOf(by.site), rowsOf(by.section), rowsOf(by.method)];
  const answered = statusNames.some((name) => name !== 'none' && total.statuses[name] > 0);
  return [
    html`<h3>Web</h3>`,
    html`<div class="grid">${[
      card(
        'w5',
        'How requests ended',
        '',
        drawStatuses(total.statuses),
        drawStatusLegend(total.statuses),
        drawTable(httpColumns('Method', methods).slice(0, 4), methods),
      ),
      card(
        'w7',
        'Response time',
        'from the end of a request to the start of its answer',
        answered && times.length > 0
          ? drawLatencies(times, [
              ['p50', p50_ms],
              ['p95', p95_ms],
              ['p99', p99_ms],
            ])
          : html`<p class="empty">No request was answered.</p>`,
      ),
      card('', 'Sites', '', drawTable(httpColumns('Site', sites), sites)),
      card(
        '',
        'Sections',
        'host and first part of the path',
        drawTable(httpColumns('Section', sections), sections),
      ),
    ]}</div>`,
  ];
}

function drawEncrypted({ period, tlsVersions, fingerprints }: ReplayStatistics): Content {
  const { by } = period.describe(maxRows, 1).encrypted;
  const sites = rowsOf(by.site);
  const [versions, prints] = [tlsVersions, fingerprints].map((names) =>
    names.top(maxShort).map(([name, { count }]) => ({ name, count })),
  );
  return [
    html`<h3>Encrypted</h3>`,
    html`<div class="grid">${[
      card(
        'w7',
        'Sites',
        'by the name that the client asked for; paths are encrypted',
        drawTable(encryptedColumns('Site', sites), sites),
      ),
      html`<div class="w5">${[
        card('', 'Versions', '', drawTable(countColumns('Version', versions), versions)),
        card('', 'Clients', 'by JA4 fingerprint', drawTable(countColumns('JA4', prints, 'mono'), prints)),
      ]}</div>`,
    ]}</div>`,
  ];
}

function drawDns({ period }: ReplayStatistics): Content {
  const { by } = period.describe(maxRows, 1).dns;
  const [names, codes, resolvers] = [rowsOf(by.name), rowsOf(by.rcode), rowsOf(by.resolver)];
  const counts = codes.map(({ name, queries }) => ({
    name: name === 'none' ? 'unanswered' : name,
    count: queries,
  }));
  return [
    html`<h3>Names</h3>`,
    html`<div class="grid">${[
      card('w8', 'Names looked up', '', drawTable(dnsColumns('Name', names), names)),
      card('w4', 'Answers', '', drawTable(countColumns('Code', counts), counts)),
      card('', 'Resolvers', '', drawTable(dnsColumns('Resolver', resolvers), resolvers)),
    ]}</div>`,
  ];
}

function drawTrouble({ errors, quality, alerts }: ReplayStatistics): Content {
  const rows = errors.top(maxRows).map(([key, { count }]) => ({ name: key.replace(' ', ' at '), count }));
  const flaws = [
    { name: 'retransmitted segments', count: quality.retransmissions },
    { name: 'segments out of order', count: quality.outOfOrder },
    { name: 'zero windows', count: quality.zeroWindows },
    { name: 'payload bytes missing in the capture', count: quality.missingBytes },
  ].filter(({ count }) => count > 0);
  return [
    html`<h3>Trouble</h3>`,
    html`<div class="grid">${[
      card('w7', 'Failed connections', '', drawTable(countColumns('Error', rows), rows)),
      card('w5', 'Quality', 'of TCP connections', drawTable(countColumns('What', flaws), flaws)),
      alerts.length > 0
        ? card(
            '',
            'Alerts',
            '',
            drawTable(
              [{ title: 'Message', kind: 'name', content: ({ message }) => message }],
              alerts.slice(0, maxRows),
            ),
          )
        : null,
    ]}</div>`,
  ];
}
