import { z } from 'zod';
import { parseEndpoint } from '../base/ip.ts';
import { connectionStates, directions, limits, phases, protocols, resetters } from './names.ts';

export {
  type ConnectionState,
  connectionStates,
  type Direction,
  type LimitedBy,
  limits,
  type Protocol,
} from './names.ts';

const text = (max: number) => z.string().max(max).nullable();
const count = z.number().int().min(0);
const amount = z.number().min(0);

/** RFC 3339 in UTC with milliseconds, as written by `Date.toISOString`. */
export const timestampSchema = z.iso.datetime({ offset: true });

export const endpointSchema = z
  .string()
  .max(64)
  .refine((value) => parseEndpoint(value) !== null, { message: 'expected ip:port or [ip6]:port' })
  .meta({ examples: ['127.0.0.1:8080', '[::1]:443'] });

/** An errno's name, as in errno(3). */
export const errnoNameSchema = z
  .string()
  .regex(/^E[A-Z0-9]{1,31}$/, 'expected the name of an errno, such as ECONNREFUSED');

/** A process's ancestors, nearest first, as `name (pid)`. */
const parentsSchema = z.array(z.string().max(128)).max(32);

/**
 * A connection: one end of a TCP connection, a UDP socket or a UDP socket's traffic with one peer. The first ten
 * fields are the public schema of the database and never change. An unknown value is null; `owner_unknown_reason`
 * says why an owner is. Rates are bytes per second over about the last half second; byte counts are payload.
 */
export const connectionSchema = z.object({
  id: count,
  timestamp: timestampSchema,
  process_id: count.nullable(),
  process_name: text(64),
  process_path: text(4096),
  local_addr: endpointSchema,
  remote_addr: endpointSchema,
  error: errnoNameSchema.nullable(),
  protocol: z.enum(protocols).nullable(),
  state: z.enum(connectionStates).nullable(),

  agent: text(128),
  direction: z.enum(directions).nullable(),
  opened_at: timestampSchema.nullable(),
  closed_at: timestampSchema.nullable(),
  duration_ms: amount.nullable(),
  bytes_sent: count.nullable(),
  bytes_received: count.nullable(),
  packets_sent: count.nullable(),
  packets_received: count.nullable(),
  upload_speed: amount.nullable(),
  download_speed: amount.nullable(),
  rtt_ms: amount.nullable(),
  min_rtt_ms: amount.nullable(),
  jitter_ms: amount.nullable(),
  retransmits: count.nullable(),
  loss_ratio: amount.nullable(),
  send_queue: count.nullable(),
  receive_queue: count.nullable(),
  limited_by: z.enum(limits).nullable(),
  phase: z.enum(phases).nullable(),
  reset_by: z.enum(resetters).nullable(),
  syn_retries: count.nullable(),
  remote_name: text(255),
  /** `dns`: the address was in an answer to a question of this machine's programs. */
  remote_name_source: z.enum(['ptr', 'hosts', 'dns']).nullable(),
  user: text(64),
  user_id: count.nullable(),
  command_line: text(4096),
  parents: parentsSchema.nullable(),
  container: text(128),
  unit: text(256),
  process_started_at: timestampSchema.nullable(),
  network_namespace: count.nullable(),
  owner_unknown_reason: text(256),
  application: text(64),
  country: text(2),
  asn: count.nullable(),
  organization: text(128),
  risk_score: amount.nullable(),
  risk_level: text(16),
  risk_reasons: z.array(z.string().max(256)).max(32).nullable(),
  active: z.boolean(),
  /** How many like connections this row stands for; its totals are their sums. */
  count: z.number().int().min(1),

  /** Whether the application was proved by its payload, or only its port speaks for it. */
  application_by: z.enum(['payload', 'port']).nullable(),
  /** Host of its last HTTP request. */
  site: text(255),
  /** Server name, protocol, fingerprint and version of its TLS or QUIC handshake. */
  sni: text(255),
  alpn: text(64),
  ja4: text(64),
  tls_version: text(16),
  /** When the DNS answer passed that gave the remote address its name; null for other sources. */
  remote_name_at: timestampSchema.nullable(),
});
export type Connection = z.infer<typeof connectionSchema>;

/** The body of `POST /api/connections`: the public fields, of which time and addresses are required. */
export const newConnectionSchema = z.strictObject({
  timestamp: timestampSchema,
  process_id: z.number().int().min(0).max(4194304).nullish(),
  process_name: z.string().min(1).max(64).nullish(),
  process_path: z.string().min(1).max(4096).nullish(),
  local_addr: endpointSchema,
  remote_addr: endpointSchema,
  error: errnoNameSchema.nullish(),
  protocol: z.enum(protocols).nullish(),
  state: z.enum(connectionStates).nullish(),
});
export type NewConnection = z.infer<typeof newConnectionSchema>;

/**
 * A connection as an agent reports it: what only a server knows (id, agent, enrichment) is not in it. Its remote name is
 * the one that a DNS answer gave; the server looks others up.
 */
export const reportedConnectionSchema = connectionSchema
  .omit({
    id: true,
    agent: true,
    active: true,
    country: true,
    asn: true,
    organization: true,
    risk_score: true,
    risk_level: true,
    risk_reasons: true,
  })
  .extend({
    // A record that waits in a spool may be older than these fields.
    remote_name: connectionSchema.shape.remote_name.default(null),
    remote_name_source: connectionSchema.shape.remote_name_source.default(null),
    application_by: connectionSchema.shape.application_by.default(null),
    site: connectionSchema.shape.site.default(null),
    sni: connectionSchema.shape.sni.default(null),
    alpn: connectionSchema.shape.alpn.default(null),
    ja4: connectionSchema.shape.ja4.default(null),
    tls_version: connectionSchema.shape.tls_version.default(null),
    remote_name_at: connectionSchema.shape.remote_name_at.default(null),
  });
export type ReportedConnection = z.infer<typeof reportedConnectionSchema>;
