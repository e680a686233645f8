import { z } from 'zod';
import { timestampSchema } from './connection.ts';
import { gapRowSchema, maxGapRows } from './gap.ts';
import {
  agentNameSchema,
  assertionSchema,
  historyStepSchema,
  incidentSchema,
  monitorIdSchema,
  monitorResultSchema,
  monitorRowSchema,
  monitorSettingsSchema,
  monitorStateSchema,
} from './monitor.ts';
import { agentDescriptionSchema } from './orders.ts';
import { probeKinds, probeResultSchema, probeSchema } from './probe.ts';

/** REST of monitors and agents: what is asked and answered. Lists are `{"<name>": [...], "next": null or a cursor}`. */
const count = z.number().int().min(0);
const amount = z.number().min(0);
const next = z.string().nullable();
const time = z.iso.datetime();

export const monitorListSchema = z.object({
  monitors: z.array(monitorRowSchema),
  next,
  /** Of all that match, by state. */
  states: z.partialRecord(monitorStateSchema, count),
  /** Rises when anything of a monitor or its status changes; `since_version` then answers with what changed alone. */
  version: count,
  /** With `since_version`: ids that are gone since then, or match no longer. Null where the list is whole and replaces what was known. */
  removed: z.array(monitorIdSchema).nullable(),
});

/** A new monitor; without an id it gets one after its name. */
export const newMonitorSchema = monitorSettingsSchema.extend({ id: monitorIdSchema.optional() });
export type NewMonitor = z.infer<typeof newMonitorSchema>;
/** A monitor's new settings. With the revision that they were made from, a change by somebody else is not undone unseen. */
export const changedMonitorSchema = monitorSettingsSchema.extend({
  revision: z.number().int().min(1).optional(),
});
export type ChangedMonitor = z.infer<typeof changedMonitorSchema>;

const plain = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !/\p{Cc}/u.test(value), { message: 'expected text without control characters' });
const list = z
  .union([z.string().max(4096), z.array(z.string().max(4096)).max(64)])
  .transform((value) => (Array.isArray(value) ? value : value.split(',')).filter((part) => part !== ''));

/** Most monitors in an answer. */
export const maxMonitorsPerPage = 2000;

export const monitorQuerySchema = z.strictObject({
  state: list.pipe(z.array(monitorStateSchema).max(16)).optional(),
  kind: list.pipe(z.array(z.enum(probeKinds)).max(16)).optional(),
  /** `name` or `name=value`; all must match. */
  label: list.pipe(z.array(plain(330)).max(16)).optional(),
  /** Carried out by this agent. */
  agent: plain(64).optional(),
  /** Part of name, id, target or a label, any case. */
  text: plain(256).optional(),
  /** Only what changed after the list of that version. */
  since_version: z.coerce.number().int().min(0).optional(),
  /** Whether credentials are shown as they are. */
  secrets: z.stringbool().default(false),
  limit: z.coerce.number().int().min(1).max(maxMonitorsPerPage).default(200),
  cursor: z.string().max(512).optional(),
});
export type MonitorQuery = z.output<typeof monitorQuerySchema>;

/** A probe tried from some agents before it is saved. */
export const trialSchema = z.strictObject({
  probe: probeSchema,
  assertions: z.array(assertionSchema).max(32).default([]),
  timeout_ms: z.number().int().min(10).max(60_000).default(10_000),
  retries: z.number().int().min(0).max(5).default(0),
  agents: z.union([z.literal('*'), z.array(agentNameSchema).min(1).max(100)]).default('*'),
  /** The monitor whose secrets are meant where the probe has `***`. */
  monitor: monitorIdSchema.optional(),
});
export const trialAnswerSchema = z.object({
  results: z.array(
    z.object({
      agent: z.string(),
      /** Null where the agent did not answer, or refused; `problem` then says why. */
      result: probeResultSchema.nullable(),
      problem: z.string().nullable(),
    }),
  ),
});

/** Which agents an action is for: all that carry the monitor out, or those named. */
export const monitorActionSchema = z.strictObject({
  agents: z.array(agentNameSchema).min(1).max(1000).optional(),
});

const recordQueryShape = {
  agent: plain(64).optional(),
  since: z.string().max(64).optional(),
  until: z.string().max(64).optional(),
} as const;
const pageShape = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(512).optional(),
} as const;
export const resultQuerySchema = z.strictObject({ ...recordQueryShape, ...pageShape });
export const historyQuerySchema = z.strictObject({
  ...recordQueryShape,
  since: z.string().max(64).default('24h'),
});
export const incidentQuerySchema = z.strictObject({
  /** `open` for those that last, `over` for the others. */
  state: z.enum(['open', 'over']).optional(),
  since: z.string().max(64).optional(),
  until: z.string().max(64).optional(),
  ...pageShape,
});
export const evidenceQuerySchema = z.strictObject({
  /** Around this time; now unless given. */
  at: z.string().max(64).optional(),
});

export const resultListSchema = z.object({
  results: z.array(monitorResultSchema.extend({ agent: z.string() })),
  next,
});
export const historySchema = z.object({
  since: timestampSchema,
  until: timestampSchema,
  step_ms: count,
  /** By agent; steps without a round are absent. */
  agents: z.record(z.string(), z.array(historyStepSchema)),
});
export const incidentListSchema = z.object({ incidents: z.array(incidentSchema), next });

/** What the sensors of the agents saw of connections to a monitor's target around a time. */
export const evidenceSchema = z.object({
  address: z.string().nullable(),
  since: timestampSchema,
  until: timestampSchema,
  agents: z.array(
    z.object({
      agent: z.string(),
      connections: count,
      failures: z.record(z.string(), count),
      /** A link into the API with the same filter. */
      href: z.string(),
    }),
  ),
});

export const importAnswerSchema = z.object({
  created: z.array(monitorIdSchema),
  changed: z.array(monitorIdSchema),
  unchanged: count,
});

/** How an agent is connected and how it does, for the list of agents. */
export const agentRowSchema = z.object({
  agent: z.string(),
  version: z.string(),
  kernel: z.string(),
  os: z.string(),
  connected: z.boolean(),
  /** Who dialled: the agent, or this server (`address` is then where). */
  dialled_by: z.enum(['agent', 'server']),
  address: z.string().nullable(),
  /** Whether its link is encrypted, and until when its certificate is good. */
  tls: z.boolean(),
  certificate_until: timestampSchema.nullable(),
  revoked_at: timestampSchema.nullable(),
  first_seen: timestampSchema,
  last_seen: timestampSchema.nullable(),
  /** Why it is not connected, where that is known. */
  reason: z.string().nullable(),
  sensors: z.array(z.object({ name: z.string(), level: z.string(), reason: z.string().nullable() })),
  /** From the reading of the kernel to the server's having it, milliseconds. */
  lag_ms: amount.nullable(),
  /** The agent's clock less the server's. */
  clock_offset_ms: z.number().nullable(),
  spooled_records: count.nullable(),
  spooled_bytes: count.nullable(),
  lost_records: count.nullable(),
  cpu_percent: amount.nullable(),
  memory_bytes: count.nullable(),
  monitors: count,
  /** What of its records was lost before this server had it, the newest first; empty in lists. */
  gaps: z.array(gapRowSchema).max(maxGapRows),
  description: agentDescriptionSchema.nullable(),
});
export type AgentRow = z.infer<typeof agentRowSchema>;
export const agentQuerySchema = z.strictObject({
  connected: z.stringbool().optional(),
  text: plain(256).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(512).optional(),
});
export const agentListSchema = z.object({ agents: z.array(agentRowSchema), next });

/** An agent that waits for a server (`netmon agent --listen`), to be dialled from now on. */
export const dialSchema = z.strictObject({
  address: z.string().regex(/^(?:https?:\/\/)?[\w.:[\]-]{1,255}:\d{1,5}$/, 'expected host:port'),
});
export const dialStatusSchema = z.object({
  /** A URL. */
  address: z.string(),
  /** Its name, once it has said hello. */
  agent: z.string().nullable(),
  connected: z.boolean(),
  /** Why it is not connected; null while it is, and before the first try ended. */
  reason: z.string().nullable(),
});
export type DialStatus = z.infer<typeof dialStatusSchema>;
export const dialListSchema = z.object({ dials: z.array(dialStatusSchema), next });

/** A new token for an agent, or a console, of that name. */
export const enrollmentInputSchema = z.strictObject({
  name: agentNameSchema,
  role: z.enum(['agent', 'console']).default('agent'),
  lifetime_ms: z
    .number()
    .int()
    .min(10_000)
    .max(30 * 86_400_000)
    .default(3_600_000),
});
export const enrollmentSchema = z.object({
  name: agentNameSchema,
  role: z.enum(['agent', 'console']),
  created_at: time,
  expires_at: time,
  used_at: time.nullable(),
});
/** `token` is told this once. */
export const newEnrollmentSchema = enrollmentSchema.extend({ token: z.string() });
export const enrollmentListSchema = z.object({ enrollments: z.array(enrollmentSchema), next });

/** Whose certificates are revoked. */
export const revocationInputSchema = z.strictObject({ role: z.enum(['agent', 'console']).default('agent') });
export const revocationSchema = z.object({
  name: agentNameSchema,
  role: z.enum(['agent', 'console']),
  revoked_at: time,
});

/** An agent's side: its token and its request for a certificate, PKCS #10 in PEM. */
export const certificateRequestSchema = z.strictObject({
  /** Whole, or its secret alone. */
  token: z.string().max(4096),
  csr: z.string().max(8192),
});
/** Where a console has its certificate renewed, with that certificate, on the port for agents. */
export const renewalPath = '/api/renew';
/** A request for the next certificate of whoever shows the present one. */
export const renewalRequestSchema = z.strictObject({ csr: z.string().max(8192) });
export const issuedCertificateSchema = z.object({
  name: agentNameSchema,
  /** PEM: its own, and the authority's. */
  certificate: z.string().max(16_384),
  authority: z.string().max(16_384),
  /** Ed25519 public key in PEM that orders are signed with. */
  order_key: z.string().max(1024),
});
export type IssuedCertificate = z.infer<typeof issuedCertificateSchema>;
