import { describeLoss } from '../../client/describe-loss.ts';
import type { AgentRow } from '../../wire/monitor-api.ts';
import { escapeText } from '../escape.ts';
import { formatBytes, formatCount, formatTime } from '../format.ts';
import { formatMs } from './columns.ts';

/** All that is known of an agent, a line each; what is not known is left out. */
export function describeAgent(row: AgentRow, nowMs: number): string[] {
  const facts: readonly (readonly [string, string | null])[] = [
    ['link', describeLink(row)],
    ['certificate', row.certificate_until && `until ${formatTime(row.certificate_until)}`],
    ['revoked', row.revoked_at && formatTime(row.revoked_at)],
    ['version', row.version],
    ['system', `${row.os}, Linux ${row.kernel}`],
    ...row.sensors.map(
      ({ name, level, reason }) =>
        ['sensor', `${name}: ${level}${reason === null ? '' : ` (${reason})`}`] as const,
    ),
    ['first seen', formatTime(row.first_seen)],
    ['last seen', row.last_seen && formatTime(row.last_seen)],
    ['lag', row.lag_ms === null ? null : formatMs(row.lag_ms)],
    ['clock', describeClock(row.clock_offset_ms)],
    ['spool', describeSpool(row)],
    ['lost', row.lost_records === null ? null : `${formatCount(row.lost_records)} records`],
    ...row.gaps.map((gap) => ['gap', `${formatTime(gap.at)}: ${describeLoss(gap)} (${gap.reason})`] as const),
    ['cpu', row.cpu_percent === null ? null : `${row.cpu_percent.toFixed(1)} %`],
    ['memory', row.memory_bytes === null ? null : formatBytes(row.memory_bytes)],
    ['monitors', formatCount(row.monitors)],
    ['forbids', row.description?.forbidden.join(', ') || null],
  ];
  const shown = facts.flatMap(([name, text]) => (text === null ? [] : [[name, text] as const]));
  return [escapeText(row.agent), ...shown.map(([name, text]) => `  ${name.padEnd(12)} ${escapeText(text)}`)];

  function describeLink({ connected, tls, dialled_by, address, reason }: AgentRow): string {
    const how = `${tls ? 'TLS, ' : ''}dialled by the ${dialled_by}${address === null ? '' : ` (${address})`}`;
    if (connected) return `up, ${how}`;
    return `down${reason === null ? '' : `: ${reason}`}; ${how}, for ${formatMs(Math.max(0, nowMs - Date.parse(row.last_seen ?? row.first_seen)))}`;
  }
}

function describeClock(offsetMs: number | null): string | null {
  if (offsetMs === null) return null;
  return `${formatMs(Math.abs(offsetMs))} ${offsetMs < 0 ? 'behind' : 'ahead of'} the server's`;
}

function describeSpool({ spooled_records, spooled_bytes }: AgentRow): string | null {
  if (spooled_records === null) return null;
  return `${formatCount(spooled_records)} records, ${formatBytes(spooled_bytes)}`;
}
