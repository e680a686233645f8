import type { FastifyInstance, FastifyReply } from 'fastify';
import { NetmonError } from '../../base/errors.ts';
import type { MonitorStore } from '../../store/monitors.ts';
import type { Monitors } from '../monitors/monitors.ts';
import type { Watched } from '../monitors/watched.ts';
import { formatShare, renderBadge, stateColor, stateWords, uptimeColor } from './badge.ts';
import { type PublicMonitor, renderStatusPage } from './page.ts';

/** How long a page is the same for everybody, so that many readers cost what one does. */
const keptMs = 10_000;
const cacheControl = 'public, max-age=30';
const monthMs = 30 * 86_400_000;
/** Incidents that are shown, and looked through for those of public monitors. */
const shownIncidents = 50;
const maxIncidents = 1000;

export interface PublicParts {
  readonly monitors: Monitors;
  readonly store: MonitorStore;
  readonly now: () => number;
}

/** The status of monitors that are marked as public, for everybody: a page without scripts, and badges. */
export function registerPublic(app: FastifyInstance, parts: PublicParts): void {
  const { monitors, now } = parts;
  let kept: { readonly at: number; readonly page: Promise<string> } | undefined;
  app.get('/public', async (_request, reply) => {
    if (!kept || now() - kept.at >= keptMs) kept = { at: now(), page: makePage(parts) };
    return reply
      .header('cache-control', cacheControl)
      .type('text/html; charset=utf-8')
      .send(await kept.page);
  });
  const addBadge = (what: string, render: (watched: Watched) => string): void => {
    app.get<{ Params: { id: string } }>(
      `/public/badge/:id/${what}.svg`,
      async ({ params: { id } }, reply) => {
        const watched = monitors.judge.get(id);
        // The same for one that is private as for one that is not there.
        if (!watched?.monitor.public)
          throw new NetmonError('NM_NOT_FOUND', 'there is nothing at this address');
        return sendBadge(reply, render(watched));
      },
    );
  };
  addBadge('state', ({ monitor: { name }, state }) =>
    renderBadge(name, stateWords[state], stateColor(state)),
  );
  addBadge('uptime', ({ monitor: { id, name } }) => {
    const { month } = monitors.uptime.read(id, now());
    return renderBadge(`${name} 30d`, formatShare(month), uptimeColor(month));
  });
  addBadge('response', (watched) => {
    const { state, response_ms: ms } = monitors.status(watched);
    const text = ms === null ? 'no data' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
    return renderBadge(watched.monitor.name, text, ms === null ? stateColor('unknown') : stateColor(state));
  });
}

/** A badge may be part of any site's page; it is a picture, and has no script. */
function sendBadge(reply: FastifyReply, svg: string): FastifyReply {
  return reply
    .header('cache-control', cacheControl)
    .header('cross-origin-resource-policy', 'cross-origin')
    .type('image/svg+xml; charset=utf-8')
    .send(svg);
}

async function makePage({ monitors, store, now }: PublicParts): Promise<string> {
  const shown = Array.from(monitors.judge.values()).filter(({ monitor }) => monitor.public);
  const ids = new Set(shown.map(({ monitor }) => monitor.id));
  const since = new Date(now() - monthMs).toISOString();
  const incidents = await store.queryIncidents({ since, limit: maxIncidents });
  return renderStatusPage(
    shown
      .map((watched) => describe(monitors, watched, now()))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    incidents
      .filter(({ monitor, silenced }) => ids.has(monitor) && silenced === null)
      .slice(0, shownIncidents),
    now(),
  );
}

function describe(monitors: Monitors, { monitor, state, silenced }: Watched, now: number): PublicMonitor {
  return {
    id: monitor.id,
    name: monitor.name,
    state,
    maintained: silenced?.startsWith('maintenance: ') === true && state !== 'up',
    days: monitors.uptime.readDays(monitor.id, now),
    uptime: monitors.uptime.read(monitor.id, now).quarter,
  };
}
