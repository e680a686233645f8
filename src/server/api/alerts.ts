import { alertListSchema, alertQuerySchema } from '../../wire/traffic-api.ts';
import { alertSettingsSchema } from '../../wire/traffic-schema.ts';
import { readIdCursor, readTime, writeIdCursor } from './ranges.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

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
