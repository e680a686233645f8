import { z } from 'zod';
import { NetmonError } from '../../base/errors.ts';
import type { StoreRecord } from '../../store/store.ts';
import type { ReportedConnection } from '../../wire/connection.ts';
import {
  type AgentMessage,
  agentMessageSchema,
  type DurableRecord,
  durableRecordSchema,
  maxRecordsPerFrame,
  recordsSchema,
} from '../../wire/link.ts';
import { isPlainConnection } from '../../wire/plain-connection.ts';
import { isPlainFrame } from '../../wire/plain-frame.ts';
import type { RecordIdentity } from '../live/mirror.ts';
import { canonicalEndpoint, canonicalTime } from '../live/row.ts';

export type RecordsMessage = z.output<typeof recordsSchema>;

/** Reads a frame; throws NM_VALIDATION that names the first thing wrong with it. */
export function parseAgentMessage(text: string): AgentMessage {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new NetmonError('NM_VALIDATION', 'a frame is not JSON', { cause });
  }
  if (isPlainFrame(json)) return json;
  return readRecords(json) ?? check(agentMessageSchema, json);
}

const envelopeSchema = recordsSchema.extend({
  records: z.array(z.unknown()).min(1).max(maxRecordsPerFrame),
});

/** A frame of records, each looked through by itself, since most are plain; null for another or an unusual message. */
function readRecords(json: unknown): RecordsMessage | null {
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) return null;
  const records = envelope.data.records.map((record, i): DurableRecord => {
    if (isPlainRecord(record)) return record;
    return check(durableRecordSchema, record, `records.${i}.`);
  });
  return { ...envelope.data, records };
}

function isPlainRecord(record: unknown): record is Extract<DurableRecord, { kind: 'connection' }> {
  if (typeof record !== 'object' || record === null || Object.keys(record).length !== 3) return false;
  const { kind, key, connection } = record as Record<string, unknown>;
  if (kind !== 'connection' || !Object.hasOwn(record, 'connection') || !Object.hasOwn(record, 'key'))
    return false;
  return (
    (key === null || (Number.isSafeInteger(key) && (key as number) >= 0)) && isPlainConnection(connection)
  );
}

/** Throws NM_VALIDATION with the first thing that a schema finds wrong, whose path begins with `place`. */
function check<Schema extends z.ZodType>(schema: Schema, value: unknown, place = ''): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new NetmonError('NM_VALIDATION', `${place}${path.join('.') || 'frame'}: ${message}`.slice(0, 400));
}

/**
 * Checks that the numbers of a frame follow those before it (`expected` is the next one, null for any): a hole is only
 * allowed where the first record is a gap that accounts for it. Throws NM_VALIDATION.
 */
export function checkSequence(message: RecordsMessage, expected: number | null): void {
  const { first, records } = message;
  if (!Number.isSafeInteger(first + records.length)) {
    throw new NetmonError('NM_VALIDATION', 'first: a sequence number out of range');
  }
  if (expected === null || first <= expected) return;
  const [head] = records;
  if (head.kind !== 'gap' || head.lost <= first - expected) {
    throw new NetmonError('NM_VALIDATION', `first: expected ${expected}, not ${first}`);
  }
}

/** Brings the texts of a parsed connection, which is the caller's own, into the form that the store compares by. */
function canonicalize(connection: ReportedConnection): ReportedConnection {
  connection.timestamp = canonicalTime(connection.timestamp)!;
  connection.opened_at = canonicalTime(connection.opened_at);
  connection.closed_at = canonicalTime(connection.closed_at);
  connection.process_started_at = canonicalTime(connection.process_started_at);
  connection.local_addr = canonicalEndpoint(connection.local_addr);
  connection.remote_addr = canonicalEndpoint(connection.remote_addr);
  return connection;
}

/** A reported connection as it is stored, with the remote name under which it was live where it has none of its own. */
export function nameRemote(
  reported: ReportedConnection,
  identity: RecordIdentity | null,
): Extract<StoreRecord, { kind: 'connection' }>['connection'] {
  if (reported.remote_name !== null) return canonicalize(reported);
  return Object.assign(canonicalize(reported), {
    remote_name: identity?.remote_name ?? null,
    remote_name_source: identity?.remote_name_source ?? null,
  });
}
