import { z } from 'zod';
import { timestampSchema } from './connection.ts';
import { packetSchema } from './link.ts';
import { maxLimit } from './names.ts';
import { statusClasses } from './rollup.ts';
import { dnsRecordSchema, httpRecordSchema, statusCountsSchema, tlsRecordSchema } from './traffic-schema.ts';

/** The questions and answers of the REST interface about inspected traffic. Names in them are hostile text. */

const count = z.number().int().min(0);
const amount = z.number().min(0);
const share = z.number().min(0).max(1);
const next = z.string().nullable();
const plain = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !/\p{Cc}/u.test(value), { message: 'expected text without control characters' })
    .optional();

const rangeShape = {
  /** RFC 3339, or a duration before now. */
  since: z.string().max(64).default('1h'),
  until: z.string().max(64).optional(),
  agent: plain(4096),
} as const;
const pageShape = {
  limit: z.coerce.number().int().min(1).max(maxLimit).default(100),
  cursor: z.string().max(512).optional(),
} as const;

export const httpSorts = ['hits', 'bytes', 'errors', 'p50', 'p95', 'p99', 'name'] as const;
const signed = <T extends readonly string[]>(names: T) =>
  z.enum(names.flatMap((name) => [name, `-${name}`]) as [string, ...string[]]);

const httpFilterShape = {
  site: plain(255),
  section: plain(512),
  method: plain(32),
  process: plain(64),
} as const;

/** Sums of HTTP requests, by whatever the list tells apart. */
export const httpListQuerySchema = z.strictObject({
  ...rangeShape,
  ...httpFilterShape,
  status_class: z.enum(statusClasses).optional(),
  sort: signed(httpSorts).default('-hits'),
  ...pageShape,
});
export type HttpListQuery = z.output<typeof httpListQuerySchema>;
export const httpTimelineQuerySchema = z.strictObject({ ...rangeShape, ...httpFilterShape });

const latencyShape = {
  /** Response times in milliseconds, each within 5 % of the exact one; null without an answer. */
  p50_ms: amount.nullable(),
  p95_ms: amount.nullable(),
  p99_ms: amount.nullable(),
};
const rangeAnswerShape = {
  since: timestampSchema,
  until: timestampSchema,
  /** Length of the stretches that were added up; the range is widened to whole ones. */
  resolution_ms: count,
};

export const httpSumsSchema = z.object({
  hits: count,
  hits_per_second: amount,
  request_bytes: count,
  response_bytes: count,
  statuses: statusCountsSchema,
  ...latencyShape,
});
export type HttpSums = z.infer<typeof httpSumsSchema>;

/** One site, section, method or program. `name` is empty where it is not known; `share` is of all hits. */
export const httpGroupSchema = httpSumsSchema.extend({ name: z.string(), share });
export type HttpGroupRow = z.infer<typeof httpGroupSchema>;

const httpListShape = { next, total: httpSumsSchema, ...rangeAnswerShape };
const httpRows = z.array(httpGroupSchema);
export const httpSiteListSchema = z.object({ sites: httpRows, ...httpListShape });
export const httpSectionListSchema = z.object({ sections: httpRows, ...httpListShape });
export const httpMethodListSchema = z.object({ methods: httpRows, ...httpListShape });
export const httpProcessListSchema = z.object({ processes: httpRows, ...httpListShape });

export const httpTimelineSchema = z.object({
  total: httpSumsSchema,
  points: z.array(httpSumsSchema.extend({ timestamp: timestampSchema })),
  ...rangeAnswerShape,
});
export type HttpTimeline = z.infer<typeof httpTimelineSchema>;

const requestShape = {
  id: count,
  agent: z.string(),
  process_id: count.nullable(),
  process_name: z.string().nullable(),
};
export const httpRequestSchema = httpRecordSchema.omit({ type: true }).extend(requestShape);
export type HttpRequestRow = z.infer<typeof httpRequestSchema>;
export const dnsQuerySchema = dnsRecordSchema
  .omit({ type: true, id: true })
  .extend({ ...requestShape, transaction_id: count });
export type DnsQueryRow = z.infer<typeof dnsQuerySchema>;
export const tlsHandshakeSchema = tlsRecordSchema.omit({ type: true }).extend(requestShape);
export type TlsHandshakeRow = z.infer<typeof tlsHandshakeSchema>;

export const httpRequestListSchema = z.object({ requests: z.array(httpRequestSchema), next });
export const dnsQueryListSchema = z.object({ queries: z.array(dnsQuerySchema), next });
export const tlsHandshakeListSchema = z.object({ handshakes: z.array(tlsHandshakeSchema), next });

const requestQueryShape = {
  since: z.string().max(64).optional(),
  until: z.string().max(64).optional(),
  agent: plain(4096),
  process: plain(64),
  text: plain(256),
  ...pageShape,
} as const;
export const httpRequestQuerySchema = z.strictObject({
  ...requestQueryShape,
  site: plain(255),
  method: plain(32),
  /** `404`, `4xx`, or `none` for what was not answered. */
  status: z
    .string()
    .regex(/^([1-9]\d\d|[1-5]xx|none)$/, 'expected a status such as 404, 4xx or none')
    .optional(),
});
export const dnsQueryQuerySchema = z.strictObject({
  ...requestQueryShape,
  name: plain(255),
  qtype: plain(32),
  /** `NXDOMAIN`, or `none` for what was not answered. */
  rcode: plain(32),
});
export const tlsHandshakeQuerySchema = z.strictObject({ ...requestQueryShape, sni: plain(255) });

export const rangeQuerySchema = z.strictObject({
  ...rangeShape,
  limit: z.coerce.number().int().min(1).max(maxLimit).default(100),
});

const dnsSumsShape = {
  queries: count,
  /** Answered with another code than NOERROR. */
  failures: count,
  unanswered: count,
  ...latencyShape,
};
export const dnsGroupSchema = z.object({ name: z.string(), ...dnsSumsShape });
export type DnsGroupRow = z.infer<typeof dnsGroupSchema>;
/** DNS questions by program, by resolver, by name and by answer code, most questions first. */
export const dnsSummarySchema = z.object({
  total: z.object(dnsSumsShape),
  processes: z.array(dnsGroupSchema),
  resolvers: z.array(dnsGroupSchema),
  names: z.array(dnsGroupSchema),
  rcodes: z.array(z.object({ rcode: z.string(), queries: count })),
  points: z.array(z.object({ timestamp: timestampSchema, ...dnsSumsShape })),
  ...rangeAnswerShape,
});
export type DnsSummary = z.infer<typeof dnsSummarySchema>;

const trafficSumsShape = { connections: count, bytes_sent: count, bytes_received: count };
const protocolSchema = z.object({
  /** Null for connections of which neither payload nor port tells the application. */
  application: z.string().nullable(),
  by: z.enum(['payload', 'port']).nullable(),
  ...trafficSumsShape,
  bytes_share: share,
  connections_share: share,
});
export type ProtocolRow = z.infer<typeof protocolSchema>;
export const protocolListSchema = z.object({
  protocols: z.array(protocolSchema),
  total: z.object(trafficSumsShape),
  points: z.array(z.object({ timestamp: timestampSchema, ...trafficSumsShape })),
  ...rangeAnswerShape,
});
export type ProtocolList = z.infer<typeof protocolListSchema>;

const encryptedSiteSchema = z.object({
  /** The server name that the client asked for; the address where it asked for none. */
  site: z.string(),
  transport: z.string(),
  ...trafficSumsShape,
});
export type EncryptedSiteRow = z.infer<typeof encryptedSiteSchema>;
/** TLS and QUIC by site. Paths are encrypted, so that nothing finer than the site is known. */
export const encryptedListSchema = z.object({
  sites: z.array(encryptedSiteSchema),
  total: z.object(trafficSumsShape),
  path: z.literal('encrypted'),
  ...rangeAnswerShape,
});
export type EncryptedList = z.infer<typeof encryptedListSchema>;

export const alertSchema = z.object({
  id: count,
  agent: z.string(),
  kind: z.enum(['hits', 'bandwidth']),
  /** `all`, `interface:NAME`, `process:NAME` or `site:NAME`. */
  scope: z.string(),
  state: z.enum(['raised', 'recovered']),
  raised_at: timestampSchema,
  recovered_at: timestampSchema.nullable(),
  duration_ms: amount.nullable(),
  value: amount,
  recovered_value: amount.nullable(),
  threshold: amount,
  window_ms: amount,
  message: z.string(),
  recovered_message: z.string().nullable(),
  /** Packets of before it that its agent saved, bytes of their file, packets not in it; null until the agent has told. */
  packets: count.nullable(),
  packet_bytes: count.nullable(),
  packets_left_out: count.nullable(),
  /** Why none were saved; null when there are. */
  packets_reason: z.string().nullable(),
});
export type AlertRow = z.infer<typeof alertSchema>;
export const alertListSchema = z.object({ alerts: z.array(alertSchema), next });
export const alertQuerySchema = z.strictObject({
  kind: z.enum(['hits', 'bandwidth']).optional(),
  scope: plain(300),
  state: z.enum(['raised', 'recovered']).optional(),
  agent: plain(4096),
  since: z.string().max(64).optional(),
  until: z.string().max(64).optional(),
  ...pageShape,
});

export const packetListSchema = z.object({
  packets: z.array(packetSchema),
  /** Packets that passed and were not kept. */
  left_out: count,
  /** Why there are none; null when there are. */
  reason: z.string().nullable(),
});
export type PacketList = z.infer<typeof packetListSchema>;
