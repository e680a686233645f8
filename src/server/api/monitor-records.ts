import { z } from 'zod';
import type { StoredRound } from '../../store/monitors.ts';
import { monitorIdSchema } from '../../wire/monitor.ts';
import {
  evidenceQuerySchema,
  evidenceSchema,
  historyQuerySchema,
  historySchema,
  incidentListSchema,
  incidentQuerySchema,
  resultListSchema,
  resultQuerySchema,
} from '../../wire/monitor-api.ts';
import { findEvidence } from './evidence.ts';
import { decodeCursor, encodeCursor } from './paging.ts';
import { readIdCursor, readRange, readTime, writeIdCursor } from './ranges.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

const params = z.strictObject({ id: monitorIdSchema });
const newestFirst = '-at';
const notes = {
  id: { description: 'Id of the monitor.' },
  agent: { description: 'Name of the agent that carried it out.' },
  state: { description: '`open` for incidents that last, `over` for the others.' },
  at: { description: 'Around this time, or this long ago; now unless given.' },
} as const;

/** What monitors found: rounds, their sums, incidents, and what the agents' sensors saw of the same targets. */
export function makeMonitorRecordRoutes(context: ApiContext): ApiRoute[] {
  const { store, monitors, now } = context;
  const listIncidents = async (
    monitor: string | undefined,
    { state, since, until, cursor, limit }: z.output<typeof incidentQuerySchema>,
  ): Promise<{ body: object }> => {
    const before = readIdCursor(cursor);
    const incidents = await store.queryIncidents({
      ...(monitor !== undefined && { monitor }),
      ...(state && { open: state === 'open' }),
      since: readTime('since', since, now()),
      until: readTime('until', until, now()),
      ...(before !== undefined && { before }),
      limit,
    });
    return { body: { incidents, next: writeIdCursor(incidents, limit) } };
  };
  return [
    defineRoute({
      method: 'GET',
      path: '/api/monitors/:id/results',
      operation: 'listResults',
      summary: 'Rounds of a monitor, newest first',
      params,
      query: resultQuerySchema,
      notes,
      answers: { 200: { description: 'A page of rounds.', schema: resultListSchema } },
      handle: async ({ params: { id }, query: { agent, since, until, limit, cursor } }) => {
        monitors.book.require(id);
        const place = decodeCursor<number>(cursor, newestFirst, { key: 0, id: 0 });
        const rounds = await store.queryRounds({
          monitor: id,
          ...(agent !== undefined && { agent }),
          ...readMs(since, until, now()),
          ...(place && { before: { at: Number(place.key), id: place.id } }),
          limit,
        });
        const results = rounds.map((round) => ({ agent: round.agent, ...round.result }));
        return { body: { results, next: writeRoundCursor(rounds, limit) } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/monitors/:id/history',
      operation: 'readHistory',
      summary: 'What the rounds of a monitor add up to, in steps, by agent',
      description: 'In the shortest steps that reach back so far: minutes, ten minutes, hours or days.',
      params,
      query: historyQuerySchema,
      notes,
      answers: { 200: { description: 'The steps.', schema: historySchema } },
      handle: async ({ params: { id }, query: { agent, ...range } }) => {
        monitors.book.require(id);
        const { since, until } = readRange(range, now());
        const history = await store.readHistory({
          monitor: id,
          ...(agent !== undefined && { agent }),
          since,
          until,
        });
        const body = {
          since: new Date(since).toISOString(),
          until: new Date(until).toISOString(),
          step_ms: history.stepMs,
          agents: Object.fromEntries(history.agents),
        };
        return { body };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/monitors/:id/incidents',
      operation: 'listMonitorIncidents',
      summary: 'Incidents of a monitor, newest first',
      params,
      query: incidentQuerySchema,
      notes,
      answers: { 200: { description: 'A page of incidents.', schema: incidentListSchema } },
      handle: ({ params: { id }, query }) => {
        monitors.book.require(id);
        return listIncidents(id, query);
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/monitors/:id/evidence',
      operation: 'readEvidence',
      summary: "What the agents' sensors saw of connections to the monitor's target around a time",
      params,
      query: evidenceQuerySchema,
      notes,
      answers: { 200: { description: 'Counts by agent.', schema: evidenceSchema } },
      handle: async ({ params: { id }, query: { at } }) => {
        const monitor = monitors.book.require(id);
        const time = at === undefined ? now() : Date.parse(readTime('at', at, now())!);
        return { body: await findEvidence(context, monitor, time) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/incidents',
      operation: 'listIncidents',
      summary: 'Incidents of all monitors, newest first',
      description: 'With `since` or `until`, those that lasted into that range.',
      query: incidentQuerySchema,
      notes,
      answers: { 200: { description: 'A page of incidents.', schema: incidentListSchema } },
      handle: ({ query }) => listIncidents(undefined, query),
    }),
  ];
}

function readMs(
  since: string | undefined,
  until: string | undefined,
  now: number,
): { since?: number; until?: number } {
  return {
    ...(since !== undefined && { since: Date.parse(readTime('since', since, now)!) }),
    ...(until !== undefined && { until: Date.parse(readTime('until', until, now)!) }),
  };
}

function writeRoundCursor(rounds: readonly StoredRound[], limit: number): string | null {
  const last = rounds.at(-1);
  if (!last || rounds.length < limit) return null;
  return encodeCursor(newestFirst, { key: Date.parse(last.result.at), id: last.id });
}
