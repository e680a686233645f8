import type { GapRow } from '../wire/gap.ts';
import { type LostKind, lostKinds } from '../wire/names.ts';

/** One of a kind, and several. */
const names: Readonly<Record<LostKind, readonly [string, string]>> = {
  connection: ['connection', 'connections'],
  failure: ['failure', 'failures'],
  traffic: ['sum of traffic', 'sums of traffic'],
  request: ['request', 'requests'],
  probe: ['round', 'rounds'],
  alert: ['alert', 'alerts'],
  alert_packets: ['note of packets', 'notes of packets'],
  open_alerts: ['list of alerts', 'lists of alerts'],
};

/** What a gap says was lost, by kind: `12 connections, 3 failures`. */
export function describeLoss({ lost, lost_by }: Pick<GapRow, 'lost' | 'lost_by'>): string {
  let known = 0;
  const parts: string[] = [];
  for (const kind of lostKinds) {
    const weight = lost_by?.[kind] ?? 0;
    if (weight === 0) continue;
    known += weight;
    parts.push(`${weight} ${names[kind][weight === 1 ? 0 : 1]}`);
  }
  if (lost > known) parts.push(`${lost - known} of unknown kind`);
  return parts.join(', ') || 'an unknown number of records';
}
