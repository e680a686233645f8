import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DnsRecord, FlowRecord, HttpRecord, SummaryRecord, TlsRecord } from '../../wire/traffic.ts';
import { makeCsvOutput, recordTypes } from './csv-output.ts';
import { HitTimes } from './hit-times.ts';
import { makeJsonOutput } from './output.ts';
import { renderReport } from './report/report.ts';
import { ReplayStatistics } from './statistics.ts';
import { renderSummary } from './summary.ts';
import { Timeline } from './timeline.ts';
import { TopNames } from './top-names.ts';

const ends = { src: '192.0.2.1:40000', dst: '198.51.100.2:80' };
const ts = '2026-03-16T12:00:00.000Z';
/** What a hostile peer would put where people look. */
const hostile = '<script>alert(1)</script>"\'\u202e\x1b[2J';

const http: HttpRecord = {
  type: 'http',
  ts,
  ...ends,
  method: 'GET',
  host: hostile,
  path: `/${hostile}/a`,
  status: 503,
  request_bytes: 0,
  response_bytes: 1500,
  duration_ms: 12.5,
  version: '1.1',
  user_agent: '=cmd()',
  content_type: null,
};
const dns: DnsRecord = {
  type: 'dns',
  ts,
  ...ends,
  transport: 'udp',
  id: 7,
  query: hostile,
  qtype: 'A',
  rcode: 'NOERROR',
  answers: [
    { name: 'a', type: 'A', ttl: 1, data: '192.0.2.7' },
    { name: 'a', type: 'A', ttl: 1, data: '192.0.2.8' },
  ],
  duration_ms: 2,
};
const tls: TlsRecord = {
  type: 'tls',
  ts,
  ...ends,
  transport: 'tcp',
  version: '1.2',
  sni: hostile,
  alpn: 'h2',
  ja4: hostile,
  certificate: {
    subject: '@subject',
    issuer: 'issuer',
    names: ['a.example', 'b.example'],
    not_before: ts,
    not_after: ts,
  },
};
const flow = {
  type: 'flow',
  ts,
  ...ends,
  protocol: 'tcp',
  application: hostile,
  by: 'payload',
  packets_sent: 1,
  packets_received: 2,
  bytes_sent: 100,
  bytes_received: 2000,
  duration_ms: 3,
  state: 'CLOSED',
  error: 'ECONNRESET',
  quality: null,
} as const satisfies FlowRecord;
const summary: SummaryRecord = {
  type: 'summary',
  packets: 3,
  bytes: 2100,
  malformed: 1,
  flows: 1,
  error: hostile,
};
const records = [http, dns, tls, flow];

function collect(): ReplayStatistics {
  const statistics = new ReplayStatistics();
  statistics.addPacket(Date.parse(ts), 2100);
  for (const record of records) statistics.add(record);
  return statistics;
}

describe('replay output', () => {
  it('is a line of JSON for each record that is asked for, its type first and the summary last', () => {
    let text = '';
    const output = makeJsonOutput(new Set(['dns', 'flow']), (piece) => {
      text += piece;
    });
    for (const record of records) output.record(record);
    output.finish(summary);
    const lines = text.trim().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [dns, flow, summary],
    );
    for (const line of lines) assert.match(line, /^\{"type":"/);
  });

  it('is one CSV table of the types that are asked for, in which no cell is a formula', () => {
    let text = '';
    const output = makeCsvOutput(['http', 'tls'], (piece) => {
      text += piece;
    });
    for (const record of records) output.record(record);
    output.finish(summary);
    const [head, ...rows] = text.trim().split('\r\n');
    assert.equal(
      head,
      'type,ts,src,dst,method,host,path,status,request_bytes,response_bytes,duration_ms,version,user_agent,content_type,transport,sni,alpn,ja4,certificate_subject,certificate_issuer,certificate_names,certificate_not_before,certificate_not_after',
    );
    assert.equal(rows.length, 2);
    assert.match(rows[0], /^http,2026-03-16T12:00:00.000Z,.*,503,0,1500,12.5,1.1,'=cmd\(\),,/);
    assert.match(rows[1], /,'@subject,issuer,a.example b.example,/);
  });

  it('has a column for each field that a record has', () => {
    for (const record of [...records, summary]) {
      let head = '';
      makeCsvOutput([record.type], (piece) => {
        head ||= piece.trim();
      });
      const columns = head.split(',');
      for (const name of Object.keys(record))
        if (name !== 'certificate' && name !== 'quality')
          assert.ok(columns.includes(name), `${record.type}.${name}`);
    }
    assert.deepEqual(recordTypes, ['http', 'dns', 'tls', 'flow', 'alert', 'summary']);
  });

  it('shows on a terminal what there was, without a control character', () => {
    const text = renderSummary('a.pcap', summary, collect(), 120);
    assert.match(
      text,
      /^a\.pcap: 3 packets, 2\.1 KB, 1 flows, from 2026-03-1\d \d\d:00:00, 0 ms long\n1 malformed\n/,
    );
    for (const title of [
      'APPLICATION',
      'SITE',
      'SECTION',
      'ENCRYPTED SITE',
      'NAME LOOKED UP',
      'RESOLVER',
      'COUNT',
    ])
      assert.match(text, new RegExp(`^${title} `, 'm'));
    assert.match(text, /1 {2}ECONNRESET {2}198\.51\.100\.2:80/);
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    for (const line of text.split('\n')) assert.ok(line.length <= 240);
  });

  it('is a page that holds no text from the capture as markup, and loads and runs nothing', () => {
    const page = renderReport({ name: hostile, version: '1' }, summary, collect());
    assert.equal(page.split('<script').length, 1);
    assert.doesNotMatch(page.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    assert.match(
      page,
      /Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-[^']+&#39;; base-uri/,
    );
    assert.doesNotMatch(page, / (?:src|href|style|on[a-z]+)=/);
    assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;\\u{202e}\\x1b[2J'));
    for (const text of [
      '5xx: 1',
      'TLS 1.2',
      'NOERROR',
      'ECONNRESET at 198.51.100.2:80',
      'The file is damaged',
    ])
      assert.ok(page.includes(text), text);
  });

  it('is a page of an empty capture as well', () => {
    const page = renderReport(
      { name: 'a', version: '1' },
      { ...summary, error: null },
      new ReplayStatistics(),
    );
    assert.match(page, /There are no packets in it/);
  });
});

describe('timeline', () => {
  it('keeps sums exact in at most 240 equal slots, however long it gets', () => {
    const timeline = new Timeline();
    for (let i = 0; i < 10_000; i++) timeline.at(5000 + i * 97).bytes += i;
    timeline.at(0).bytes++;
    assert.ok(timeline.slots.length > 120 && timeline.slots.length <= 240);
    assert.equal(
      timeline.slots.reduce((sum, { bytes }) => sum + bytes, 0),
      (9999 * 10_000) / 2 + 1,
    );
    assert.deepEqual([timeline.startMs, timeline.endMs], [5000, 5000 + 9999 * 97]);
  });
});

describe('top names', () => {
  it('keeps the large ones through a flood of names, and the sum', () => {
    const names = new TopNames(
      () => ({ count: 0 }),
      ({ count }) => count,
    );
    names.of('large').count = 1000;
    for (let i = 0; i < 50_000; i++) names.of(`small ${i}`).count++;
    assert.deepEqual(names.top(1), [['large', { count: 1000 }]]);
    assert.ok(names.top(Number.POSITIVE_INFINITY).length <= 4096);
    const kept = names.top(Number.POSITIVE_INFINITY).reduce((sum, [, { count }]) => sum + count, 0);
    assert.equal(kept + (names.other?.count ?? 0), 51_000);
  });
});

describe('hit times', () => {
  it('hands times on in their order', () => {
    const told: number[] = [];
    const hits = new HitTimes((ms) => told.push(ms));
    for (const ms of [5, 1, 4, 2]) hits.add(ms);
    hits.finish();
    assert.deepEqual(told, [1, 2, 4, 5]);
  });

  it('hands the earlier half on when there are too many to keep', () => {
    let count = 0;
    const hits = new HitTimes(() => count++);
    for (let i = 0; i < 1_048_577; i++) hits.add(i);
    assert.equal(count, 524_288);
    hits.finish();
    assert.equal(count, 1_048_577);
  });
});
