import type { AgentRow } from '../../../src/wire/monitor-api.ts';
import type { Tone } from './state-tone.ts';

const dayMs = 86_400_000;
/** A clock that is off by more, or a reading that is older, is told of. */
const maxOffsetMs = 1000;
const maxLagMs = 3000;
/** A certificate that ends sooner was not renewed as it should have been. */
const leastCertificateDays = 3;

/** How an agent is linked, in a word. */
export function linkLook({ connected, revoked_at }: AgentRow): {
  readonly label: string;
  readonly tone: Tone;
} {
  if (revoked_at !== null) return { label: 'Revoked', tone: 'grey' };
  return connected ? { label: 'Linked', tone: 'green' } : { label: 'Away', tone: 'red' };
}

/** Days until its certificate ends; null without one. */
export function certificateDays({ certificate_until }: AgentRow, now: number): number | null {
  return certificate_until === null ? null : (Date.parse(certificate_until) - now) / dayMs;
}

/** What is not well with an agent, in words; nothing where all is. */
export function listFaults(row: AgentRow, now: number): string[] {
  if (row.revoked_at !== null) return [];
  const days = certificateDays(row, now);
  const faults = [
    !row.connected && (row.reason ?? 'not linked'),
    (row.lost_records ?? 0) > 0 && `${row.lost_records} records were lost`,
    row.connected && Math.abs(row.clock_offset_ms ?? 0) > maxOffsetMs && 'its clock is off',
    row.connected && (row.lag_ms ?? 0) > maxLagMs && 'what it tells comes late',
    days !== null &&
      days < leastCertificateDays &&
      (days < 0 ? 'its certificate has ended' : 'its certificate ends soon'),
    ...row.sensors
      .filter(({ reason }) => reason !== null)
      .map(({ name, level, reason }) => `${name}: ${level}, ${reason}`),
  ];
  return faults.filter((fault) => fault !== false);
}

/** What is lacking most of its sensors: the name of the level of the least of them, `–` without any. */
export function sensorLevel({ sensors }: AgentRow): string {
  const lacking = sensors.filter(({ reason }) => reason !== null);
  if (sensors.length === 0) return '–';
  return lacking.length === 0 ? 'full' : `${sensors.length - lacking.length} of ${sensors.length} full`;
}
