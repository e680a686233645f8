import { parseEndpoint, parseIp } from '../base/ip.ts';
import { compareKeys, type SortKey } from '../base/order.ts';
import type { Connection } from '../wire/connection.ts';
import type { connectionSorts } from '../wire/query.ts';

/** The key of a connection, the least key where the value is unknown, so that unknown ones end a descending list. */
export type ReadSortKey = (connection: Connection) => SortKey;

type SortName = (typeof connectionSorts)[number];

const readers: Readonly<Record<SortName, ReadSortKey>> = {
  timestamp: (c) => c.timestamp,
  speed: (c) => (c.upload_speed ?? 0) + (c.download_speed ?? 0),
  upload_speed: (c) => c.upload_speed ?? -1,
  download_speed: (c) => c.download_speed ?? -1,
  bytes: (c) => (c.bytes_sent ?? 0) + (c.bytes_received ?? 0),
  process: (c) => foldAscii(c.process_name ?? ''),
  pid: (c) => c.process_id ?? -1,
  protocol: (c) => c.protocol ?? '',
  state: (c) => c.state ?? '',
  duration: (c) => c.duration_ms ?? -1,
  rtt: (c) => c.rtt_ms ?? -1,
  retransmits: (c) => c.retransmits ?? -1,
  remote: (c) => endpointKey(c.remote_addr),
  local: (c) => endpointKey(c.local_addr),
  direction: (c) => c.direction ?? '',
  user: (c) => foldAscii(c.user ?? ''),
  container: (c) => foldAscii(c.container ?? ''),
  unit: (c) => foldAscii(c.unit ?? ''),
  error: (c) => c.error ?? '',
  agent: (c) => foldAscii(c.agent ?? ''),
};

export interface ConnectionOrder {
  readonly sort: SortName;
  readonly descending: boolean;
  readonly key: ReadSortKey;
}

/** The order that a `sort` parameter (`speed`, `-speed`) names. */
export function parseConnectionSort(sort: string): ConnectionOrder {
  const descending = sort.startsWith('-');
  const name = (descending ? sort.slice(1) : sort) as SortName;
  return { sort: name, descending, key: readers[name] };
}

/** Compares two places in an order: by key, then by id, both in its direction. Negative when the first comes first. */
export function comparePlaces(
  order: ConnectionOrder,
  keyA: SortKey,
  idA: number,
  keyB: SortKey,
  idB: number,
): number {
  const by = compareKeys(keyA, keyB) || idA - idB;
  return order.descending ? -by : by;
}

/** A comparator for `Array.sort`. It reads both keys at each comparison; keep keys aside where that is hot. */
export function makeConnectionComparator(sort: string): (a: Connection, b: Connection) => number {
  const order = parseConnectionSort(sort);
  return (a, b) => comparePlaces(order, order.key(a), a.id, order.key(b), b.id);
}

/** Lower case of ASCII letters only. */
function foldAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Address and port as 36 hexadecimal digits, which order as the 18 bytes do. */
function endpointKey(text: string): string {
  const endpoint = parseEndpoint(text);
  const bytes = endpoint && parseIp(endpoint.ip);
  if (!bytes) return '';
  let key = '';
  for (const byte of bytes) key += byte.toString(16).padStart(2, '0');
  return key + endpoint.port.toString(16).padStart(4, '0');
}
