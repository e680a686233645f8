import { z } from 'zod';
import { phasesSchema, probeResultSchema, probeSchema, reasonSchema } from './probe.ts';

/** Monitors: a probe that is carried out again and again by some agents, and what is made of its rounds. */
const count = z.number().int().min(0);
const amount = z.number().min(0);
const time = z.iso.datetime();
const filled = (max: number) => z.string().min(1).max(max);

/** Monitors of one server at most, and of one agent. */
export const maxMonitors = 10_000;
/** The name of an agent: what an operator types, and a certificate carries. */
export const agentNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$/, 'expected letters, digits, dots, dashes');
/** Made by whoever saves the monitor first; safe in a path. */
export const monitorIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected a-z, 0-9 and dashes');

/**
 * What must hold of a round: a comparison of placeholders (`[STATUS] == 200`, rules/assertions). One that does not hold
 * makes the round `down`, or `degraded` where that is its severity.
 */
export const assertionSchema = z.strictObject({
  test: filled(512),
  severity: z.enum(['down', 'degraded']).default('down'),
});
export type Assertion = z.infer<typeof assertionSchema>;

/** When rounds that follow one another change the state of a monitor at one agent. */
export const thresholdsSchema = z.strictObject({
  /** Rounds in a row that must fail to go down, and succeed to come up. */
  failures: z.number().int().min(1).max(100).default(2),
  successes: z.number().int().min(1).max(100).default(1),
  /**
   * In place of these two, the share of the last `rounds` that failed: down from `raise_percent` up, up again when it is
   * `clear_percent` or less. Null for rounds in a row.
   */
  share: z
    .strictObject({
      rounds: z.number().int().min(2).max(1000),
      raise_percent: z.number().min(1).max(100),
      clear_percent: z.number().min(0).max(99),
    })
    .refine((share) => share.clear_percent < share.raise_percent, {
      path: ['clear_percent'],
      error: 'expected less than raise_percent',
    })
    .nullable()
    .default(null),
});
export type Thresholds = z.infer<typeof thresholdsSchema>;

/** A time in which a failure raises nothing: once, or each week in UTC. Results go on being recorded. */
export const maintenanceSchema = z.union([
  z.strictObject({ from: time, to: time, note: z.string().max(256).default('') }),
  z.strictObject({
    /** 0 for Sunday. */
    weekdays: z.array(z.number().int().min(0).max(6)).min(1).max(7),
    /** `HH:MM` in UTC, and for how long. */
    at: z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'expected HH:MM'),
    minutes: z.number().int().min(1).max(1440),
    note: z.string().max(256).default(''),
  }),
]);
export type Maintenance = z.infer<typeof maintenanceSchema>;

const durationMs = (least: number, most: number) => z.number().int().min(least).max(most);

/** What a person says of a monitor; everything but name and probe has a default. */
export const monitorSettingsSchema = z.strictObject({
  name: filled(128),
  probe: probeSchema,
  interval_ms: durationMs(1_000, 86_400_000).default(60_000),
  /** For one try, of a round that may take `1 + retries` of them. */
  timeout_ms: durationMs(10, 60_000).default(10_000),
  retries: z.number().int().min(0).max(5).default(0),
  assertions: z.array(assertionSchema).max(32).default([]),
  labels: z.record(z.string().regex(/^[A-Za-z_][\w.-]{0,62}$/), z.string().max(256)).default({}),
  /** Names of the agents that carry it out, or `*` for all. */
  agents: z.union([z.literal('*'), z.array(agentNameSchema).min(1).max(1000)]).default('*'),
  /** Agents that must agree before the target is down; more than there are means all. */
  quorum: z.number().int().min(1).max(1000).default(1),
  thresholds: thresholdsSchema.prefault({}),
  /** Ids of monitors of what stands before this target: while one of them is down, this one raises nothing. */
  parents: z.array(monitorIdSchema).max(16).default([]),
  maintenance: z.array(maintenanceSchema).max(32).default([]),
  enabled: z.boolean().default(true),
  /** Agents on which it is stopped, of those that would carry it out. */
  stopped_on: z.array(agentNameSchema).max(1000).default([]),
  /** Whether it is on the public status page, where that is switched on. */
  public: z.boolean().default(false),
});
export type MonitorSettings = z.infer<typeof monitorSettingsSchema>;
/** As a person writes it, defaults left out. */
export type MonitorInput = z.input<typeof monitorSettingsSchema>;

/** A monitor as it is kept. */
export const monitorSchema = monitorSettingsSchema.extend({
  id: monitorIdSchema,
  /** Rises with each change; a result tells which one it is of. */
  revision: z.number().int().min(1),
  created_at: time,
  changed_at: time,
});
export type Monitor = z.infer<typeof monitorSchema>;

/** What an agent carries out: a monitor without what only the server needs. */
export const assignmentSchema = monitorSchema.pick({
  id: true,
  revision: true,
  name: true,
  probe: true,
  interval_ms: true,
  timeout_ms: true,
  retries: true,
  assertions: true,
  thresholds: true,
  labels: true,
});
export type Assignment = z.infer<typeof assignmentSchema>;

/** A round of a monitor, as an agent records it. */
export const monitorResultSchema = probeResultSchema.extend({
  monitor: monitorIdSchema,
  revision: z.number().int().min(1),
});
export type MonitorResult = z.infer<typeof monitorResultSchema>;

/**
 * State over time, by thresholds. `partial` is a target that some agents see down, fewer than the quorum; `stopped` and
 * `pending` (no round yet) are no judgement.
 */
export const monitorStates = ['up', 'degraded', 'partial', 'down', 'unknown', 'pending', 'stopped'] as const;
export const monitorStateSchema = z.enum(monitorStates);
export type MonitorState = z.infer<typeof monitorStateSchema>;

/** A monitor as seen from one agent. */
export const agentViewSchema = z.strictObject({
  agent: agentNameSchema,
  state: monitorStateSchema,
  since: time.nullable(),
  last: probeResultSchema.nullable(),
});
export type AgentView = z.infer<typeof agentViewSchema>;

/** What is said of a monitor as a whole. */
export const monitorStatusSchema = z.strictObject({
  state: monitorStateSchema,
  since: time.nullable(),
  /** Why it is not up, in words, with where. */
  reason: z.string().max(1024).nullable(),
  /** What keeps it from raising anything: a maintenance window's note, or the parent that is down. */
  silenced: z.string().max(256).nullable(),
  agents: z.array(agentViewSchema).max(1000),
  /** Median of the last round's response times over the agents; null when none has one. */
  response_ms: amount.nullable(),
  /** Share of echoes lost in the last rounds, 0 to 1; null for what has no echoes. */
  loss_ratio: amount.nullable(),
  /** Until its certificate ends; negative when it has. */
  certificate_days: z.number().nullable(),
  /** Shares of the time in which it was not down, 0 to 1; null where nothing is known. */
  uptime: z.strictObject({
    day: amount.nullable(),
    week: amount.nullable(),
    month: amount.nullable(),
    quarter: amount.nullable(),
  }),
});
export type MonitorStatus = z.infer<typeof monitorStatusSchema>;

export const monitorRowSchema = monitorSchema.extend({ status: monitorStatusSchema });
export type MonitorRow = z.infer<typeof monitorRowSchema>;

/** A stretch in which a monitor was down, partially down or degraded; `state` is the worst that it came to. */
export const incidentSchema = z.strictObject({
  id: count,
  monitor: monitorIdSchema,
  name: z.string().max(128),
  state: z.enum(['down', 'partial', 'degraded']),
  started_at: time,
  /** Null while it lasts. */
  ended_at: time.nullable(),
  duration_ms: amount.nullable(),
  reason: reasonSchema.nullable(),
  /** Agents that saw it. */
  agents: z.array(agentNameSchema).max(1000),
  silenced: z.string().max(256).nullable(),
});
export type Incident = z.infer<typeof incidentSchema>;

/** A step of a monitor's history at one agent: what its rounds in that time add up to. */
export const historyStepSchema = z.strictObject({
  at: time,
  rounds: count,
  up: count,
  degraded: count,
  down: count,
  unknown: count,
  /** Over all echoes of the step: sent, lost, and the spread of round-trip times; null where none came back. */
  echoes: count,
  lost: count,
  min_ms: amount.nullable(),
  p10_ms: amount.nullable(),
  p25_ms: amount.nullable(),
  p50_ms: amount.nullable(),
  p75_ms: amount.nullable(),
  p90_ms: amount.nullable(),
  max_ms: amount.nullable(),
  avg_ms: amount.nullable(),
  /** Means over the rounds that had them. */
  phases: phasesSchema,
});
export type HistoryStep = z.infer<typeof historyStepSchema>;

/** What the server tells viewers when something of a monitor is other than before. */
export const monitorEventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('result'), agent: agentNameSchema, result: monitorResultSchema }),
  z.strictObject({ type: z.literal('state'), monitor: monitorIdSchema, status: monitorStatusSchema }),
  z.strictObject({ type: z.literal('monitor'), monitor: monitorSchema }),
  z.strictObject({ type: z.literal('removed'), monitor: monitorIdSchema }),
]);
export type MonitorEvent = z.infer<typeof monitorEventSchema>;

/**
 * What comes over `/ws?mode=monitors`: all of it first, and again to who could not keep up; then what changed. With
 * `results=false` rounds are left out.
 */
export const monitorFrameSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('snapshot'), version: count, monitors: z.array(monitorRowSchema) }),
  z.strictObject({ kind: z.literal('events'), version: count, events: z.array(monitorEventSchema) }),
]);
export type MonitorFrame = z.infer<typeof monitorFrameSchema>;
