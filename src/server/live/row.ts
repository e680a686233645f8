import { formatEndpoint, parseEndpoint } from '../../base/ip.ts';
import { type Connection, connectionStates, limits, type ReportedConnection } from '../../wire/connection.ts';
import { normalizeTimestamp } from '../../wire/filter.ts';
import type { LinkChange } from '../../wire/link.ts';

/** A connection that the mirror updates in place. */
export type LiveRow = { -readonly [Field in keyof Connection]: Connection[Field] };

/** Texts kept for sharing; beyond this the pool begins anew, and only sharing is lost. */
const maxPooled = 50_000;

/** How a row comes by its texts. */
export type RowTexts = Pick<TextPool, 'share' | 'shareList'>;

/** A row of a short life has its texts for itself: that costs less than to look for equal ones. */
export const ownTexts: RowTexts = { share: (text) => text, shareList: (list) => list };

/** Shares equal texts, since each parsed frame brings its own copies of the same process names and paths. */
export class TextPool {
  readonly #texts = new Map<string, string>();
  readonly #lists = new Map<string, string[]>();

  share<Text extends string | null>(text: Text): Text {
    if (text === null) return text;
    const shared = this.#texts.get(text);
    if (shared !== undefined) return shared as Text;
    if (this.#texts.size >= maxPooled) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }

  shareList(list: string[] | null): string[] | null {
    if (list === null) return null;
    const key = list.join('\n');
    const shared = this.#lists.get(key);
    if (shared) return shared;
    if (this.#lists.size >= maxPooled) this.#lists.clear();
    this.#lists.set(key, list);
    return list;
  }
}

/**
 * The row of a connection that an agent reports as open. Written out field by field so that all rows are of one
 * hidden class, whatever the agent's frames looked like: 0.6 kB each instead of 2.
 */
export function makeRow(id: number, agent: string, reported: ReportedConnection, pool: RowTexts): LiveRow {
  const timestamp = canonicalTime(reported.timestamp)!;
  return {
    id,
    timestamp,
    process_id: reported.process_id,
    process_name: pool.share(reported.process_name),
    process_path: pool.share(reported.process_path),
    local_addr: canonicalEndpoint(reported.local_addr),
    remote_addr: pool.share(canonicalEndpoint(reported.remote_addr)),
    error: pool.share(reported.error),
    protocol: pool.share(reported.protocol),
    state: pool.share(reported.state),
    agent,
    direction: pool.share(reported.direction),
    opened_at: shareTime(reported.opened_at, timestamp),
    closed_at: shareTime(reported.closed_at, timestamp),
    duration_ms: reported.duration_ms,
    bytes_sent: reported.bytes_sent,
    bytes_received: reported.bytes_received,
    packets_sent: reported.packets_sent,
    packets_received: reported.packets_received,
    upload_speed: reported.upload_speed,
    download_speed: reported.download_speed,
    rtt_ms: reported.rtt_ms,
    min_rtt_ms: reported.min_rtt_ms,
    jitter_ms: reported.jitter_ms,
    retransmits: reported.retransmits,
    loss_ratio: reported.loss_ratio,
    send_queue: reported.send_queue,
    receive_queue: reported.receive_queue,
    limited_by: pool.share(reported.limited_by),
    phase: pool.share(reported.phase),
    reset_by: pool.share(reported.reset_by),
    syn_retries: reported.syn_retries,
    remote_name: pool.share(reported.remote_name),
    remote_name_source: pool.share(reported.remote_name_source),
    user: pool.share(reported.user),
    user_id: reported.user_id,
    command_line: pool.share(reported.command_line),
    parents: pool.shareList(reported.parents),
    container: pool.share(reported.container),
    unit: pool.share(reported.unit),
    process_started_at: pool.share(canonicalTime(reported.process_started_at)),
    network_namespace: reported.network_namespace,
    owner_unknown_reason: pool.share(reported.owner_unknown_reason),
    application: pool.share(reported.application),
    country: null,
    asn: null,
    organization: null,
    risk_score: null,
    risk_level: null,
    risk_reasons: null,
    active: true,
    count: reported.count,
    application_by: pool.share(reported.application_by),
    site: pool.share(reported.site),
    sni: pool.share(reported.sni),
    alpn: pool.share(reported.alpn),
    ja4: pool.share(reported.ja4),
    tls_version: pool.share(reported.tls_version),
    remote_name_at: pool.share(canonicalTime(reported.remote_name_at)),
  };
}

/** Takes over what the agent says now; what only the server knows stays. */
export function reviseRow(row: LiveRow, reported: ReportedConnection, pool: TextPool): void {
  const { remote_addr, remote_name, remote_name_source, remote_name_at } = row;
  Object.assign(row, makeRow(row.id, row.agent!, reported, pool));
  if (row.remote_addr !== remote_addr || row.remote_name !== null) return;
  row.remote_name = remote_name;
  row.remote_name_source = remote_name_source;
  row.remote_name_at = remote_name_at;
}

/** Applies a change by position (wire/link.ts). False, and nothing applied, when a number in it cannot be. */
export function applyChange(row: LiveRow, change: LinkChange): boolean {
  for (let i = 0; i < change.length; i++) if (!(change[i] >= -1)) return false;
  const state = connectionStates[change[1]];
  const limitedBy = limits[change[14]];
  if ((state === undefined && change[1] !== -1) || (limitedBy === undefined && change[14] !== -1))
    return false;
  row.state = state ?? null;
  row.bytes_sent = known(change[2]);
  row.bytes_received = known(change[3]);
  row.packets_sent = known(change[4]);
  row.packets_received = known(change[5]);
  row.upload_speed = known(change[6]);
  row.download_speed = known(change[7]);
  row.rtt_ms = milliseconds(change[8]);
  row.min_rtt_ms = milliseconds(change[9]);
  row.jitter_ms = milliseconds(change[10]);
  row.retransmits = known(change[11]);
  row.send_queue = known(change[12]);
  row.receive_queue = known(change[13]);
  row.limited_by = limitedBy ?? null;
  return true;
}

/** Whether a report is of the same connection as the row, which a key alone does not prove after a restart. */
export function isSameConnection(row: LiveRow, reported: ReportedConnection): boolean {
  return (
    row.protocol === reported.protocol &&
    row.network_namespace === reported.network_namespace &&
    row.opened_at === canonicalTime(reported.opened_at) &&
    row.remote_addr === canonicalEndpoint(reported.remote_addr)
  );
}

/** A valid endpoint in the one form that compares as text. Most are in it already, and then are not parsed again. */
export function canonicalEndpoint(text: string): string {
  const isIp4 = !text.startsWith('[');
  if (isIp4 && text[text.indexOf(':') + 1] !== '0') return text;
  const endpoint = parseEndpoint(text);
  return endpoint ? formatEndpoint(endpoint.ip, endpoint.port) : text;
}

/** A valid timestamp in the one form that compares as text, `YYYY-MM-DDTHH:MM:SS.mmmZ`. */
export function canonicalTime(text: string | null): string | null {
  if (text === null || (text.length === 24 && text[10] === 'T' && text[19] === '.' && text[23] === 'Z')) {
    return text;
  }
  return normalizeTimestamp(text) ?? text;
}

function shareTime(text: string | null, other: string): string | null {
  const time = canonicalTime(text);
  return time === other ? other : time;
}

function known(value: number): number | null {
  return value < 0 ? null : value;
}

function milliseconds(us: number): number | null {
  return us < 0 ? null : us / 1000;
}
