import { z } from 'zod';
import { NetmonError } from '../../base/errors.ts';
import { makeConnectionMatcher } from '../../rules/connection-filter.ts';
import { type ConnectionOrder, comparePlaces, parseConnectionSort } from '../../rules/connection-sort.ts';
import type { Place } from '../../store/store.ts';
import { connectionListSchema } from '../../wire/api.ts';
import { type Connection, connectionSchema, newConnectionSchema } from '../../wire/connection.ts';
import { normalizeTimestamp, resolveConnectionFilter } from '../../wire/filter.ts';
import { type ConnectionQuery, connectionQuerySchema } from '../../wire/query.ts';
import { decodeCursor, encodeCursor } from './paging.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

/** List, read and post connections. */
export function makeConnectionRoutes(context: ApiContext): ApiRoute[] {
  const { store, live } = context;
  return [
    defineRoute({
      method: 'GET',
      path: '/api/connections',
      operation: 'listConnections',
      summary: 'Active and recorded connections, newest first',
      description:
        'Within one filter any alternative matches, between filters all must. A page may be shorter than the limit; ' +
        'the list ends where `next` is null.',
      query: connectionQuerySchema,
      notes: { site: { description: 'Part of the HTTP host or TLS server name, any case.' } },
      answers: { 200: { description: 'A page of connections.', schema: connectionListSchema } },
      handle: async ({ query }) => {
        await live.refresh();
        return { body: await listConnections(context, query) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/connections/:id',
      operation: 'readConnection',
      summary: 'One connection, active or recorded',
      params: z.strictObject({ id: z.coerce.number().int().min(0) }),
      answers: { 200: { description: 'The connection.', schema: connectionSchema } },
      handle: async ({ params: { id } }) => {
        const body = (await store.connectionById(id)) ?? live.connectionById(id);
        if (!body) throw new NetmonError('NM_NOT_FOUND', `there is no connection ${id}`);
        return { body };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/connections',
      operation: 'addConnection',
      summary: 'Record a connection seen elsewhere',
      body: newConnectionSchema,
      answers: {
        201: {
          description: 'The stored record; its address is in Location.',
          schema: connectionSchema,
          links: { read: { operationId: 'readConnection', parameters: { id: '$response.body#/id' } } },
        },
      },
      handle: async ({ body: posted }) => {
        if (normalizeTimestamp(posted.timestamp) === null) throw unusableTime();
        const body = await store.insertPosted(posted);
        return { status: 201, headers: { location: `/api/connections/${body.id}` }, body };
      },
    }),
  ];
}

function unusableTime(): NetmonError {
  const message = 'expected a time in UTC between the years 0000 and 9999';
  return new NetmonError('NM_VALIDATION', `timestamp: ${message}`, {
    fields: [{ field: 'timestamp', message }],
  });
}

interface ConnectionList {
  readonly connections: readonly Connection[];
  readonly next: string | null;
}

/**
 * Merges the active connections with a page of the recorded ones. A connection that has just ended may be both: the
 * record is what counts then, but for one in TIME_WAIT.
 */
async function listConnections(context: ApiContext, query: ConnectionQuery): Promise<ConnectionList> {
  const { sort, limit, cursor, ...filter } = query;
  const now = context.now();
  const order = parseConnectionSort(sort);
  const resolved = resolveConnectionFilter(filter, now);
  const after = decodeCursor(cursor, sort, { key: order.key(emptyConnection), id: 0 });
  const matches = makeConnectionMatcher(filter, now);
  const active = await findActive(context, order, matches, after, limit);
  const { descending } = order;
  const stored = await context.store.queryConnections({
    filter: resolved,
    sort: order.sort,
    descending,
    limit,
    after,
  });

  const compare = (a: Placed, b: Placed): number => comparePlaces(order, a.key, a.id, b.key, b.id);
  const recorded = stored.connections
    .filter(({ id }) => !isLingering(context.live.connectionById(id)))
    .map((connection) => place(order, connection));
  // A page that was cut short says nothing about what lies beyond the place where it was cut.
  const cut = stored.next && stored.connections.length < limit ? stored.next : null;
  const reachable = cut
    ? active.filter(({ key, id }) => comparePlaces(order, key, id, cut.key, cut.id) <= 0)
    : active;
  const merged = [...reachable, ...recorded].sort(compare);
  const page = merged.slice(0, limit);
  const last = page.at(-1);
  const full = last && (merged.length > limit || (stored.next && page.length === limit));
  const next = full ? last : cut;
  return {
    connections: page.map(({ connection }) => connection),
    next: next ? encodeCursor(sort, next) : null,
  };
}

interface Placed extends Place {
  readonly connection: Connection;
}

function place(order: ConnectionOrder, connection: Connection): Placed {
  return { connection, key: order.key(connection), id: connection.id };
}

/** Whether the kernel still holds a connection in TIME_WAIT: it is recorded, and on show all the same. */
function isLingering(connection: Connection | undefined): boolean {
  return connection?.active === true && connection.state === 'TIME_WAIT';
}

/** The first `limit + 1` active connections after the place, without those whose record is stored already. */
async function findActive(
  { live, store }: ApiContext,
  order: ConnectionOrder,
  matches: (connection: Connection) => boolean,
  after: Place | undefined,
  limit: number,
): Promise<Placed[]> {
  for (let count = limit + 1; ; count *= 4) {
    const first = selectFirst(live.connections(), order, matches, after, count);
    const stored = await store.storedIds(first.map(({ id }) => id));
    const active = first.filter(({ id, connection }) => !stored.has(id) || isLingering(connection));
    if (active.length > limit || first.length < count) return active.slice(0, limit + 1);
  }
}

/**
 * The first `count` in the order, sorted; most of a hundred thousand are only compared with the last of them. They come
 * oldest first, so for a descending order the walk begins at their end.
 */
function selectFirst(
  connections: Iterable<Connection>,
  order: ConnectionOrder,
  matches: (connection: Connection) => boolean,
  after: Place | undefined,
  count: number,
): Placed[] {
  const compare = (a: Place, b: Place): number => comparePlaces(order, a.key, a.id, b.key, b.id);
  let first: Placed[] = [];
  let worst: Place | undefined;
  const matching = Array.from(connections).filter(matches);
  if (order.descending) matching.reverse();
  for (const connection of matching) {
    const candidate = place(order, connection);
    if ((after && compare(candidate, after) <= 0) || (worst && compare(candidate, worst) > 0)) continue;
    first.push(candidate);
    if (first.length < count * 2) continue;
    first = first.sort(compare).slice(0, count);
    worst = first[count - 1];
  }
  return first.sort(compare).slice(0, count);
}

/** A connection of which nothing is known: what kind of key an order has is read from it. */
const emptyConnection = {
  timestamp: '',
  process_name: null,
  local_addr: '',
  remote_addr: '',
} as Connection;
