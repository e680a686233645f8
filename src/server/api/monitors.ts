import { z } from 'zod';
import { compareKeys } from '../../base/order.ts';
import { type Monitor, monitorIdSchema, monitorRowSchema } from '../../wire/monitor.ts';
import {
  changedMonitorSchema,
  type MonitorQuery,
  monitorActionSchema,
  monitorListSchema,
  monitorQuerySchema,
  newMonitorSchema,
} from '../../wire/monitor-api.ts';
import type { Monitors } from '../monitors/monitors.ts';
import type { Watched } from '../monitors/watched.ts';
import { decodeCursor, encodeCursor } from './paging.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

const params = z.strictObject({ id: monitorIdSchema });
const secretsQuery = z.strictObject({ secrets: z.stringbool().default(false) });
/** The one order of the list. */
const byName = 'name';

const notes = {
  id: { description: 'Id of the monitor.' },
  secrets: { description: 'Whether credentials are shown as they are, instead of `***`.' },
  state: { description: 'States.' },
  kind: { description: 'Kinds of probes.' },
  label: { description: 'Labels, as `name` or `name=value`; all must match.' },
  agent: { description: 'Carried out by this agent.' },
  text: { description: 'Part of name, id, target or a label, any case.' },
  since_version: {
    description:
      'Only what changed since the answer with that `version`; `removed` then names what is gone from the list.',
  },
} as const;

/** Monitors: list, make, change, remove, start and stop. */
export function makeMonitorRoutes({ monitors }: ApiContext): ApiRoute[] {
  const answer = (id: string, secrets = false): string => {
    monitors.book.require(id);
    return monitors.read(monitors.judge.get(id)!, secrets);
  };
  const one = { description: 'The monitor with its status.', schema: monitorRowSchema };
  const move = (name: 'start' | 'stop', summary: string): ApiRoute =>
    defineRoute({
      method: 'POST',
      path: `/api/monitors/:id/${name}`,
      operation: `${name}Monitor`,
      summary,
      description: 'On the agents that are named, or on all.',
      params,
      notes,
      body: monitorActionSchema,
      answers: { 200: one },
      handle: async ({ params: { id }, body: { agents } }) => {
        await monitors.edit(id, (monitor) =>
          name === 'stop' ? stopOn(monitor, agents) : startOn(monitor, agents, listCarriers(monitors, id)),
        );
        return { body: answer(id) };
      },
    });
  return [
    defineRoute({
      method: 'GET',
      path: '/api/monitors',
      operation: 'listMonitors',
      summary: 'Monitors with their status, by name',
      description: 'The last rounds of agents come without their `detail`, which a single monitor has.',
      query: monitorQuerySchema,
      notes,
      answers: { 200: { description: 'A page of monitors.', schema: monitorListSchema } },
      handle: ({ query }) => ({ body: listMonitors(monitors, query) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/monitors',
      operation: 'addMonitor',
      summary: 'Make a monitor; agents begin with it at once',
      body: newMonitorSchema,
      answers: {
        201: {
          ...one,
          links: { read: { operationId: 'readMonitor', parameters: { id: '$response.body#/id' } } },
        },
      },
      handle: async ({ body }) => {
        const [{ id }] = await monitors.save([body]);
        return { status: 201, headers: { location: `/api/monitors/${id}` }, body: answer(id) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/monitors/:id',
      operation: 'readMonitor',
      summary: 'One monitor with its status, as each agent sees it',
      params,
      query: secretsQuery,
      notes,
      answers: { 200: one },
      handle: ({ params: { id }, query: { secrets } }) => ({ body: answer(id, secrets) }),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/monitors/:id',
      operation: 'changeMonitor',
      summary: 'Replace the settings of a monitor',
      description: 'What was read as `***` and is sent back stays what it is, while the host is the same.',
      params,
      notes,
      body: changedMonitorSchema,
      answers: { 200: one },
      handle: async ({ params: { id }, body }) => {
        await monitors.save([], new Map([[id, body]]));
        return { body: answer(id) };
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/monitors/:id',
      operation: 'removeMonitor',
      summary: 'Remove a monitor with all that is kept of it',
      params,
      notes,
      answers: { 204: { description: 'It is gone.' } },
      handle: async ({ params: { id } }) => {
        await monitors.remove(id);
        return { status: 204, body: '' };
      },
    }),
    move('start', 'Start a monitor that was stopped'),
    move('stop', 'Stop a monitor; what it found is kept'),
  ];
}

function listMonitors(monitors: Monitors, query: MonitorQuery): string {
  const { since_version, limit, cursor, secrets } = query;
  const gone = since_version === undefined ? null : monitors.versions.removedSince(since_version);
  const after = decodeCursor<string>(cursor, byName, { key: '', id: '' });
  const found: Watched[] = [];
  const other: Watched[] = [];
  for (const watched of monitors.judge.values()) {
    (matches(monitors, watched, query) ? found : other).push(watched);
  }
  const isNew = ({ version }: Watched): boolean => gone === null || version > since_version!;
  // What changed so that it no longer matches is gone from this list.
  const removed = gone && [...gone, ...other.filter(isNew).map(({ monitor }) => monitor.id)];
  const states: Record<string, number> = {};
  for (const { state } of found) states[state] = (states[state] ?? 0) + 1;
  const sorted = found
    .filter(isNew)
    .map((watched) => ({ watched, key: watched.monitor.name, id: watched.monitor.id }))
    .sort((a, b) => compareKeys(a.key, b.key) || compareKeys(a.id, b.id));
  const from = after
    ? sorted.findIndex(({ key, id }) => (compareKeys(key, after.key) || compareKeys(id, after.id)) > 0)
    : 0;
  const page = from < 0 ? [] : sorted.slice(from, from + limit);
  const last = page.at(-1);
  const next =
    last && from + limit < sorted.length ? encodeCursor(byName, { key: last.key, id: last.id }) : null;
  const rest = JSON.stringify({ next, states, version: monitors.versions.current, removed });
  return `{"monitors":[${page.map(({ watched }) => monitors.row(watched, secrets)).join(',')}],${rest.slice(1)}`;
}

function matches(monitors: Monitors, watched: Watched, query: MonitorQuery): boolean {
  const { monitor, state } = watched;
  if (query.state && query.state.length > 0 && !query.state.includes(state)) return false;
  if (query.kind && query.kind.length > 0 && !query.kind.includes(monitor.probe.kind)) return false;
  if (query.label && !query.label.every((label) => hasLabel(monitor, label))) return false;
  const isSeen = (agent: string): boolean => monitors.seen(watched).some((seen) => seen.agent === agent);
  if (query.agent !== undefined && !isSeen(query.agent)) return false;
  return query.text === undefined || holdsText(monitor, query.text.toLowerCase());
}

function hasLabel({ labels }: Monitor, wanted: string): boolean {
  const sign = wanted.indexOf('=');
  const name = sign < 0 ? wanted : wanted.slice(0, sign);
  if (!Object.hasOwn(labels, name)) return false;
  return sign < 0 || labels[name] === wanted.slice(sign + 1);
}

function holdsText({ name, id, probe, labels }: Monitor, text: string): boolean {
  const target = probe.kind === 'http' ? probe.url : probe.kind === 'dns' ? probe.name : probe.host;
  const fields = [name, id, target, ...Object.entries(labels).map((pair) => pair.join('='))];
  return fields.some((field) => field.toLowerCase().includes(text));
}

function listCarriers(monitors: Monitors, id: string): string[] {
  const watched = monitors.judge.get(id);
  return watched ? monitors.seen(watched).map(({ agent }) => agent) : [];
}

function stopOn({ stopped_on }: Monitor, agents: readonly string[] | undefined): Partial<Monitor> {
  if (!agents) return { enabled: false };
  return { stopped_on: [...new Set([...stopped_on, ...agents])].slice(0, 1000) };
}

/** A monitor that was stopped altogether is started on the named ones alone. */
function startOn(
  { enabled, stopped_on }: Monitor,
  agents: readonly string[] | undefined,
  carriers: readonly string[],
): Partial<Monitor> {
  if (!agents) return { enabled: true, stopped_on: [] };
  const stopped = enabled ? stopped_on : carriers;
  return { enabled: true, stopped_on: stopped.filter((agent) => !agents.includes(agent)).slice(0, 1000) };
}
