import type { TrafficGroup } from '../../store/traffic.ts';
import {
  type EncryptedList,
  encryptedListSchema,
  type ProtocolList,
  protocolListSchema,
  rangeQuerySchema,
  tlsHandshakeListSchema,
  tlsHandshakeQuerySchema,
} from '../../wire/traffic-api.ts';
import { describeRange, readIdCursor, readRange, readTime, writeIdCursor } from './ranges.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';

const encryptedNote =
  'Paths are encrypted, so that nothing finer than the site is known. Connections count when they are first seen, bytes when they pass.';

/** What travels in the connections: application protocols, and the sites of encrypted ones. */
export function makeProtocolRoutes({ store, now }: ApiContext): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/protocols',
      operation: 'listProtocols',
      summary: 'Bytes and connections by application protocol',
      description:
        'Connections count when they are first seen, bytes when they pass; one between two ends of the same machine counts once. `by` says whether the payload proved the protocol or only the port speaks for it.',
      query: rangeQuerySchema,
      answers: { 200: { description: 'The protocols, most bytes first.', schema: protocolListSchema } },
      handle: async ({ query: { limit, agent, ...times } }) => {
        const question = {
          family: 'application',
          ...readRange(times, now()),
          ...(agent !== undefined && { agent }),
        } as const;
        const { groups, ...range } = await store.summarizeTraffic({
          ...question,
          by: ['application', 'decided_by'],
        });
        const over = await store.summarizeTraffic({ ...question, by: [], timed: true });
        const total = addUp(groups);
        const body: ProtocolList = {
          protocols: groups
            .map(({ names, sums }) => ({
              application: names.application === '' ? null : names.application,
              by: decisions[names.decided_by] ?? null,
              ...sums,
              bytes_share: ratio(
                sums.bytes_sent + sums.bytes_received,
                total.bytes_sent + total.bytes_received,
              ),
              connections_share: ratio(sums.connections, total.connections),
            }))
            .sort((a, b) => b.bytes_share - a.bytes_share || b.connections - a.connections)
            .slice(0, limit),
          total,
          points: over.groups
            .map(({ at, sums }) => ({ timestamp: new Date(at).toISOString(), ...sums }))
            .sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1)),
          ...describeRange(range),
        };
        return { body };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/tls',
      operation: 'listEncryptedSites',
      summary: 'TLS and QUIC traffic by site',
      description: encryptedNote,
      query: rangeQuerySchema,
      answers: { 200: { description: 'The sites, most bytes first.', schema: encryptedListSchema } },
      handle: async ({ query: { limit, agent, ...times } }) => {
        const { groups, ...range } = await store.summarizeTraffic({
          family: 'encrypted',
          ...readRange(times, now()),
          ...(agent !== undefined && { agent }),
          by: ['site', 'transport'],
        });
        const bytes = ({
          bytes_sent,
          bytes_received,
        }: {
          bytes_sent: number;
          bytes_received: number;
        }): number => bytes_sent + bytes_received;
        const body: EncryptedList = {
          sites: groups
            .map(({ names: { site, transport }, sums }) => ({ site, transport, ...sums }))
            .sort((a, b) => bytes(b) - bytes(a) || b.connections - a.connections)
            .slice(0, limit),
          total: addUp(groups),
          path: 'encrypted',
          ...describeRange(range),
        };
        return { body };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/tls/handshakes',
      operation: 'listTlsHandshakes',
      summary: 'Single client hellos of TLS and QUIC, newest first',
      query: tlsHandshakeQuerySchema,
      answers: { 200: { description: 'A page of hellos.', schema: tlsHandshakeListSchema } },
      handle: async ({ query: { sni, since, until, cursor, ...query } }) => {
        const before = readIdCursor(cursor);
        const found = await store.queryRequests({
          type: 'tls',
          ...query,
          since: readTime('since', since, now()),
          until: readTime('until', until, now()),
          ...(sni !== undefined && { site: sni }),
          ...(before !== undefined && { before }),
        });
        const handshakes = found.map(({ request, ...row }) => {
          const { type, ...fields } = request;
          return { ...fields, ...row };
        });
        return { body: { handshakes, next: writeIdCursor(found, query.limit) } };
      },
    }),
  ];
}

const decisions: Readonly<Record<string, 'payload' | 'port'>> = { payload: 'payload', port: 'port' };

type Sums = ProtocolList['total'];

function addUp(groups: readonly (TrafficGroup<'application'> | TrafficGroup<'encrypted'>)[]): Sums {
  const total = { connections: 0, bytes_sent: 0, bytes_received: 0 };
  for (const { sums } of groups) {
    total.connections += sums.connections;
    total.bytes_sent += sums.bytes_sent;
    total.bytes_received += sums.bytes_received;
  }
  return total;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
