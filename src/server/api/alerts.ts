import { z } from 'zod';
import { NetmonError } from '../../base/errors.ts';
import type { StoredAlert } from '../../store/traffic.ts';
import { alertListSchema, alertQuerySchema } from '../../wire/traffic-api.ts';
import { alertSettingsSchema } from '../../wire/traffic-schema.ts';
import type { LiveState } from '../live/state.ts';
import { readIdCursor, readTime, writeIdCursor } from './ranges.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

const params = z.strictObject({ id: z.coerce.number().int().min(0) });
const pcapngType = 'application/x-pcapng';

/** Alerts on high traffic, and what they are held against. */
export function makeAlertRoutes({ store, live, now }: ApiContext): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/alerts',
      operation: 'listAlerts',
      summary: 'Alerts from their raising to their recovery, newest first',
      description: 'With `since` or `until`, those that lasted into that range.',
      query: alertQuerySchema,
      notes: { state: { description: '`raised` for those that last, `recovered` for those that are over.' } },
      answers: { 200: { description: 'A page of alerts.', schema: alertListSchema } },
      handle: async ({ query: { since, until, cursor, ...query } }) => {
        const before = readIdCursor(cursor);
        const alerts = await store.queryAlerts({
          ...query,
          since: readTime('since', since, now()),
          until: readTime('until', until, now()),
          ...(before !== undefined && { before }),
        });
        return { body: { alerts, next: writeIdCursor(alerts, query.limit) } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/alerts/:id/packets',
      operation: 'downloadAlertPackets',
      summary: 'The packets of before an alert that its agent saved, as a capture file',
      description:
        'Those of the window that it still had, without payload of TCP unless it runs with --no-mask.',
      params,
      answers: { 200: { description: 'A pcapng file.', type: pcapngType } },
      handle: async ({ params: { id } }) => {
        const [alert] = await store.queryAlerts({ id, limit: 1 });
        if (!alert) throw new NetmonError('NM_NOT_FOUND', `there is no alert ${id}`);
        return {
          type: pcapngType,
          headers: { 'content-disposition': `attachment; filename="netmon-alert-${id}.pcapng"` },
          body: await findPackets(live, alert),
        };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/alerts/settings',
      operation: 'readAlertSettings',
      summary: 'What alerts are held against',
      answers: { 200: { description: 'The settings.', schema: alertSettingsSchema } },
      handle: async () => ({ body: await store.readAlertSettings() }),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/alerts/settings',
      operation: 'saveAlertSettings',
      summary: 'Change what alerts are held against',
      description: 'Kept in the database and told to every agent; alerts that last are ended by it.',
      body: alertSettingsSchema,
      answers: { 200: { description: 'The settings as they are now.', schema: alertSettingsSchema } },
      handle: async ({ body }) => {
        await store.saveAlertSettings(body);
        live.configureAlerts(body);
        return { body };
      },
    }),
  ];
}

/** The saved packets of an alert. Throws NM_NOT_FOUND that says why there are none. */
async function findPackets(live: LiveState, alert: StoredAlert): Promise<Buffer> {
  const refuse = (reason: string): NetmonError =>
    new NetmonError('NM_NOT_FOUND', `there are no packets of alert ${alert.id}: ${reason}`);
  if (alert.packets === null)
    throw refuse('its agent has not told of any: it saves none, or is about to, or ended before');
  if (alert.packets_reason !== null) throw refuse(alert.packets_reason);
  const found = await live.savedPackets(alert.agent, {
    raised_at: alert.raised_at,
    kind: alert.kind,
    scope: alert.scope,
  });
  if (!found) throw refuse('the agent that has them is not connected, or did not answer in time');
  if (found.reason !== null) throw refuse(found.reason);
  return found.pcapng;
}
