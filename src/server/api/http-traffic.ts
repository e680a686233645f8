import { LatencyHistogram } from '../../base/histogram.ts';
import type { TrafficGroup, TrafficName, TrafficQuery } from '../../store/traffic.ts';
import type { StatusClass } from '../../wire/rollup.ts';
import {
  type HttpGroupRow,
  type HttpListQuery,
  type HttpSums,
  httpListQuerySchema,
  httpMethodListSchema,
  httpProcessListSchema,
  httpRequestListSchema,
  httpRequestQuerySchema,
  httpSectionListSchema,
  httpSiteListSchema,
  httpTimelineQuerySchema,
  httpTimelineSchema,
} from '../../wire/traffic-api.ts';
import { pageRows } from './paging.ts';
import { describeRange, readIdCursor, readRange, readTime, writeIdCursor } from './ranges.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

type Group = TrafficGroup<'http'>;
type Filter = NonNullable<TrafficQuery<'http'>['filter']>;

/** What HTTP requests are told apart by, each a list of its own. */
const lists = [
  { by: 'site', path: 'sites', schema: httpSiteListSchema },
  { by: 'section', path: 'sections', schema: httpSectionListSchema },
  { by: 'method', path: 'methods', schema: httpMethodListSchema },
  { by: 'process', path: 'processes', schema: httpProcessListSchema },
] as const;

/** What passed as plain HTTP. */
export function makeHttpRoutes(context: ApiContext): ApiRoute[] {
  return [...lists.map((list) => makeListRoute(context, list)), makeTimeline(context), makeRequests(context)];
}

function makeListRoute({ store, now }: ApiContext, { by, path, schema }: (typeof lists)[number]): ApiRoute {
  return defineRoute({
    method: 'GET',
    path: `/api/http/${path}`,
    operation: `listHttp${path[0].toUpperCase()}${path.slice(1)}`,
    summary: `HTTP requests by ${by}, with statuses and response times`,
    description:
      'Counted from `since` (an hour ago unless given) to `until` (now), in stretches of `resolution_ms`.',
    query: httpListQuerySchema,
    answers: { 200: { description: 'A page of sums.', schema } },
    handle: async ({ query }) => {
      const { groups, ...range } = await store.summarizeTraffic({
        family: 'http',
        ...readRange(query, now()),
        ...(query.agent !== undefined && { agent: query.agent }),
        filter: readFilter(query),
        by: [by, 'status'],
      });
      const seconds = secondsOf(range, now());
      const total = addUp(groups, seconds);
      const rows = groupRows(groups, by, seconds, total.hits);
      const { page, next } = pageRows(rows, orderOf(query.sort), query.limit, query.cursor);
      return { body: { [path]: page, next, total, ...describeRange(range) } };
    },
  });
}

function makeTimeline({ store, now }: ApiContext): ApiRoute {
  return defineRoute({
    method: 'GET',
    path: '/api/http/latency',
    operation: 'readHttpLatency',
    summary: 'HTTP response times, statuses and rates over time',
    query: httpTimelineQuerySchema,
    answers: {
      200: { description: 'One point for each stretch that had requests.', schema: httpTimelineSchema },
    },
    handle: async ({ query }) => {
      const { groups, ...range } = await store.summarizeTraffic({
        family: 'http',
        ...readRange(query, now()),
        ...(query.agent !== undefined && { agent: query.agent }),
        filter: readFilter(query),
        by: ['status'],
        timed: true,
      });
      const points = [...Map.groupBy(groups, ({ at }) => at)].sort(([a], [b]) => a - b);
      return {
        body: {
          total: addUp(groups, secondsOf(range, now())),
          points: points.map(([at, of]) => ({
            timestamp: new Date(at).toISOString(),
            ...addUp(of, range.resolutionMs / 1000),
          })),
          ...describeRange(range),
        },
      };
    },
  });
}

function makeRequests({ store, now }: ApiContext): ApiRoute {
  return defineRoute({
    method: 'GET',
    path: '/api/http/requests',
    operation: 'listHttpRequests',
    summary: 'Single HTTP requests, newest first',
    description: 'A bounded number of requests is kept one by one; all of them are in the sums.',
    query: httpRequestQuerySchema,
    answers: { 200: { description: 'A page of requests.', schema: httpRequestListSchema } },
    handle: async ({ query: { status, since, until, cursor, ...query } }) => {
      const before = readIdCursor(cursor);
      const found = await store.queryRequests({
        type: 'http',
        ...query,
        since: readTime('since', since, now()),
        until: readTime('until', until, now()),
        ...(status !== undefined && { result: status }),
        ...(before !== undefined && { before }),
      });
      const requests = found.map(({ request, ...row }) => {
        const { type, ...fields } = request;
        return { ...fields, ...row };
      });
      return { body: { requests, next: writeIdCursor(found, query.limit) } };
    },
  });
}

function readFilter(query: Partial<HttpListQuery>): Filter {
  const { site, section, method, process, status_class } = query;
  const given = { site, section, method, process, status: status_class };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Filter;
}

/** Of the range, as far as it has passed. */
function secondsOf({ since, until }: { since: number; until: number }, now: number): number {
  return Math.max(1, (Math.min(until, now) - since) / 1000);
}

function groupRows(
  groups: readonly Group[],
  by: TrafficName<'http'>,
  seconds: number,
  hits: number,
): HttpGroupRow[] {
  return [...Map.groupBy(groups, ({ names }) => names[by])].map(([name, of]) => {
    const sums = addUp(of, seconds);
    return { name, ...sums, share: hits === 0 ? 0 : sums.hits / hits };
  });
}

/** Groups that differ in their status at most in what matters here, added up. */
function addUp(groups: readonly Group[], seconds: number): HttpSums {
  const statuses = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 };
  const latency = new LatencyHistogram();
  const sums = { hits: 0, request_bytes: 0, response_bytes: 0 };
  for (const group of groups) {
    sums.hits += group.sums.hits;
    sums.request_bytes += group.sums.request_bytes;
    sums.response_bytes += group.sums.response_bytes;
    statuses[group.names.status as StatusClass] += group.sums.hits;
    latency.merge(group.latency);
  }
  return { ...sums, hits_per_second: sums.hits / seconds, statuses, ...describeLatency(latency) };
}

/** The percentiles of a histogram. */
export function describeLatency(latency: LatencyHistogram): {
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
} {
  const at = (share: number): number | null => {
    const ms = latency.quantile(share);
    return ms === null ? null : Number(ms.toPrecision(3));
  };
  return { p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) };
}

const keys: Readonly<Record<string, (row: HttpGroupRow) => number | string>> = {
  hits: (row) => row.hits,
  bytes: (row) => row.request_bytes + row.response_bytes,
  errors: (row) => row.statuses['4xx'] + row.statuses['5xx'] + row.statuses.none,
  p50: (row) => row.p50_ms ?? -1,
  p95: (row) => row.p95_ms ?? -1,
  p99: (row) => row.p99_ms ?? -1,
  name: (row) => row.name,
};

function orderOf(sort: string) {
  const descending = sort.startsWith('-');
  const key = keys[descending ? sort.slice(1) : sort];
  return { sort, descending, key, id: (row: HttpGroupRow) => row.name };
}
