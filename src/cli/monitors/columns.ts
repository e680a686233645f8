import type { AgentView, MonitorResult, MonitorRow, MonitorStatus } from '../../wire/monitor.ts';
import type { AgentRow, DialStatus } from '../../wire/monitor-api.ts';
import type { ProbeResult } from '../../wire/probe.ts';
import { formatBytes, formatCount, formatElapsed, formatTime } from '../format.ts';
import type { Column } from '../table.ts';
import { kindForms, nameKind, writeTarget } from './probe-fields.ts';

/** What of a monitor a list shows. */
export type ListedMonitor = Pick<MonitorRow, 'id' | 'name' | 'probe' | 'status'>;
export interface AgentRound {
  readonly agent: string;
  readonly result: ProbeResult | MonitorResult;
}

/** Milliseconds as people compare them: `0.42 ms`, `12.3 ms`, `1.2 s`. */
export function formatMs(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 100 ? `${ms.toFixed(ms < 10 ? 2 : 1)} ms` : formatElapsed(ms);
}

/** A share of 0 to 1: `99.95 %`, and 100 only for all of it. */
export function formatShare(share: number | null): string {
  if (share === null) return '-';
  return `${(Math.floor(share * 10_000) / 100).toFixed(2).replace(/\.?0+$/, '')} %`;
}

/** How long a state has lasted. */
export function formatSince(since: string | null, nowMs: number): string {
  return since === null ? '-' : formatElapsed(Math.max(0, nowMs - Date.parse(since)));
}

/** `2/3`: agents that see it up or degraded, of those that carry it out. */
function countWell({ agents }: MonitorStatus): string {
  const well = agents.filter(({ state }) => state === 'up' || state === 'degraded').length;
  return `${well}/${agents.length}`;
}

/** Of a list at this time. */
export function monitorColumns(nowMs: number): readonly Column<ListedMonitor>[] {
  return [
    { title: 'MONITOR', text: ({ id }) => id, least: 12 },
    { title: 'STATE', text: ({ status }) => status.state },
    { title: 'FOR', text: ({ status }) => formatSince(status.since, nowMs), align: 'right', optional: 1 },
    { title: 'KIND', text: ({ probe }) => kindForms[nameKind(probe)].title, optional: 3 },
    { title: 'TARGET', text: ({ probe }) => writeTarget(probe), least: 14 },
    { title: 'TIME', text: ({ status }) => formatMs(status.response_ms), align: 'right' },
    { title: 'LOSS', text: ({ status }) => formatShare(status.loss_ratio), align: 'right', optional: 4 },
    { title: 'UP AT', text: ({ status }) => countWell(status), align: 'right' },
    { title: '24 H', text: ({ status }) => formatShare(status.uptime.day), align: 'right', optional: 2 },
    { title: 'NAME', text: ({ name }) => name, least: 10, optional: 5 },
  ];
}

/** A monitor as each agent sees it. */
export function viewColumns(nowMs: number): readonly Column<AgentView>[] {
  return [
    { title: 'AGENT', text: ({ agent }) => agent, least: 10 },
    { title: 'STATE', text: ({ state }) => state },
    { title: 'FOR', text: ({ since }) => formatSince(since, nowMs), align: 'right' },
    { title: 'LAST ROUND', text: ({ last }) => formatTime(last?.at ?? null), optional: 2 },
    { title: 'TIME', text: ({ last }) => formatMs(last ? responseMs(last) : null), align: 'right' },
    { title: 'ADDRESS', text: ({ last }) => last?.address ?? '-', optional: 1, least: 12 },
    { title: 'REASON', text: ({ last }) => last?.reason?.message ?? '', least: 10 },
  ];
}

export const roundColumns: readonly Column<AgentRound>[] = [
  { title: 'AT', text: ({ result }) => formatTime(result.at) },
  { title: 'AGENT', text: ({ agent }) => agent, least: 8 },
  { title: 'OUTCOME', text: ({ result }) => result.outcome },
  { title: 'TIME', text: ({ result }) => formatMs(responseMs(result)), align: 'right' },
  { title: 'LOSS', text: ({ result }) => formatShare(lossRatio(result)), align: 'right', optional: 3 },
  { title: 'TRIES', text: ({ result }) => String(result.attempts), align: 'right', optional: 4 },
  { title: 'ADDRESS', text: ({ result }) => result.address ?? '-', least: 10, optional: 2 },
  { title: 'FOUND', text: ({ result }) => result.reason?.message ?? summarise(result), least: 28 },
];

/** Of rounds that were all tried at this moment. */
export const trialColumns: readonly Column<AgentRound>[] = roundColumns.filter(({ title }) => title !== 'AT');

/** Agents of a list at this time. */
export function agentColumns(nowMs: number): readonly Column<AgentRow>[] {
  return [
    { title: 'AGENT', text: ({ agent }) => agent, least: 10 },
    { title: 'LINK', text: describeLink },
    { title: 'SEEN', text: ({ last_seen }) => formatAgo(last_seen, nowMs), align: 'right' },
    { title: 'VERSION', text: ({ version }) => version, optional: 3 },
    { title: 'KERNEL', text: ({ kernel }) => kernel, least: 8, optional: 6 },
    {
      title: 'SENSORS',
      text: ({ sensors }) => sensors.map(({ level }) => level).join(' '),
      optional: 4,
      least: 8,
    },
    { title: 'LAG', text: ({ lag_ms }) => formatMs(lag_ms), align: 'right', optional: 2 },
    {
      title: 'CLOCK',
      text: ({ clock_offset_ms }) => formatOffset(clock_offset_ms),
      align: 'right',
      optional: 5,
    },
    {
      title: 'SPOOL',
      text: ({ spooled_records }) => (spooled_records === null ? '-' : formatCount(spooled_records)),
      align: 'right',
      optional: 2,
    },
    {
      title: 'LOST',
      text: ({ lost_records }) => (lost_records === null ? '-' : formatCount(lost_records)),
      align: 'right',
      optional: 4,
    },
    {
      title: 'CPU',
      text: ({ cpu_percent }) => (cpu_percent === null ? '-' : `${cpu_percent.toFixed(1)} %`),
      align: 'right',
      optional: 3,
    },
    { title: 'MEMORY', text: ({ memory_bytes }) => formatBytes(memory_bytes), align: 'right', optional: 5 },
    { title: 'MONITORS', text: ({ monitors }) => formatCount(monitors), align: 'right', optional: 1 },
    { title: 'REASON', text: ({ reason }) => reason ?? '', least: 8, optional: 2 },
  ];
}

export const dialColumns: readonly Column<DialStatus>[] = [
  { title: 'ADDRESS', text: ({ address }) => address },
  { title: 'AGENT', text: ({ agent }) => agent ?? '-' },
  { title: 'CONNECTED', text: ({ connected }) => (connected ? 'yes' : 'no') },
  { title: 'REASON', text: ({ reason }) => reason ?? '', least: 10 },
];

/** What a round's time is: that of its median echo where it has several, otherwise all of it; null of one that failed. */
export function responseMs({ echoes, duration_ms, outcome }: ProbeResult): number | null {
  if (outcome === 'unknown') return null;
  if (echoes.length === 0) return outcome === 'down' ? null : duration_ms;
  const times = echoes.filter((echo) => echo !== null).sort((a, b) => a - b);
  if (times.length === 0) return null;
  const middle = times.length >> 1;
  return times.length % 2 === 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
}

/** Share of echoes without an answer; null of a round with one question at most. */
export function lossRatio({ echoes }: ProbeResult): number | null {
  if (echoes.length < 2) return null;
  return echoes.filter((echo) => echo === null).length / echoes.length;
}

/** What a round found, in a few words. */
export function summarise({ detail }: ProbeResult): string {
  const { status, http_version, rcode, answers, ntp, banner, reply, hops, tls_version } = detail;
  const parts = [
    status === undefined ? null : `${status} ${http_version ? `HTTP/${http_version}` : ''}`.trim(),
    rcode === undefined ? null : `${rcode} ${(answers ?? []).map(({ data }) => data).join(', ')}`.trim(),
    ntp ? `offset ${formatOffset(ntp.offset_ms)}, stratum ${ntp.stratum}` : null,
    banner === undefined ? null : JSON.stringify(banner.slice(0, 60)),
    reply === undefined ? null : JSON.stringify(reply.slice(0, 60)),
    hops ? `${hops.length} hops${detail.path_changed ? ', another path' : ''}` : null,
    tls_version ?? null,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

function describeLink({ connected, revoked_at, tls }: AgentRow): string {
  if (revoked_at !== null) return 'revoked';
  return connected ? `up${tls ? ', TLS' : ''}` : 'down';
}

function formatAgo(time: string | null, nowMs: number): string {
  return time === null ? 'never' : formatElapsed(Math.max(0, nowMs - Date.parse(time)));
}

/** With its sign: `+1.20 ms`. */
function formatOffset(ms: number | null): string {
  if (ms === null) return '-';
  return `${ms < 0 ? '-' : '+'}${formatMs(Math.abs(ms))}`;
}
