import { LatencyHistogram } from '../../src/base/histogram.ts';
import { makeDns, makeHttp } from '../../src/store/traffic-contract.ts';
import type { HttpRollup, StatusClass } from '../../src/wire/rollup.ts';
import { rollupMs } from '../../src/wire/rollup.ts';
import type { AlertRecord } from '../../src/wire/traffic.ts';
import { hostileNames, type Scene } from './scene.ts';

const sites = ['shop.example', 'api.example', 'docs.example', hostileNames.markup] as const;
const sections = ['cart', 'items', 'login'] as const;
const minute = 60_000;

/** Has the scene's link report fifteen minutes of traffic with an alert that is over and one that lasts. */
export function reportTraffic(scene: Scene): void {
  const now = Math.floor(Date.now() / rollupMs) * rollupMs;
  for (let at = now - 15 * minute; at < now; at += rollupMs) reportRollup(scene, at, now);
  for (let i = 0; i < 40; i++) reportRequests(scene, now - (40 - i) * 900, i);
  for (let i = 0; i < 30; i++) reportConnection(scene, i);
  const raised = makeAlert(now - 9 * minute, { value: 512 });
  reportAlert(scene, raised);
  reportAlert(scene, {
    ...raised,
    ts: new Date(now - 5 * minute).toISOString(),
    state: 'recovered',
    value: 440,
    duration_ms: 4 * minute,
    message: 'Recovered after 4 min',
  });
  scene.record({
    kind: 'alert_packets',
    alert: { raised_at: raised.ts, kind: raised.kind, scope: raised.scope },
    packets: 1234,
    bytes: 567_890,
    left_out: 0,
    reason: null,
  });
}

/** Has the scene's link report an alert that lasts. */
export function reportLastingAlert(scene: Scene): void {
  reportAlert(scene, makeAlert(Date.now(), { scope: `site:${hostileNames.script}` }));
}

function reportAlert(scene: Scene, alert: AlertRecord): void {
  scene.record({ kind: 'alert', alert });
}

function makeAlert(at: number, fields: Partial<AlertRecord>): AlertRecord {
  const ts = new Date(at).toISOString();
  const message = `High traffic: hits = 500, at ${ts}`;
  return {
    type: 'alert',
    ts,
    kind: 'hits',
    scope: 'all',
    state: 'raised',
    value: 500,
    threshold: 500,
    window_ms: 120_000,
    duration_ms: null,
    message,
    ...fields,
  };
}

function reportRollup(scene: Scene, at: number, now: number): void {
  const minutesAgo = (now - at) / minute;
  const busy = minutesAgo > 5 && minutesAgo < 9 ? 4 : 1;
  const http = sites.flatMap((site, rank) =>
    sections.flatMap((section, place) => [
      makeRow(site, section, '2xx', busy * Math.max(1, 14 - 4 * rank - place), 20 * (1 + rank) * busy),
      makeRow(site, section, place === 0 ? '5xx' : '4xx', rank === 1 ? busy : 0, 300),
    ]),
  );
  const answered = new LatencyHistogram();
  answered.add(4, 6);
  answered.add(90, 1);
  scene.record({
    kind: 'traffic',
    rollup: {
      at: new Date(at).toISOString(),
      http: http.filter(({ hits }) => hits > 0),
      dns: [
        {
          process: 'curl',
          resolver: '192.0.2.53:53',
          rcode: 'NOERROR',
          name: 'shop.example',
          queries: 7,
          latency: answered.toPairs(),
        },
        {
          process: hostileNames.markup,
          resolver: '192.0.2.54:53',
          rcode: 'NXDOMAIN',
          name: hostileNames.override,
          queries: 2,
          latency: answered.toPairs(),
        },
        {
          process: 'dig',
          resolver: '192.0.2.54:53',
          rcode: 'none',
          name: 'lost.example',
          queries: 1,
          latency: [],
        },
      ],
    },
  });
}

function makeRow(site: string, section: string, status: StatusClass, hits: number, ms: number): HttpRollup {
  const latency = new LatencyHistogram();
  latency.add(ms, Math.ceil(hits * 0.9));
  latency.add(ms * 8, Math.floor(hits * 0.1));
  return {
    site,
    section: `${site}/${section}`,
    method: 'GET',
    status,
    process: 'nginx',
    hits,
    request_bytes: 0,
    response_bytes: hits * 5120,
    latency: latency.toPairs(),
  };
}

function reportRequests(scene: Scene, at: number, i: number): void {
  const ts = new Date(at).toISOString();
  const owner = {
    kind: 'request',
    process_id: 1000 + i,
    process_name: i % 5 ? 'nginx' : hostileNames.script,
  } as const;
  const host = sites[i % sites.length];
  const path = i % 7 === 0 ? `/items/${hostileNames.override}?token=***` : `/items/${i}`;
  const status = [200, 200, 304, 404, 200, 503, null][i % 7];
  scene.record({
    ...owner,
    request: makeHttp(0, { ts, host, path, status, duration_ms: status && 12 * (i + 1) }),
  });
  const rcode = [null, 'NXDOMAIN', 'NOERROR', 'NOERROR'][i % 4];
  const query = i % 9 === 0 ? hostileNames.markup : `host-${i}.example`;
  const answers = rcode === 'NOERROR' ? [{ name: query, type: 'A', ttl: 60, data: `192.0.2.${i}` }] : [];
  scene.record({ ...owner, request: makeDns(0, { ts, query, rcode, answers }) });
}

const applications = [
  ['http', 'payload', null],
  ['https', 'payload', 'shop.example'],
  ['quic', 'payload', hostileNames.markup],
  ['dns', 'payload', null],
  ['ssh', 'payload', null],
  ['ftp', 'port', null],
] as const;

function reportConnection(scene: Scene, i: number): void {
  const [application, application_by, sni] = applications[i % applications.length];
  scene.fail({
    error: null,
    application,
    application_by,
    sni,
    tls_version: sni === null ? null : '1.3',
    protocol: application === 'quic' ? 'udp' : 'tcp',
    bytes_sent: 1000 * (i + 1),
    bytes_received: 20_000 * (30 - i),
    remote_addr: `198.51.100.${i + 1}:443`,
  });
}
