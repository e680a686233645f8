import { z } from 'zod';
import type { AlertRecord, DnsRecord, HttpRecord, TlsRecord } from './traffic.ts';
import {
  dnsGroups,
  encryptedGroups,
  httpGroups,
  type TrafficWindow,
  trafficWindows,
} from './traffic-statistics.ts';

/** The schemas of inspected records as they pass the link and the REST interface; wire/traffic has what they mean. */

const count = z.number().int().min(0);
const amount = z.number().min(0);
const text = (max: number) => z.string().max(max);
const time = z.iso.datetime();
const ends = { ts: time, src: text(64), dst: text(64) };

export const httpRecordSchema = z.object({
  type: z.literal('http'),
  ...ends,
  method: text(64).nullable(),
  host: text(1024).nullable(),
  path: text(8192).nullable(),
  status: count.nullable(),
  request_bytes: count,
  response_bytes: count,
  duration_ms: amount.nullable(),
  version: z.enum(['0.9', '1.0', '1.1', '2']),
  user_agent: text(1024).nullable(),
  content_type: text(256).nullable(),
}) satisfies z.ZodType<HttpRecord>;

const dnsAnswerSchema = z.object({ name: text(1024), type: text(32), ttl: count, data: text(4096) });

export const dnsRecordSchema = z.object({
  type: z.literal('dns'),
  ...ends,
  transport: z.enum(['udp', 'tcp', 'mdns', 'llmnr']),
  id: count,
  query: text(1024),
  qtype: text(32),
  rcode: text(32).nullable(),
  answers: z.array(dnsAnswerSchema).max(256).readonly(),
  duration_ms: amount.nullable(),
}) satisfies z.ZodType<DnsRecord>;

const certificateSchema = z.object({
  subject: text(1024),
  issuer: text(1024),
  names: z.array(text(255)).max(100).readonly(),
  not_before: text(64),
  not_after: text(64),
});

export const tlsRecordSchema = z.object({
  type: z.literal('tls'),
  ...ends,
  transport: z.enum(['tcp', 'udp', 'quic']),
  version: text(16).nullable(),
  sni: text(255).nullable(),
  alpn: text(64).nullable(),
  ja4: text(64).nullable(),
  ech: z.literal(true).optional(),
  cipher: text(64).optional(),
  certificate: certificateSchema.nullable(),
}) satisfies z.ZodType<TlsRecord>;

export const requestRecordSchema = z.discriminatedUnion('type', [
  httpRecordSchema,
  dnsRecordSchema,
  tlsRecordSchema,
]);

export const alertRecordSchema = z.object({
  type: z.literal('alert'),
  ts: time,
  kind: z.enum(['hits', 'bandwidth']),
  scope: text(300),
  state: z.enum(['raised', 'recovered']),
  value: amount,
  threshold: amount,
  window_ms: amount,
  duration_ms: amount.nullable(),
  message: text(1024),
}) satisfies z.ZodType<AlertRecord>;

const timeSummarySchema = z.object({
  count,
  p50_ms: amount.nullable(),
  p95_ms: amount.nullable(),
  p99_ms: amount.nullable(),
});

export const statusCountsSchema = z.object({
  '1xx': count,
  '2xx': count,
  '3xx': count,
  '4xx': count,
  '5xx': count,
  none: count,
});

const httpTallySchema = z.object({
  hits: count,
  hits_per_second: amount,
  request_bytes: count,
  response_bytes: count,
  bytes_per_second: amount,
  statuses: statusCountsSchema,
  response_time: timeSummarySchema,
});

const encryptedTallySchema = z.object({
  connections: count,
  bytes_sent: count,
  bytes_received: count,
  bytes_per_second: amount,
});

const dnsTallySchema = z.object({
  queries: count,
  queries_per_second: amount,
  failures: count,
  unanswered: count,
  response_time: timeSummarySchema,
});

/** Names of one group that are told. */
const maxNames = 100;

function groupedSchema<Name extends string, Shape extends z.ZodRawShape>(
  names: readonly Name[],
  tally: z.ZodObject<Shape>,
) {
  const group = z.object({
    rows: z
      .array(tally.extend({ name: text(512) }))
      .max(maxNames)
      .readonly(),
    other: tally.nullable(),
  });
  const by = Object.fromEntries(names.map((name) => [name, group])) as Record<Name, typeof group>;
  return z.object({ total: tally, by: z.object(by) });
}

export const trafficStatisticsSchema = z.object({
  window: z.enum(Object.keys(trafficWindows) as [TrafficWindow, ...TrafficWindow[]]),
  ts: time,
  covered_ms: amount,
  http: groupedSchema(httpGroups, httpTallySchema),
  encrypted: groupedSchema(encryptedGroups, encryptedTallySchema),
  dns: groupedSchema(dnsGroups, dnsTallySchema),
  notices: z.array(text(512)).max(100).readonly(),
});

/** What alerts are held against; bandwidth in bytes per second, null for no such alert. */
export const alertSettingsSchema = z.strictObject({
  /** HTTP requests within the window at which the alert is raised. */
  hits_threshold: z.number().int().min(1).max(1_000_000_000),
  /** 1 s to 1 h. */
  window_ms: z.number().int().min(1000).max(3_600_000),
  /** Bytes per second, on average over the window, of an interface, a process or a site; null for none. */
  bandwidth_threshold: z.number().int().min(1).max(1_000_000_000_000).nullable(),
});
export type AlertSettings = z.infer<typeof alertSettingsSchema>;
export const defaultAlertSettings: AlertSettings = {
  hits_threshold: 500,
  window_ms: 120_000,
  bandwidth_threshold: null,
};
