import type { Connection } from '../../../wire/connection.ts';
import type { LiveRow } from '../row.ts';
import { type Fields, listChanges } from './row-differ.ts';

/** A copy of a connection as viewers are told it at `now`. */
export function copyRow(row: Connection, now: number): LiveRow {
  return { ...row, duration_ms: durationAt(row, now) };
}

/** Milliseconds that a connection has lasted at `now`, or had when it ended. */
export function durationAt(row: Connection, now: number): number | null {
  if (!row.active || row.opened_at === null || row.closed_at !== null) return row.duration_ms;
  return Math.max(0, now - Date.parse(row.opened_at));
}

/** Brings a copy up to its row; the fields to tell, null for none. That an open connection lasts on is not worth telling. */
export function patchRow(told: LiveRow, row: Connection): Fields | null {
  if (row.active) told.duration_ms = row.duration_ms;
  const changes = listChanges('id', told, row);
  if (changes) Object.assign(told, changes);
  return changes;
}

/**
 * As `patchRow`, where only what a LinkChange holds can have changed. Written out, since it runs for each row that
 * moves, ten times a second: a loop over names of fields takes ten times as long.
 */
export function patchCounters(told: LiveRow, row: Connection): Fields | null {
  const changes: { -readonly [Field in keyof Connection]?: Connection[Field] } = { id: row.id };
  if (told.state !== row.state) changes.state = told.state = row.state;
  if (told.bytes_sent !== row.bytes_sent) changes.bytes_sent = told.bytes_sent = row.bytes_sent;
  if (told.bytes_received !== row.bytes_received)
    changes.bytes_received = told.bytes_received = row.bytes_received;
  if (told.packets_sent !== row.packets_sent) changes.packets_sent = told.packets_sent = row.packets_sent;
  if (told.packets_received !== row.packets_received)
    changes.packets_received = told.packets_received = row.packets_received;
  if (told.upload_speed !== row.upload_speed) changes.upload_speed = told.upload_speed = row.upload_speed;
  if (told.download_speed !== row.download_speed)
    changes.download_speed = told.download_speed = row.download_speed;
  if (told.rtt_ms !== row.rtt_ms) changes.rtt_ms = told.rtt_ms = row.rtt_ms;
  if (told.min_rtt_ms !== row.min_rtt_ms) changes.min_rtt_ms = told.min_rtt_ms = row.min_rtt_ms;
  if (told.jitter_ms !== row.jitter_ms) changes.jitter_ms = told.jitter_ms = row.jitter_ms;
  if (told.retransmits !== row.retransmits) changes.retransmits = told.retransmits = row.retransmits;
  if (told.send_queue !== row.send_queue) changes.send_queue = told.send_queue = row.send_queue;
  if (told.receive_queue !== row.receive_queue)
    changes.receive_queue = told.receive_queue = row.receive_queue;
  if (told.limited_by !== row.limited_by) changes.limited_by = told.limited_by = row.limited_by;
  return hasMore(changes) ? changes : null;
}

/** Whether there is a field beside the id. */
function hasMore(changes: object): boolean {
  for (const field in changes) if (field !== 'id') return true;
  return false;
}
