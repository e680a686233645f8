import { LatencyHistogram } from '../../base/histogram.ts';
import type { TrafficGroup, TrafficName } from '../../store/traffic.ts';
import {
  type DnsGroupRow,
  type DnsSummary,
  dnsQueryListSchema,
  dnsQueryQuerySchema,
  dnsSummarySchema,
  rangeQuerySchema,
} from '../../wire/traffic-api.ts';
import { describeLatency } from './http-traffic.ts';
import { describeRange, readIdCursor, readRange, readTime, writeIdCursor } from './ranges.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

type Group = TrafficGroup<'dns'>;

/** Who asks for which names, what fails, and which resolvers are slow. */
export function makeDnsRoutes({ store, now }: ApiContext): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/dns',
      operation: 'readDns',
      summary: 'DNS questions by program, resolver, name and answer code, and over time',
      description:
        'Counted from `since` (an hour ago unless given) to `until` (now), in stretches of `resolution_ms`.',
      query: rangeQuerySchema,
      answers: { 200: { description: 'The sums; `limit` is that of each list.', schema: dnsSummarySchema } },
      handle: async ({ query: { limit, agent, ...times } }) => {
        const range = readRange(times, now());
        const find = async (by: TrafficName<'dns'> | null, timed: boolean) =>
          store.summarizeTraffic({
            family: 'dns',
            ...range,
            ...(agent !== undefined && { agent }),
            by: by === null || by === 'rcode' ? ['rcode'] : [by, 'rcode'],
            timed,
          });
        const [codes, processes, resolvers, names, points] = [
          await find(null, false),
          await find('process', false),
          await find('resolver', false),
          await find('name', false),
          await find(null, true),
        ];
        const list = (groups: readonly Group[], by: TrafficName<'dns'>): DnsGroupRow[] =>
          [...Map.groupBy(groups, (group) => group.names[by])]
            .map(([name, of]) => ({ name, ...addUp(of) }))
            .sort((a, b) => b.queries - a.queries)
            .slice(0, limit);
        const body: DnsSummary = {
          total: addUp(codes.groups),
          processes: list(processes.groups, 'process'),
          resolvers: list(resolvers.groups, 'resolver'),
          names: list(names.groups, 'name'),
          rcodes: codes.groups
            .map((group) => ({ rcode: group.names.rcode, queries: group.sums.queries }))
            .sort((a, b) => b.queries - a.queries),
          points: [...Map.groupBy(points.groups, ({ at }) => at)]
            .sort(([a], [b]) => a - b)
            .map(([at, of]) => ({ timestamp: new Date(at).toISOString(), ...addUp(of) })),
          ...describeRange(codes),
        };
        return { body };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/dns/queries',
      operation: 'listDnsQueries',
      summary: 'Single DNS questions with their answers, newest first',
      description: 'A bounded number of questions is kept one by one; all of them are in the sums.',
      query: dnsQueryQuerySchema,
      answers: { 200: { description: 'A page of questions.', schema: dnsQueryListSchema } },
      handle: async ({ query: { name, qtype, rcode, since, until, cursor, ...query } }) => {
        const before = readIdCursor(cursor);
        const found = await store.queryRequests({
          type: 'dns',
          ...query,
          since: readTime('since', since, now()),
          until: readTime('until', until, now()),
          ...(name !== undefined && { site: name }),
          ...(qtype !== undefined && { method: qtype }),
          ...(rcode !== undefined && { result: rcode }),
          ...(before !== undefined && { before }),
        });
        const queries = found.map(({ request, ...row }) => {
          const { type, id, ...fields } = request as Extract<typeof request, { type: 'dns' }>;
          return { ...fields, transaction_id: id, ...row };
        });
        return { body: { queries, next: writeIdCursor(found, query.limit) } };
      },
    }),
  ];
}

/** Groups added up; they must be told apart by their answer codes. */
function addUp(groups: readonly Group[]): DnsSummary['total'] {
  const latency = new LatencyHistogram();
  const sums = { queries: 0, failures: 0, unanswered: 0 };
  for (const group of groups) {
    const { rcode } = group.names;
    sums.queries += group.sums.queries;
    if (rcode === 'none') sums.unanswered += group.sums.queries;
    else if (rcode !== 'NOERROR') sums.failures += group.sums.queries;
    latency.merge(group.latency);
  }
  return { ...sums, ...describeLatency(latency) };
}
