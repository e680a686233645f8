import { setImmediate as pause } from 'node:timers/promises';
import { writeFamily, writeLabel, writeSample } from '../../platform/metrics.ts';
import { monitorStates } from '../../wire/monitor.ts';
import type { Monitors } from './monitors.ts';
import type { Sight, Watched } from './watched.ts';

/** Monitors at agents that are told of; each has a dozen lines. */
const maxSights = 20_000;
/** Series written before others may work. */
const pauseAfter = 500;

const phases = ['resolve', 'connect', 'tls', 'processing', 'transfer'] as const;

/** Families by what follows `netmon_`, with their help. */
const families = {
  probe_success: 'Whether the last round found its target up; NaN where it says nothing of it.',
  probe_duration_seconds: 'Parts of the last round.',
  probe_response_seconds: 'Response time of the last round, the median of it.',
  probe_loss_ratio: 'Share of the echoes of the last round that were lost.',
  probe_certificate_expiry_timestamp_seconds: 'When the certificate that the target sent ends.',
  monitor_state: 'State of a monitor, over all its agents: 1 for the one that it is in.',
} as const;
type Family = keyof typeof families;

/** The lines of each family. */
class Lines {
  readonly #texts = new Map<Family, string>();

  add(family: Family, labels: string, value: number): void {
    const line = writeSample(`netmon_${family}`, labels, value);
    this.#texts.set(family, (this.#texts.get(family) ?? '') + line);
  }

  write(): string {
    return Object.entries(families)
      .map(([name, help]) => {
        const samples = this.#texts.get(name as Family);
        return samples === undefined ? '' : writeFamily(`netmon_${name}`, help, samples);
      })
      .join('');
  }
}

/**
 * The last round of each monitor at each agent, and the state of each monitor, in the text format of Prometheus. Past
 * `limit` the others are left out and their number is told. Others may work meanwhile.
 */
export async function writeMonitorMetrics(monitors: Monitors, limit = maxSights): Promise<string> {
  const lines = new Lines();
  let watchedCount = 0;
  let sightCount = 0;
  let omitted = 0;
  let written = 0;
  for (const watched of monitors.judge.values()) {
    if (++watchedCount > limit) {
      omitted++;
      continue;
    }
    const labels = addState(lines, watched);
    for (const { agent, sight } of monitors.seen(watched)) {
      if (sight?.outcome === null || sight?.outcome === undefined) continue;
      if (++sightCount > limit) omitted++;
      else addSight(lines, `${labels},${writeLabel('agent', agent)}`, sight);
      written++;
    }
    if (written < pauseAfter) continue;
    written = 0;
    await pause();
  }
  const help = `Monitors, at agents, beyond the ${limit} that are told of.`;
  const name = 'netmon_probe_series_omitted';
  return lines.write() + writeFamily(name, help, writeSample(name, '', omitted));
}

/** Adds a monitor's state, and gives the labels of the monitor. */
function addState(lines: Lines, { monitor: { id, name, probe }, state }: Watched): string {
  const labels = [writeLabel('monitor', id), writeLabel('name', name), writeLabel('kind', probe.kind)].join();
  for (const each of monitorStates) {
    lines.add('monitor_state', `${labels},state="${each}"`, state === each ? 1 : 0);
  }
  return labels;
}

function addSight(lines: Lines, labels: string, sight: Sight): void {
  const isUp = sight.outcome === 'up' || sight.outcome === 'degraded';
  lines.add('probe_success', labels, sight.outcome === 'unknown' ? Number.NaN : Number(isUp));
  for (const phase of phases) {
    const ms = sight.phases?.[`${phase}_ms`] ?? null;
    if (ms !== null) lines.add('probe_duration_seconds', `${labels},phase="${phase}"`, ms / 1000);
  }
  if (sight.responseMs !== null) lines.add('probe_response_seconds', labels, sight.responseMs / 1000);
  if (sight.echoes > 0) lines.add('probe_loss_ratio', labels, sight.lost / sight.echoes);
  if (sight.certificateUntil !== null) {
    lines.add('probe_certificate_expiry_timestamp_seconds', labels, sight.certificateUntil / 1000);
  }
}
