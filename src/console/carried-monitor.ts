import { lossRatio, responseMs } from '../cli/monitors/columns.ts';
import { hideSecrets } from '../cli/monitors/describe.ts';
import { writeTarget } from '../cli/monitors/probe-fields.ts';
import { type Assignment, type MonitorSettings, monitorSettingsSchema } from '../wire/monitor.ts';
import type { NewMonitor } from '../wire/monitor-api.ts';
import type { Carried } from '../wire/orders.ts';
import type { MonitorQuery, StationMonitor } from './station.ts';

const dayMs = 86_400_000;
/** Longest id that is made of a name; a number behind it makes it unique. */
const maxIdLength = 40;

/** A monitor of one agent in the form that a server tells it in; what only a server knows is as by default. */
export function readCarried(carried: Carried, agent: string, secrets: boolean): StationMonitor {
  const { monitor, owner, running, since, last } = carried;
  const { id, revision, ...own } = monitor;
  const settings = monitorSettingsSchema.parse({ ...own, agents: [agent], enabled: running });
  const state = running ? carried.state : 'stopped';
  const until = last?.detail.certificate?.not_after;
  return {
    ...(secrets ? settings : hideSecrets(settings)),
    id,
    revision,
    owner,
    status: {
      state,
      since,
      reason: last?.reason?.message ?? null,
      silenced: null,
      agents: [{ agent, state, since, last }],
      response_ms: last && responseMs(last),
      loss_ratio: last && lossRatio(last),
      certificate_days:
        until === undefined ? null : Math.floor(((Date.parse(until) - Date.now()) / dayMs) * 10) / 10,
      uptime: { day: null, week: null, month: null, quarter: null },
    },
  };
}

/** What an agent is told of settings. */
export function makeAssignment(
  settings: MonitorSettings | NewMonitor,
  id: string,
  revision: number,
): Assignment {
  const { name, probe, interval_ms, timeout_ms, retries, assertions, thresholds, labels } = settings;
  return { id, revision, name, probe, interval_ms, timeout_ms, retries, assertions, thresholds, labels };
}

/** An id after a name that no other monitor has. */
export function chooseId(name: string, taken: ReadonlySet<string>): string {
  const letters = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, maxIdLength)
    .replace(/-+$/, '');
  const stem = letters === '' ? 'monitor' : letters;
  if (!taken.has(stem)) return stem;
  for (let i = 2; ; i++) if (!taken.has(`${stem}-${i}`)) return `${stem}-${i}`;
}

/** Whether a monitor is one of those that are asked for, as a server has it. */
export function isAsked(monitor: StationMonitor, query: MonitorQuery): boolean {
  const { state, kind, label, agent, text } = query;
  const isIn = (list: string | undefined, value: string): boolean =>
    list === undefined || list.split(',').includes(value);
  if (!isIn(state, monitor.status.state) || !isIn(kind, monitor.probe.kind)) return false;
  if (agent !== undefined && !monitor.status.agents.some((view) => view.agent === agent)) return false;
  const labels = Object.entries(monitor.labels);
  if (label !== undefined && !labels.some(([name, value]) => label === name || label === `${name}=${value}`))
    return false;
  const fields = [
    monitor.name,
    monitor.id,
    writeTarget(monitor.probe),
    ...labels.map((pair) => pair.join('=')),
  ];
  return text === undefined || fields.some((field) => field.toLowerCase().includes(text.toLowerCase()));
}
