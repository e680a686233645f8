import { type Sample, writeFamily } from '../../platform/metrics.ts';
import { monitorStates } from '../../wire/monitor.ts';
import type { ProbeResult } from '../../wire/probe.ts';
import type { Monitors } from './monitors.ts';

/** Monitors at agents that are told of; each has a dozen series. */
const maxSights = 5000;

const phases = ['resolve', 'connect', 'tls', 'processing', 'transfer'] as const;
const labels = ['monitor', 'name', 'kind', 'agent'];

/**
 * The last round of each monitor at each agent, and the state of each monitor, in the text format of Prometheus. Past
 * `limit` the others are left out and their number is told.
 */
export function writeMonitorMetrics(monitors: Monitors, limit = maxSights): string {
  const success: Sample[] = [];
  const durations: Sample[] = [];
  const responses: Sample[] = [];
  const losses: Sample[] = [];
  const certificates: Sample[] = [];
  const states: Sample[] = [];
  let omitted = 0;
  for (const watched of monitors.judge.values()) {
    const { id, name, probe } = watched.monitor;
    if (states.length / monitorStates.length >= limit) {
      omitted++;
      continue;
    }
    for (const state of monitorStates) {
      states.push({ labels: [id, name, probe.kind, state], value: watched.state === state ? 1 : 0 });
    }
    for (const { agent, sight } of monitors.seen(watched)) {
      if (sight?.last === null || sight?.last === undefined) continue;
      if (success.length >= limit) {
        omitted++;
        continue;
      }
      const values = [id, name, probe.kind, agent];
      const last = JSON.parse(sight.last) as ProbeResult;
      const up = last.outcome === 'up' || last.outcome === 'degraded';
      success.push({ labels: values, value: last.outcome === 'unknown' ? Number.NaN : Number(up) });
      for (const phase of phases) {
        const ms = last.phases[`${phase}_ms`];
        if (ms !== null) durations.push({ labels: [...values, phase], value: ms / 1000 });
      }
      if (sight.responseMs !== null) responses.push({ labels: values, value: sight.responseMs / 1000 });
      if (sight.echoes > 0) losses.push({ labels: values, value: sight.lost / sight.echoes });
      if (sight.certificateUntil !== null)
        certificates.push({ labels: values, value: sight.certificateUntil / 1000 });
    }
  }
  const family = (name: string, help: string, samples: readonly Sample[], names = labels): string =>
    samples.length === 0 ? '' : writeFamily(name, help, names, samples);
  return [
    family(
      'netmon_probe_success',
      'Whether the last round found its target up; NaN where it says nothing of it.',
      success,
    ),
    family('netmon_probe_duration_seconds', 'Parts of the last round.', durations, [...labels, 'phase']),
    family('netmon_probe_response_seconds', 'Response time of the last round, the median of it.', responses),
    family('netmon_probe_loss_ratio', 'Share of the echoes of the last round that were lost.', losses),
    family(
      'netmon_probe_certificate_expiry_timestamp_seconds',
      'When the certificate that the target sent ends.',
      certificates,
    ),
    family(
      'netmon_monitor_state',
      'State of a monitor, over all its agents: 1 for the one that it is in.',
      states,
      ['monitor', 'name', 'kind', 'state'],
    ),
    family(
      'netmon_probe_series_omitted',
      `Monitors, at agents, beyond the ${limit} that are told of.`,
      [{ labels: [], value: omitted }],
      [],
    ),
  ].join('');
}
