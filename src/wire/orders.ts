import { z } from 'zod';
import {
  agentNameSchema,
  assertionSchema,
  assignmentSchema,
  monitorIdSchema,
  monitorResultSchema,
} from './monitor.ts';
import { probeResultSchema, probeSchema } from './probe.ts';

/**
 * Orders to an agent, from the server it is linked to or from a console that is connected to it: a closed set. An order
 * is named for one agent, lives for a while and is carried out once; where the agent is enrolled it is signed as well.
 * The agent's own policy may forbid any kind of them.
 */
const count = z.number().int().min(0);
const time = z.iso.datetime();

export const orderSchema = z.discriminatedUnion('type', [
  /** Replaces what this owner has the agent carry out; in parts, the set holds once the last has come. */
  z.strictObject({
    type: z.literal('monitors.set'),
    revision: count,
    part: count,
    parts: z.number().int().min(1).max(100),
    monitors: z.array(assignmentSchema).max(200),
  }),
  /** `revision` is that of the whole set with this change; without it the set has none that is known. */
  z.strictObject({
    type: z.literal('monitor.put'),
    monitor: assignmentSchema,
    revision: count.optional(),
  }),
  z.strictObject({
    type: z.literal('monitor.remove'),
    monitor: monitorIdSchema,
    revision: count.optional(),
  }),
  z.strictObject({ type: z.literal('monitor.start'), monitor: monitorIdSchema }),
  z.strictObject({ type: z.literal('monitor.stop'), monitor: monitorIdSchema }),
  z.strictObject({ type: z.literal('monitors.list') }),
  /** One round, now; nothing is kept of it. */
  z.strictObject({
    type: z.literal('probe.run'),
    probe: probeSchema,
    assertions: z.array(assertionSchema).max(32),
    timeout_ms: z.number().int().min(10).max(60_000),
    retries: z.number().int().min(0).max(5).default(0),
  }),
  /** The rounds that the agent still has of a monitor, newest first. */
  z.strictObject({
    type: z.literal('results.list'),
    monitor: monitorIdSchema,
    limit: z.number().int().min(1).max(1000),
  }),
  /** Whether results are told as they come, as `result` messages. */
  z.strictObject({ type: z.literal('results.watch'), on: z.boolean() }),
  /** What this agent is and how it does. */
  z.strictObject({ type: z.literal('agent.describe') }),
]);
export type Order = z.infer<typeof orderSchema>;
export type OrderType = Order['type'];
export const orderTypes = orderSchema.options.map((option) => option.shape.type.value);

/** Longest life of an order. */
export const maxOrderMs = 120_000;

/** What is signed, as the JSON text in `order`'s `body`. */
export const orderBodySchema = z.strictObject({
  /** Random; an agent carries out no two orders of one id. */
  id: z.uuid(),
  agent: agentNameSchema,
  issued_at: time,
  expires_at: time,
  order: orderSchema,
});
export type OrderBody = z.infer<typeof orderBodySchema>;

export const orderMessageSchema = z.strictObject({
  kind: z.literal('order'),
  /** JSON text of an order body; its bytes in UTF-8 are what the signature is over. */
  body: z.string().max(1024 * 1024),
  /** Ed25519, base64; null between ends that share a machine. */
  signature: z.string().max(128).nullable(),
});
export type OrderMessage = z.infer<typeof orderMessageSchema>;

/** A monitor as an agent has it. */
export const carriedSchema = z.strictObject({
  monitor: assignmentSchema,
  /** `server`, or `console` for one that a console set up on this agent alone. */
  owner: z.enum(['server', 'console']),
  running: z.boolean(),
  state: z.enum(['up', 'degraded', 'down', 'unknown', 'pending']),
  since: time.nullable(),
  last: probeResultSchema.nullable(),
});
export type Carried = z.infer<typeof carriedSchema>;

/** How an agent does, in figures. */
export const agentDescriptionSchema = z.strictObject({
  agent: agentNameSchema,
  version: z.string().max(32),
  kernel: z.string().max(128),
  os: z.string().max(128),
  uptime_s: z.number().min(0),
  /** Servers that it is linked to. */
  servers: z.array(z.string().max(256)).max(16),
  monitors: count,
  /** Probes of the last minute, and the 99th percentile of how late they began. */
  probes_per_minute: z.number().min(0),
  late_p99_ms: z.number().min(0).nullable(),
  spooled_records: count,
  spooled_bytes: count,
  lost_records: count,
  cpu_percent: z.number().min(0),
  memory_bytes: count,
  /** Order types that its policy forbids. */
  forbidden: z.array(z.string().max(32)).max(32),
});
export type AgentDescription = z.infer<typeof agentDescriptionSchema>;

export const orderAnswerSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('done') }),
  z.strictObject({
    type: z.literal('monitors'),
    revision: count,
    monitors: z.array(carriedSchema).max(10_000),
  }),
  z.strictObject({ type: z.literal('result'), result: probeResultSchema }),
  z.strictObject({ type: z.literal('results'), results: z.array(monitorResultSchema).max(1000) }),
  z.strictObject({ type: z.literal('agent'), agent: agentDescriptionSchema }),
  z.strictObject({
    type: z.literal('refused'),
    /** NM_FORBIDDEN for what the policy forbids, NM_EXPIRED, NM_REPLAYED, NM_UNAUTHORIZED for a wrong signature, ... */
    code: z.string().max(64),
    message: z.string().max(512),
  }),
]);
export type OrderAnswer = z.infer<typeof orderAnswerSchema>;

/** Answers an order, by its id. */
export const answerMessageSchema = z.strictObject({
  kind: z.literal('answer'),
  id: z.uuid(),
  answer: orderAnswerSchema,
});
export type AnswerMessage = z.infer<typeof answerMessageSchema>;

/** A round as it came, to whoever watches results. */
export const resultMessageSchema = z.strictObject({ kind: z.literal('result'), result: monitorResultSchema });

/**
 * A console and an agent that listens, on a path of its own:
 *
 * 1. agent: `hello`, at once, so that the console knows for whom its orders are
 * 2. console: `order`; agent: `answer` to each that has an id, in the order in which they are carried out
 * 3. agent: `result` for each round, after `results.watch` and until it is switched off
 *
 * Consoles are known by their certificate, or share the agent's machine: their orders are not signed.
 */
export const consoleSubprotocol = 'netmon.console.v1';
export const consolePath = '/api/agent/console';
/** Longest message to an agent: a body in JSON text is at most twice as long as it is. */
export const maxAgentInputBytes = 4 * 1024 * 1024;

export const consoleHelloSchema = z.strictObject({
  kind: z.literal('hello'),
  agent: agentNameSchema,
  version: z.string().max(32),
  kernel: z.string().max(128),
  os: z.string().max(128),
});
/** What an agent tells a console. */
export const consoleMessageSchema = z.discriminatedUnion('kind', [
  consoleHelloSchema,
  answerMessageSchema,
  resultMessageSchema,
]);
export type ConsoleMessage = z.infer<typeof consoleMessageSchema>;
