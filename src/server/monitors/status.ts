import { maskProbe } from '../../rules/monitors/mask-probe.ts';
import type { Monitor, MonitorState, MonitorStatus } from '../../wire/monitor.ts';
import type { ProbeKind } from '../../wire/probe.ts';
import { median, type Sight, type Watched } from './watched.ts';

const dayMs = 86_400_000;
/** Kinds whose rounds have several echoes, so that some may be lost. */
const echoKinds: readonly ProbeKind[] = ['icmp', 'ntp'];

/** How one agent sees a monitor. */
export interface Seen {
  readonly agent: string;
  readonly state: MonitorState;
  readonly sight: Sight | undefined;
}

/** The status of a monitor without what single agents see. */
export function readStatus(
  watched: Watched,
  seen: readonly Seen[],
  uptime: MonitorStatus['uptime'],
  now: number,
): Omit<MonitorStatus, 'agents'> {
  const sights = seen.map(({ sight }) => sight).filter((sight) => sight !== undefined);
  const current = sights.filter((sight) => !sight.overdue);
  const echoes = current.reduce((sum, sight) => sum + sight.echoes, 0);
  const lost = current.reduce((sum, sight) => sum + sight.lost, 0);
  const ends = sights.map((sight) => sight.certificateUntil).filter((end) => end !== null);
  const hasLoss = echoKinds.includes(watched.monitor.probe.kind) && echoes > 0;
  return {
    state: watched.state,
    since: readTime(watched.sinceMs),
    reason: watched.reason,
    silenced: watched.silenced,
    response_ms: median(current.map((sight) => sight.responseMs).filter((ms) => ms !== null)),
    loss_ratio: hasLoss ? lost / echoes : null,
    certificate_days: ends.length > 0 ? Math.floor(((Math.min(...ends) - now) / dayMs) * 10) / 10 : null,
    uptime,
  };
}

/**
 * The status as JSON; the last round of each agent is put in as the text that it is kept as, without its detail where it
 * is one of many.
 */
export function writeStatus(
  status: Omit<MonitorStatus, 'agents'>,
  seen: readonly Seen[],
  detail: 'whole' | 'brief',
): string {
  const views = seen.map(({ agent, state, sight }) => {
    const view = JSON.stringify({ agent, state, since: readTime(sight?.sinceMs ?? null) });
    const last = (detail === 'whole' ? sight?.last : sight?.brief) ?? null;
    return `${view.slice(0, -1)},"last":${last}}`;
  });
  return `${JSON.stringify(status).slice(0, -1)},"agents":[${views.join(',')}]}`;
}

/** A monitor as it is told of: with its secrets only where they are asked for. */
export function showMonitor(monitor: Monitor, secrets: boolean): Monitor {
  return secrets ? monitor : { ...monitor, probe: maskProbe(monitor.probe) };
}

function readTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
