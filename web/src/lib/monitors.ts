import type { MonitorRow, MonitorState, MonitorStatus } from '../../../src/wire/monitor.ts';
import type { Probe, ProbeResult } from '../../../src/wire/probe.ts';
import type { Tone } from './state-tone.ts';

/** How a state is called and shown; in the order of what wants attention first. */
export interface StateLook {
  readonly label: string;
  readonly tone: Tone;
}
export const monitorLooks = {
  down: { label: 'Down', tone: 'red' },
  partial: { label: 'Partially down', tone: 'orange' },
  degraded: { label: 'Degraded', tone: 'yellow' },
  unknown: { label: 'Unknown', tone: 'purple' },
  pending: { label: 'No round yet', tone: 'grey' },
  up: { label: 'Up', tone: 'green' },
  stopped: { label: 'Stopped', tone: 'grey' },
} as const satisfies Record<MonitorState, StateLook>;
/** From what wants attention first to what wants none. */
export const statesByWeight = Object.keys(monitorLooks) as readonly MonitorState[];

/** What kinds of probes are called; `https` is `http` with such a URL. */
export const kindLabels = {
  http: 'HTTP',
  https: 'HTTPS',
  icmp: 'ICMP',
  dns: 'DNS',
  ntp: 'NTP',
  tcp: 'TCP',
  udp: 'UDP',
  traceroute: 'Traceroute',
} as const;
export type ShownKind = keyof typeof kindLabels;
export const shownKinds = Object.keys(kindLabels) as readonly ShownKind[];

/** The kind as a reader knows it. */
export function kindOf(probe: Probe): ShownKind {
  return probe.kind === 'http' && /^https:/i.test(probe.url) ? 'https' : probe.kind;
}

/** What is probed, in one text: a URL, `host:port`, or a name with its record type. */
export function targetOf(probe: Probe): string {
  switch (probe.kind) {
    case 'http':
      return probe.url;
    case 'dns':
      return `${probe.name} ${probe.type}${probe.server === null ? '' : ` @${probe.server}`}`;
    case 'tcp':
    case 'udp':
      return probe.host.includes(':') ? `[${probe.host}]:${probe.port}` : `${probe.host}:${probe.port}`;
    case 'icmp':
    case 'ntp':
    case 'traceroute':
      return probe.host;
  }
}

/** The middle of some numbers, of an even count the mean of the two; null of none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Response time of a round: the median of the echoes that came back; null when none did. */
export function responseOf({ echoes }: Pick<ProbeResult, 'echoes'>): number | null {
  return median(echoes.filter((echo) => echo !== null));
}

/** A status after one more round at an agent. The state itself is told by the server. */
export function withResult(status: MonitorStatus, agent: string, result: ProbeResult): MonitorStatus {
  const known = status.agents.some((view) => view.agent === agent);
  if (!known) return status;
  const agents = status.agents.map((view) => (view.agent === agent ? { ...view, last: result } : view));
  const lasts = agents.map(({ last }) => last).filter((last) => last !== null);
  const echoes = lasts.flatMap((last) => last.echoes);
  const lost = echoes.filter((echo) => echo === null).length;
  return {
    ...status,
    agents,
    response_ms: median(lasts.map(responseOf).filter((ms) => ms !== null)),
    loss_ratio: status.loss_ratio === null || echoes.length === 0 ? status.loss_ratio : lost / echoes.length,
  };
}

/** How many monitors are in each state. */
export function countStates(rows: readonly MonitorRow[]): Record<MonitorState, number> {
  const counts = { down: 0, partial: 0, degraded: 0, unknown: 0, pending: 0, up: 0, stopped: 0 };
  for (const { status } of rows) counts[status.state]++;
  return counts;
}

/** Share of time as uptime is told: never rounded up to 100 %. */
export function formatUptime(share: number | null): string {
  if (share === null) return '–';
  if (share >= 1) return '100 %';
  const percent = Math.floor(share * 100_000) / 1000;
  return `${percent >= 99 ? percent.toFixed(3).replace(/0+$/, '').replace(/\.$/, '') : percent.toFixed(1)} %`;
}
