import { escapeUnsafe } from '../../platform/reporter.ts';
import type { Incident, MonitorState } from '../../wire/monitor.ts';
import { type Html, html, renderPage } from '../http/html.ts';
import { formatShare, stateWords } from './badge.ts';
import { statusStyle } from './style.ts';

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
  const { text, tone } = summarize(monitors);
  const time = formatTime(new Date(now).toISOString());
  return renderPage(
    'Status',
    html`<h1>Status</h1>
<p role="status" class="banner ${tone}"><strong>${text}</strong><small>${time}</small></p>
${monitors.length === 0 ? renderEmpty() : monitors.map(renderMonitor.bind(null, now))}
<h2>Incidents of the last 30 days</h2>
<div class="incidents">${incidents.length === 0 ? 'None.' : html`<ul>${incidents.map(renderIncident)}</ul>`}</div>`,
    statusStyle,
  );
}

/** How bad something is, as a class of the style. */
type Tone = 'good' | 'worse' | 'part' | 'bad' | 'none';

const tones: Readonly<Record<MonitorState, Tone>> = {
  up: 'good',
  degraded: 'worse',
  partial: 'part',
  down: 'bad',
  unknown: 'none',
  pending: 'none',
  stopped: 'none',
};

function summarize(monitors: readonly PublicMonitor[]): { readonly text: string; readonly tone: Tone } {
  if (monitors.length === 0) return { text: 'Nothing is shown here yet', tone: 'none' };
  const count = (...states: readonly MonitorState[]): number =>
    monitors.filter(({ state, maintained }) => states.includes(state) && !maintained).length;
  const down = count('down');
  const impaired = count('partial', 'degraded');
  const unknown = count('unknown', 'pending');
  if (down > 0) return { text: `${down} of ${monitors.length} down`, tone: 'bad' };
  if (impaired > 0) return { text: `${impaired} of ${monitors.length} impaired`, tone: 'part' };
  if (unknown > 0) return { text: `Nothing known of ${unknown} of ${monitors.length}`, tone: 'none' };
  return { text: 'All systems up', tone: 'good' };
}

function renderEmpty(): Html {
  return html`<p class="empty">A monitor is shown here once it is marked as public: the switch <b>On the public status page</b>
in its form, <code>netmon monitor edit ID --public</code>, or <code>"public": true</code> in the API.</p>`;
}

function renderMonitor(now: number, { name, state, maintained, days, uptime }: PublicMonitor): Html {
  const word = maintained ? 'under maintenance' : stateWords[state];
  const width = days.length * (barPx + gapPx) - gapPx;
  const known = days.filter((share) => share !== null).length;
  return html`<section>
<header><h2>${escapeUnsafe(name)}</h2><span class="pill ${maintained ? 'none' : tones[state]}">${word}</span></header>
<svg viewBox="0 0 ${width} 24" width="100%" height="32" preserveAspectRatio="none" role="img" aria-label="${formatShare(uptime)} over ${known} days">
${days.map((share, i) => renderDay(share, i, now - (days.length - 1 - i) * dayMs))}</svg>
<div class="scale note"><span>${days.length} days ago</span><b>${formatShare(uptime)}${uptime === null ? '' : ' up'}</b><span>today</span></div>
</section>
`;
}

/** A bad day is lower as well, so that its colour is not all that tells of it. */
function renderDay(share: number | null, index: number, at: number): Html {
  const height = share === null ? 6 : share >= 0.99 ? 24 : share >= 0.95 ? 17 : 11;
  const tone: Tone = share === null ? 'none' : share >= 0.99 ? 'good' : share >= 0.95 ? 'worse' : 'bad';
  const date = new Date(at).toISOString().slice(0, 10);
  return html`<rect class="${tone}" x="${index * (barPx + gapPx)}" y="${24 - height}" width="${barPx}" height="${height}"><title>${date}: ${formatShare(share)}</title></rect>
`;
}

function renderIncident({ name, state, started_at, duration_ms }: PublicIncident): Html {
  const lasted = duration_ms === null ? 'ongoing' : `for ${formatMinutes(duration_ms)}`;
  return html`<li><time datetime="${started_at}">${formatTime(started_at)}</time><span>${escapeUnsafe(name)} <b class="${tones[state]}">${stateWords[state]}</b>, ${lasted}</span></li>
`;
}

function formatTime(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}

function formatMinutes(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
