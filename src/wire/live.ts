import { z } from 'zod';
import type { Connection } from './connection.ts';
import type { Sample } from './machine.ts';
import { connectionFilterSchema, connectionSortSchema, maxLimit } from './query.ts';

/** Names of agents, apart by commas; all unless given. */
const agent = z.string().max(4096).optional();

/**
 * `/ws?mode=delta`: a viewer subscribes to topics and gets, at most 10 times a second, one frame with what changed in
 * them. Without `mode=delta` the socket carries the published message (PublishedMessage) and reads nothing but `pace`.
 */
export const subscribeSchema = z.discriminatedUnion('topic', [
  /**
   * The connections that are open and, for ten seconds, those that ended (`active` false). The `duration_ms` of an open
   * one is as of when the row came; it grows from `opened_at` without being sent again.
   */
  z.strictObject({
    kind: z.literal('subscribe'),
    /** The viewer's own name for it; a second one with the same name replaces the first. */
    id: z.string().min(1).max(32),
    topic: z.literal('connections'),
    filter: connectionFilterSchema.default({}),
    sort: connectionSortSchema.default('-speed'),
    offset: z.number().int().min(0).max(10_000_000).default(0),
    limit: z.number().int().min(1).max(maxLimit).default(200),
  }),
  z.strictObject({
    kind: z.literal('subscribe'),
    id: z.string().min(1).max(32),
    topic: z.literal('processes'),
    agent,
  }),
  z.strictObject({
    kind: z.literal('subscribe'),
    id: z.string().min(1).max(32),
    topic: z.literal('interfaces'),
    agent,
  }),
  z.strictObject({ kind: z.literal('subscribe'), id: z.string().min(1).max(32), topic: z.literal('health') }),
  /** Failures as they come: the snapshot holds the last 200. */
  z.strictObject({
    kind: z.literal('subscribe'),
    id: z.string().min(1).max(32),
    topic: z.literal('errors'),
    agent,
  }),
  /** The newest 100 alerts, by id. */
  z.strictObject({
    kind: z.literal('subscribe'),
    id: z.string().min(1).max(32),
    topic: z.literal('alerts'),
    agent,
  }),
  /** The totals of those agents (AgentTotals), as one row by `of`; those over all are in every frame. */
  z.strictObject({
    kind: z.literal('subscribe'),
    id: z.string().min(1).max(32),
    topic: z.literal('totals'),
    agent,
  }),
  /** The sums of inspected traffic over the last while (TrafficStatistics), as one row by `window`. */
  z.strictObject({
    kind: z.literal('subscribe'),
    id: z.string().min(1).max(32),
    topic: z.literal('traffic'),
    window: z.enum(['10s', '1m', '10m', '1h']).default('1m'),
    /** All that are connected, added up, unless given. */
    agent: z.string().max(128).optional(),
  }),
  z.strictObject({
    kind: z.literal('subscribe'),
    id: z.string().min(1).max(32),
    topic: z.literal('bandwidth'),
    by: z.enum(['total', 'interface', 'process']).default('total'),
    /** Interface name or process key. */
    key: z.string().max(64).optional(),
    agent,
  }),
]);
export type Subscribe = z.output<typeof subscribeSchema>;
export type SubscribeInput = z.input<typeof subscribeSchema>;

export const viewerMessageSchema = z.union([
  subscribeSchema,
  z.strictObject({ kind: z.literal('unsubscribe'), id: z.string().min(1).max(32) }),
  /** A hidden tab wants one frame a second. */
  z.strictObject({ kind: z.literal('pace'), hidden: z.boolean() }),
]);
export type ViewerMessage = z.output<typeof viewerMessageSchema>;
export type ViewerMessageInput = z.input<typeof viewerMessageSchema>;

export interface LiveStats {
  readonly upload_speed: number;
  readonly download_speed: number;
  /** Without those in TIME_WAIT, which are over for their processes. */
  readonly active_connections: number;
  /** Bytes both ways since the agent's start. */
  readonly total_bandwidth: number;
  readonly bytes_sent: number;
  readonly bytes_received: number;
  /** Connections that opened or were found open, and failures, since the agent's start. */
  readonly connections_total: number;
  readonly errors_total: number;
}

/** The row of the topic `totals`. */
export interface AgentTotals extends LiveStats {
  readonly of: 'agents';
}

/** The message of `/ws` every 100 ms. */
export interface PublishedMessage {
  readonly connections: readonly Connection[];
  readonly stats: LiveStats;
  readonly timestamp: string;
}

/**
 * What changed in one subscription. Rows are named by their key field (`id` of a connection, `key` of a process,
 * `name` of an interface). With `snapshot` the rows replace all; otherwise a row holds its key and the fields that
 * changed, or all fields when it is new to the window.
 */
export interface LiveUpdate {
  readonly id: string;
  readonly snapshot?: true;
  /** Rows that match the filter, of which the window shows a part. */
  readonly total?: number;
  readonly rows?: readonly Record<string, unknown>[];
  /** Keys in the window's order, whenever that changed. */
  readonly order?: readonly (string | number)[];
  /** Keys that left the window. */
  readonly removed?: readonly (string | number)[];
  /** New points of a bandwidth subscription, oldest first. */
  readonly samples?: readonly Sample[];
}

export type ViewerFrame =
  | {
      readonly kind: 'frame';
      readonly timestamp: string;
      readonly stats: LiveStats;
      /** Agents connected now, and the age of the newest reading in milliseconds. */
      readonly agents: number;
      readonly updates: readonly LiveUpdate[];
    }
  | { readonly kind: 'problem'; readonly code: string; readonly message: string; readonly id?: string };
