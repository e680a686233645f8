import { parseEndpoint, readEndpoint4 } from '../base/ip.ts';
import type { ReportedConnection } from './connection.ts';
import { connectionStates, directions, limits, phases, protocols, resetters } from './names.ts';

type Test = (value: unknown) => boolean;

const name = orNull(isText(64));
const longText = orNull(isText(4096));
const hostName = orNull(isText(255));
const time = orNull(isTime);
const count = orNull(isCount);
const amount = orNull(isAmount);

/** Every field of a reported connection, none of which may be missing or another. */
const tests: Readonly<Record<keyof ReportedConnection, Test>> = {
  timestamp: isTime,
  process_id: count,
  process_name: name,
  process_path: longText,
  local_addr: isEndpoint,
  remote_addr: isEndpoint,
  error: orNull(isErrno),
  protocol: orNull(isOneOf(protocols)),
  state: orNull(isOneOf(connectionStates)),
  direction: orNull(isOneOf(directions)),
  opened_at: time,
  closed_at: time,
  duration_ms: amount,
  bytes_sent: count,
  bytes_received: count,
  packets_sent: count,
  packets_received: count,
  upload_speed: amount,
  download_speed: amount,
  rtt_ms: amount,
  min_rtt_ms: amount,
  jitter_ms: amount,
  retransmits: count,
  loss_ratio: amount,
  send_queue: count,
  receive_queue: count,
  limited_by: orNull(isOneOf(limits)),
  phase: orNull(isOneOf(phases)),
  reset_by: orNull(isOneOf(resetters)),
  syn_retries: count,
  remote_name: hostName,
  remote_name_source: orNull(isOneOf(['ptr', 'hosts', 'dns'])),
  user: name,
  user_id: count,
  command_line: longText,
  parents: orNull(isParents),
  container: orNull(isText(128)),
  unit: orNull(isText(256)),
  process_started_at: time,
  network_namespace: count,
  owner_unknown_reason: orNull(isText(256)),
  application: name,
  count: (value) => isCount(value) && (value as number) > 0,
  application_by: orNull(isOneOf(['payload', 'port'])),
  site: hostName,
  sni: hostName,
  alpn: name,
  ja4: name,
  tls_version: orNull(isText(16)),
  remote_name_at: time,
};
const fields = Object.entries(tests);

/**
 * Whether a parsed value is a connection with every field as an agent writes it. What this takes, the schema takes as it
 * is; what it does not take may still be right. The walk through the schema was a third of what a record costs a server.
 */
export function isPlainConnection(value: unknown): value is ReportedConnection {
  if (typeof value !== 'object' || value === null) return false;
  const object = value as Record<string, unknown>;
  let found = 0;
  for (const _ in object) found++;
  if (found !== fields.length) return false;
  for (let i = 0; i < fields.length; i++) {
    const [field, test] = fields[i];
    if (!Object.hasOwn(object, field) || !test(object[field])) return false;
  }
  return true;
}

function orNull(test: Test): Test {
  return (value) => value === null || test(value);
}

function isText(longest: number): Test {
  return (value) => typeof value === 'string' && value.length <= longest;
}

function isOneOf(words: readonly string[]): Test {
  const set = new Set<unknown>(words);
  return (value) => set.has(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isAmount(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

/** As `Date.toISOString` writes it; with a day that not every month has, it is a time when it is that of its own date. */
const timePattern =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

function isTime(value: unknown): boolean {
  if (typeof value !== 'string' || value.length !== 24 || !timePattern.test(value)) return false;
  if (value.charCodeAt(8) < 50 || (value.charCodeAt(8) === 50 && value.charCodeAt(9) < 57)) return true;
  const at = Date.parse(value);
  return !Number.isNaN(at) && new Date(at).toISOString() === value;
}

const scratch = new Uint8Array(18);

function isEndpoint(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 64) return false;
  return readEndpoint4(value, scratch) || parseEndpoint(value) !== null;
}

function isErrno(value: unknown): boolean {
  return typeof value === 'string' && /^E[A-Z0-9]{1,31}$/.test(value);
}

function isParents(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > 32) return false;
  for (let i = 0; i < value.length; i++)
    if (typeof value[i] !== 'string' || value[i].length > 128) return false;
  return true;
}
