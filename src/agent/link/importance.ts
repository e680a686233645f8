import type { DurableRecord } from '../../wire/link.ts';
import type { LostKind } from '../../wire/names.ts';

/** What a record counts as where room is short; a gap is never one of the kinds that are counted as lost. */
export type RecordKind = LostKind | 'gap';

/**
 * Where there is no room what is least important goes first: connections that succeeded and samples, of which there are
 * many; then sums; then failures; last what somebody waits for, and what tells of losses.
 */
const importance: Readonly<Record<RecordKind, number>> = {
  connection: 0,
  request: 0,
  traffic: 1,
  failure: 2,
  probe: 3,
  alert: 3,
  alert_packets: 3,
  open_alerts: 3,
  gap: 3,
};
/** The values of `importanceOf` in ascending order. */
export const importances: readonly number[] = [0, 1, 2, 3];

export function kindOf(record: DurableRecord): RecordKind {
  if (record.kind !== 'connection') return record.kind;
  return record.connection.error === null ? 'connection' : 'failure';
}

export function importanceOf(kind: RecordKind): number {
  return importance[kind];
}

/** Whether it is shown as it comes, so that it has to be written and sent at once. */
export function isUrgent(kind: RecordKind): boolean {
  return kind === 'failure' || kind === 'probe' || kind === 'alert';
}

/** What a record stands for: a connection that was folded for as many as it counts, a gap for what was lost. */
export function weightOf(record: DurableRecord): number {
  if (record.kind === 'connection') return record.connection.count;
  return record.kind === 'gap' ? record.lost : 1;
}
