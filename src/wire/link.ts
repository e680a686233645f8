import { z } from 'zod';
import { endpointSchema, reportedConnectionSchema } from './connection.ts';
import { lostBySchema } from './gap.ts';
import { interfaceSchema, processSchema, sampleSchema, sensorSchema, systemSchema } from './machine.ts';
import { monitorResultSchema } from './monitor.ts';
import { issuedCertificateSchema } from './monitor-api.ts';
import { protocols } from './names.ts';
import { answerMessageSchema, orderMessageSchema } from './orders.ts';
import { rollupSchema } from './rollup.ts';
import {
  alertRecordSchema,
  alertSettingsSchema,
  requestRecordSchema,
  trafficStatisticsSchema,
} from './traffic-schema.ts';

/**
 * The agent's link: one WebSocket, text frames of JSON, subprotocol `netmon.v1`. Order on a connection:
 *
 * 1. agent: `hello`; server: `welcome` with the last sequence number it has committed of the agent's epoch
 * 2. agent: `records` from there on, kept in its spool until acknowledged; server: `ack` after COMMIT; where the spool
 *    holds records of several epochs, `epoch` before those of the next
 * 3. server: `order`, as what it wants changes; agent: `answer` to each (wire/orders.ts)
 * 4. agent: `live` every `live_interval_ms` that the server last asked for by `pace`, and at once on `sync`
 *
 * The server grants credit for records: what is on its way without an acknowledgement may be that long, so that
 * neither end holds more than it meant to. With nothing on its way one frame may always be sent.
 *
 * Durable records are identified by (agent, epoch, seq), so that a resend is never stored twice; an agent begins a new
 * epoch with each start, so that what it knows nothing of (a spool set back, a copied machine) keeps its numbers. Live
 * frames are never kept: after a reconnect the first one is `full`.
 */
export const linkSubprotocol = 'netmon.v1';
export const linkPath = '/api/agent/link';

/** Longest frame a server reads, about 10,000 records. */
export const maxLinkFrameBytes = 16 * 1024 * 1024;
/** Most durable records in a frame, and so in a commit. */
export const maxRecordsPerFrame = 1000;

const count = z.number().int().min(0);

export const helloSchema = z.strictObject({
  kind: z.literal('hello'),
  agent: z.string().min(1).max(128),
  version: z.string().max(32),
  kernel: z.string().max(128),
  os: z.string().max(128),
  /** Of the oldest records in its spool; with `seq` it identifies a durable record. */
  epoch: z.string().min(1).max(64),
  sensors: z.array(sensorSchema).max(32),
  /** Revision of the set of monitors that it has of this server; absent for none. */
  monitors_revision: count.optional(),
});

/** What tells an alert of an agent from its others: when it was raised, and what it is about. */
export const alertKeySchema = z.strictObject({
  raised_at: z.iso.datetime(),
  kind: z.enum(['hits', 'bandwidth']),
  scope: z.string().max(300),
});
export type AlertKey = z.infer<typeof alertKeySchema>;

/** How many packets of before an alert the agent has saved, and in how many bytes of a capture file. */
const alertPacketsSchema = z.strictObject({
  kind: z.literal('alert_packets'),
  alert: alertKeySchema,
  packets: count,
  bytes: count,
  /** Packets that belong to it and are not in the file. */
  left_out: count,
  /** Why there is no file; null when there is one. */
  reason: z.string().max(512).nullable(),
});

/** Alerts that last, at each link to a server: the agent will never tell the end of any other. */
const openAlertsSchema = z.strictObject({
  kind: z.literal('open_alerts'),
  at: z.iso.datetime(),
  open: z.array(alertKeySchema).max(10_000),
});

/**
 * What is kept for good: a connection that ended or failed (or a fold of like ones), traffic of ten seconds added up,
 * a request out of a bounded sample, an alert that was raised or has recovered, what became of its packets, which alerts
 * last, a round of a monitor, or a stretch that was lost.
 */
export const durableRecordSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('connection'),
    key: count.nullable(),
    connection: reportedConnectionSchema,
  }),
  z.strictObject({ kind: z.literal('traffic'), rollup: rollupSchema }),
  z.strictObject({
    kind: z.literal('request'),
    process_id: count.nullable(),
    process_name: z.string().max(64).nullable(),
    request: requestRecordSchema,
  }),
  z.strictObject({ kind: z.literal('alert'), alert: alertRecordSchema }),
  z.strictObject({ kind: z.literal('probe'), result: monitorResultSchema }),
  alertPacketsSchema,
  openAlertsSchema,
  z.strictObject({
    kind: z.literal('gap'),
    at: z.iso.datetime(),
    reason: z.string().max(256),
    lost: count,
    lost_by: lostBySchema.optional(),
  }),
]);
export type DurableRecord = z.infer<typeof durableRecordSchema>;

/**
 * The records of an epoch are all acknowledged, and those of the next one follow. The server answers with what it has
 * committed of that one, and only then they are sent.
 */
export const epochSchema = z.strictObject({ kind: z.literal('epoch'), epoch: z.string().min(1).max(64) });

export const recordsSchema = z.strictObject({
  kind: z.literal('records'),
  epoch: z.string().min(1).max(64),
  /** Sequence number of the first record; the others follow without a hole. */
  first: count,
  records: z.array(durableRecordSchema).min(1).max(maxRecordsPerFrame),
});

/**
 * What changed of a connection that was opened in an earlier frame, by position: key, state (index into
 * connectionStates), bytes sent, bytes received, packets sent, packets received, upload B/s, download B/s, rtt us,
 * min rtt us, jitter us, retransmits, send queue, receive queue, limited by (index into limits, -1 for unknown).
 * Unknown numbers are -1.
 */
export const changeSchema = z.custom<LinkChange>(isChange, 'expected 15 numbers');
export type LinkChange = number[];

/** The lists in a frame, checked by hand: there are hundreds ten times a second, and zod takes 0.3 us for each. */
const changesSchema = z.custom<LinkChange[]>(
  (value) => Array.isArray(value) && value.length <= 200_000 && value.every(isChange),
  'expected at most 200000 lists of 15 numbers',
);

/** Whether a value is a change, its numbers finite. */
export function isChange(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 15) return false;
  for (let i = 0; i < 15; i++) if (!Number.isFinite(value[i])) return false;
  return true;
}

/** A connection that is open, with the key by which later frames name it. Keys are not used again in an epoch. */
export const openedSchema = z.strictObject({ key: count, connection: reportedConnectionSchema });

export const liveSchema = z.strictObject({
  kind: z.literal('live'),
  /** Unix milliseconds of the sensors' reading. */
  at: z.number(),
  /** Whether what is not in this frame is no longer so: replaces everything the server holds of this agent. */
  full: z.boolean(),
  /** Answers the `sync` of that number and those before it. */
  sync: count.optional(),
  opened: z.array(openedSchema).max(200_000),
  /** As `opened`, for ones known before whose other fields changed (owner, names). */
  revised: z.array(openedSchema).max(200_000),
  changed: changesSchema,
  /** Keys of those that ended. */
  closed: z.array(count).max(400_000),
  /** 100 ms samples since the last frame, over all connections' payload. */
  samples: z.array(sampleSchema).max(600),
  /** Over the agent's life, all connections: payload, how many were opened, how many failures. */
  totals: z
    .strictObject({ bytes_sent: count, bytes_received: count, connections: count, errors: count })
    .optional(),
  /** Since the last frame, per interface name and per process key. */
  interface_samples: z.record(z.string(), z.array(sampleSchema)),
  process_samples: z.record(z.string(), z.array(sampleSchema)),
  /** Rows that changed. */
  processes: z.array(processSchema).max(50_000),
  /** Keys of processes no longer kept. */
  processes_gone: z.array(z.string().max(64)).max(50_000),
  /** All of them, when any changed; otherwise absent. */
  interfaces: z.array(interfaceSchema).max(10_000).optional(),
  system: systemSchema.optional(),
  sensors: z.array(sensorSchema).max(32).optional(),
  /** What waits for the server, and what had to be given up; when it changed. */
  spool: z.strictObject({ records: count, bytes: count, lost: count }).optional(),
  /** Sums of inspected traffic, each window whole when it is due. */
  traffic: z.array(trafficStatisticsSchema).max(4).optional(),
});
export type LiveFrame = z.infer<typeof liveSchema>;

/** One packet of a connection, as a line of a list; `info` is text for people. */
export const packetSchema = z.object({
  timestamp: z.iso.datetime(),
  direction: z.enum(['sent', 'received']),
  /** On the wire, and of that what was kept. */
  length: count,
  captured: count,
  protocol: z.string().max(32),
  info: z.string().max(512),
});
export type PacketRow = z.infer<typeof packetSchema>;

/** Most packets that are kept, and told of, per connection. */
export const maxPackets = 1000;

/** Answers the server's question for the packets of a connection. */
export const packetsSchema = z.strictObject({
  kind: z.literal('packets'),
  ask: count,
  packets: z.array(packetSchema).max(maxPackets),
  /** Packets that passed and were not kept. */
  left_out: count,
  /** The kept ones as a pcapng file in base64; empty when there are none. */
  pcapng: z.string().max(8 * 1024 * 1024),
  /** Why there are none; null when there are. */
  reason: z.string().max(512).nullable(),
});
export type PacketsAnswer = Omit<z.infer<typeof packetsSchema>, 'kind' | 'ask'>;

/** Asks for a new certificate in time, for the same name: a PKCS #10 request in PEM. */
export const renewSchema = z.strictObject({ kind: z.literal('renew'), csr: z.string().max(8192) });

/** Most bytes of a saved file in one answer. */
export const maxPieceBytes = 1024 * 1024;

/** Answers the server's question for the packets saved at an alert, a piece at a time. */
export const savedPacketsSchema = z.strictObject({
  kind: z.literal('saved_packets'),
  ask: count,
  /** Of the whole file, pcapng. */
  size: count,
  /** From the offset that was asked for on, in base64. */
  piece: z.string().max(Math.ceil(maxPieceBytes / 3) * 4),
  /** Why there is no such file; null when there is. */
  reason: z.string().max(512).nullable(),
});
export type SavedPiece = Omit<z.infer<typeof savedPacketsSchema>, 'kind' | 'ask'>;

export const agentMessageSchema = z.discriminatedUnion('kind', [
  helloSchema,
  epochSchema,
  recordsSchema,
  liveSchema,
  packetsSchema,
  answerMessageSchema,
  renewSchema,
  savedPacketsSchema,
]);
export type AgentMessage = z.infer<typeof agentMessageSchema>;

/** Which connection packets are asked of, open or ended. */
const packetsQuestionShape = {
  protocol: z.enum(protocols),
  local_addr: endpointSchema,
  remote_addr: endpointSchema,
  opened_at: z.iso.datetime().nullable(),
  closed_at: z.iso.datetime().nullable(),
};
export type PacketsQuestion = Pick<
  Extract<z.infer<typeof serverMessageSchema>, { kind: 'packets' }>,
  keyof typeof packetsQuestionShape
>;

/** Most certificates of consoles that an agent is told to refuse. */
export const maxRevokedSerials = 10_000;
/** Of a certificate, hexadecimal. */
const serialSchema = z.string().regex(/^[0-9a-f]{1,40}$/);

/** Length in UTF-16 units of the `records` frames that may be on their way; absent for what it was before. */
const creditSchema = count.optional();

export const serverMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('welcome'),
    /** The highest sequence number committed of the agent's epoch, -1 for none. */
    committed: z.number().int().min(-1),
    live_interval_ms: z.number().int().min(50).max(60_000),
    credit: creditSchema,
  }),
  /** Answers `epoch`; `committed` as in `welcome`. */
  z.strictObject({
    kind: z.literal('epoch'),
    epoch: z.string().max(64),
    committed: z.number().int().min(-1),
  }),
  z.strictObject({ kind: z.literal('ack'), epoch: z.string().max(64), seq: count, credit: creditSchema }),
  z.strictObject({ kind: z.literal('pace'), live_interval_ms: z.number().int().min(50).max(60_000) }),
  z.strictObject({ kind: z.literal('sync'), sync: count }),
  /** What alerts are held against, after the welcome and whenever it changes. */
  z.strictObject({ kind: z.literal('settings'), alerts: alertSettingsSchema }),
  /** Asks for the packets of a connection, by what identifies it; `packets` answers under the same number. */
  z.strictObject({ kind: z.literal('packets'), ask: count, ...packetsQuestionShape }),
  orderMessageSchema,
  /** Serial numbers of consoles that are shut out, all of them: after the welcome over TLS, and whenever there is another. */
  z.strictObject({ kind: z.literal('revoked'), serials: z.array(serialSchema).max(maxRevokedSerials) }),
  /** Answers `renew`. */
  z.strictObject({ kind: z.literal('certificate'), ...issuedCertificateSchema.shape }),
  /** Asks for a piece of the packets that were saved at an alert; `saved_packets` answers under the same number. */
  z.strictObject({ kind: z.literal('saved_packets'), ask: count, alert: alertKeySchema, offset: count }),
  z.strictObject({ kind: z.literal('refused'), code: z.string().max(64), message: z.string().max(512) }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;
