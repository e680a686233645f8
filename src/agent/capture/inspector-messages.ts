import { z } from 'zod';
import { endpointSchema } from '../../wire/connection.ts';
import { type PacketsQuestion, packetsSchema } from '../../wire/link.ts';
import { requestRecordSchema } from '../../wire/traffic-schema.ts';
import type { Wanted } from './packet-selection.ts';

/** What the agent and its inspector say to each other: JSON, one message a line. */

/** Longest line of an inspector that is read: the packets of a connection. */
export const maxLineCharacters = 4 * 1024 * 1024;

const count = z.number().int().min(0);
/** Inode number of the network namespace it was seen in; 0 for the agent's own. */
const namespace = count;
/** Of the sockets of client and server; 0 for what is not this machine's. */
const cookies = z.tuple([count, count]);

const countersSchema = z.strictObject({
  packets: count,
  malformed: count,
  flows: count,
  evicted: count,
  /** Packets over which it stumbled, and the last reason. */
  failures: count,
  failure: z.string().max(256),
});
export type InspectorCounters = z.infer<typeof countersSchema>;

const messageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ready'),
    /** Packets that its predecessor had left. */
    skipped: count,
    /** What the ports of servers speak of, as `tcp 22`. */
    ports: z.record(z.string().regex(/^(tcp|udp) \d{1,5}$/), z.string().min(1).max(64)),
  }),
  z.strictObject({
    kind: z.literal('record'),
    cookies,
    namespace,
    /** Whether it is to be counted: not what is told of another sighting of the same conversation. */
    counts: z.boolean(),
    record: requestRecordSchema,
  }),
  z.strictObject({
    kind: z.literal('application'),
    cookies,
    namespace,
    transport: z.enum(['tcp', 'udp']),
    src: endpointSchema,
    dst: endpointSchema,
    application: z.string().min(1).max(64),
  }),
  packetsSchema,
  z.strictObject({
    kind: z.literal('frozen'),
    ask: count,
    /** A part of a capture file, in base64; `packets` are in it, `left_out` are not. */
    piece: z.string(),
    packets: count,
    left_out: count,
    last: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('counters'), ...countersSchema.shape }),
]);
export type InspectorMessage = z.infer<typeof messageSchema>;

/** Reads a line of the inspector, which is not trusted; null for one that is no message. */
export function readInspectorMessage(line: string): InspectorMessage | null {
  if (line.length > maxLineCharacters) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const result = messageSchema.safeParse(value);
  return result.success ? result.data : null;
}

/** Asks for what is kept of some packets from a time on (Unix milliseconds), as it is now; `frozen` answers in pieces. */
export interface FreezeQuestion {
  readonly from_ms: number;
  readonly wanted: Wanted;
}

/** A line to an inspector after the first, with the number of the answer. */
export type InspectorQuestion =
  | { readonly kind: 'packets'; readonly ask: number; readonly question: PacketsQuestion }
  | { readonly kind: 'freeze'; readonly ask: number; readonly question: FreezeQuestion };

/** The first line to an inspector; the end of its input ends it. */
export interface InspectorConfig {
  readonly ringBytes: number;
  /** Who fills the ring: the kernel's programs, or a packet socket. */
  readonly by: 'programs' | 'socket';
  /** User to become; null to stay who it is. */
  readonly account: { readonly name: string; readonly uid: number; readonly gid: number } | null;
  readonly mask: boolean;
  /** Whether to leave what the ring holds: one packet of it may have ended the inspector before. */
  readonly skip: boolean;
}
