import { escapeUnsafe } from '../../platform/reporter.ts';
import type { Incident, MonitorState } from '../../wire/monitor.ts';
import { type Html, html, renderPage } from '../http/html.ts';
import { formatShare, stateColor, stateWords, uptimeColor } from './badge.ts';

const dayMs = 86_400_000;
const barPx = 5;
const gapPx = 2;

/** What is told of a monitor: nothing of its target and its agents. */
export interface PublicMonitor {
  readonly id: string;
  readonly name: string;
  readonly state: MonitorState;
  /** Whether a window for maintenance is open. */
  readonly maintained: boolean;
  /** Shares of the last days, oldest first; null where nothing is known. */
  readonly days: readonly (number | null)[];
  readonly uptime: number | null;
}
export type PublicIncident = Pick<Incident, 'name' | 'state' | 'started_at' | 'duration_ms'>;

/** The public status page. `now` is in Unix milliseconds. */
export function renderStatusPage(
  monitors: readonly PublicMonitor[],
  incidents: readonly PublicIncident[],
  now: number,
): string {
  const time = formatTime(new Date(now).toISOString());
  return renderPage(
    'Status',
    html`<h1>Status</h1>
<p role="status"><strong>${summarize(monitors)}</strong><br><small>${time}</small></p>
${monitors.map(renderMonitor.bind(null, now))}
<h2>Incidents of the last 30 days</h2>
${incidents.length === 0 ? html`<p>None.</p>` : html`<ul>${incidents.map(renderIncident)}</ul>`}`,
  );
}

function summarize(monitors: readonly PublicMonitor[]): string {
  if (monitors.length === 0) return 'Nothing is shown here yet.';
  const count = (...states: readonly MonitorState[]): number =>
    monitors.filter(({ state, maintained }) => states.includes(state) && !maintained).length;
  const down = count('down');
  const impaired = count('partial', 'degraded');
  if (down > 0) return `${down} of ${monitors.length} down`;
  if (impaired > 0) return `${impaired} of ${monitors.length} impaired`;
  const unknown = count('unknown', 'pending');
  return unknown > 0 ? `Nothing known of ${unknown} of ${monitors.length}` : 'Everything works';
}

function renderMonitor(now: number, { name, state, maintained, days, uptime }: PublicMonitor): Html {
  const word = maintained ? 'under maintenance' : stateWords[state];
  const color = maintained ? stateColor('unknown') : stateColor(state);
  const width = days.length * (barPx + gapPx);
  return html`<section>
<h2>${escapeUnsafe(name)} <span style="background:${color};color:#fff;border-radius:4px;padding:0.1rem 0.5rem;font-size:0.85rem">${word}</span></h2>
<svg viewBox="0 0 ${width} 24" width="100%" height="32" preserveAspectRatio="none" role="img" aria-label="${formatShare(uptime)} over ${days.length} days">
${days.map((share, i) => renderDay(share, i, now - (days.length - 1 - i) * dayMs))}</svg>
<p><small>${formatShare(uptime)} over ${days.length} days, by day from the left to today</small></p>
</section>
`;
}

/** A bad day is lower as well, so that its colour is not all that tells of it. */
function renderDay(share: number | null, index: number, at: number): Html {
  const height = share === null ? 6 : share >= 0.99 ? 24 : share >= 0.95 ? 17 : 11;
  const date = new Date(at).toISOString().slice(0, 10);
  return html`<rect x="${index * (barPx + gapPx)}" y="${24 - height}" width="${barPx}" height="${height}" fill="${uptimeColor(share)}"><title>${date}: ${formatShare(share)}</title></rect>
`;
}

function renderIncident({ name, state, started_at, duration_ms }: PublicIncident): Html {
  const lasted = duration_ms === null ? 'ongoing' : `for ${formatMinutes(duration_ms)}`;
  return html`<li>${formatTime(started_at)}: ${escapeUnsafe(name)} ${stateWords[state]}, ${lasted}</li>
`;
}

function formatTime(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}

function formatMinutes(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
