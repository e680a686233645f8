import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { NetmonError } from '../../base/errors.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { decodeText } from '../http/json-body.ts';
import { jsonType, sendPage } from '../http/site.ts';
import { makeAgentRoutes } from './agents.ts';
import { makeAlertRoutes } from './alerts.ts';
import { makeConnectionRoutes } from './connections.ts';
import { makeDnsRoutes } from './dns-traffic.ts';
import { renderDocs } from './docs.ts';
import { makeEnrollmentRoutes } from './enrollments.ts';
import { makeErrorRoutes } from './errors.ts';
import { makeHealthRoutes } from './health.ts';
import { makeHttpRoutes } from './http-traffic.ts';
import { makeMachineRoutes } from './machine.ts';
import { makeMonitorFileRoutes } from './monitor-files.ts';
import { makeMonitorRecordRoutes } from './monitor-records.ts';
import { makeMonitorRoutes } from './monitors.ts';
import { makeOpenApi } from './openapi.ts';
import { makePacketRoutes } from './packets.ts';
import type { JsonObject } from './parameters.ts';
import { makeProtocolRoutes } from './protocols.ts';
import { type ApiContext, type ApiRoute, defineRoute, YamlText, yamlType } from './route.ts';
import { makeTotalRoutes } from './totals.ts';
import { makeTrialRoutes } from './trial.ts';

const nothing = z.strictObject({});

/** Every operation of the API, in the order in which the documentation lists them. */
export function listRoutes(context: ApiContext, metrics: Metrics): ApiRoute[] {
  const routes: ApiRoute[] = [
    ...makeConnectionRoutes(context),
    ...makePacketRoutes(context),
    ...makeErrorRoutes(context),
    ...makeProtocolRoutes(context),
    ...makeHttpRoutes(context),
    ...makeDnsRoutes(context),
    ...makeAlertRoutes(context),
    ...makeMonitorRoutes(context),
    ...makeMonitorFileRoutes(context),
    ...makeMonitorRecordRoutes(context),
    ...makeTrialRoutes(context),
    ...makeAgentRoutes(context),
    ...makeEnrollmentRoutes(context),
    ...makeTotalRoutes(context),
    ...makeMachineRoutes(context),
    ...makeHealthRoutes(context),
    defineRoute({
      method: 'GET',
      path: '/metrics',
      operation: 'readMetrics',
      summary: 'Metrics in the text format of Prometheus',
      answers: { 200: { description: 'The metrics.', type: 'text/plain' } },
      handle: async () => ({
        type: 'text/plain; version=0.0.4; charset=utf-8',
        body: await metrics.exposeAll(),
      }),
    }),
  ];
  let document: JsonObject | undefined;
  routes.push(
    defineRoute({
      method: 'GET',
      path: '/api/openapi.json',
      operation: 'readOpenApi',
      summary: 'This description',
      answers: { 200: { description: 'An OpenAPI 3.1 document.' } },
      handle: () => {
        document ??= makeOpenApi(routes, context.version);
        return { body: document };
      },
    }),
  );
  return routes;
}

/** Longest body in YAML: 10,000 monitors have some 2 MB, which take 3 s to read. */
const maxYamlBytes = 4 * 1024 * 1024;

/** Puts the operations and their documentation on the server. */
export function registerApi(app: FastifyInstance, context: ApiContext, metrics: Metrics): void {
  app.addContentTypeParser(
    yamlType,
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => new YamlText(decodeText(body)),
  );
  const routes = listRoutes(context, metrics);
  for (const route of routes) registerRoute(app, route);
  let page: string | undefined;
  app.get('/docs', async (_request, reply) => {
    page ??= renderDocs(makeOpenApi(routes, context.version));
    return sendPage(reply, page);
  });
}

/** What comes in is checked against the route's schemas; what goes out is written as it is. */
function registerRoute(app: FastifyInstance, route: ApiRoute): void {
  const { query = nothing, params = nothing, body, bodyType } = route;
  app.route({
    ...(bodyType === yamlType && { bodyLimit: maxYamlBytes }),
    method: route.method,
    url: route.path,
    schema: { querystring: query, params, ...(body && { body }) },
    preValidation: async (request) => {
      if (request.body instanceof YamlText !== (bodyType === yamlType)) throw wrongType(bodyType);
      request.query = withoutEmpty(request.query as Query);
    },
    handler: async (request, reply) => {
      const answer = await route.handle(request as Parameters<ApiRoute['handle']>[0]);
      return reply
        .code(answer.status ?? 200)
        .headers({ 'cache-control': 'no-store', ...answer.headers })
        .type(answer.type ?? jsonType)
        .send(writeBody(answer.body));
    },
  });
}

function wrongType(expected = 'application/json'): NetmonError {
  return new NetmonError('NM_MEDIA_TYPE', `a body is taken here as ${expected}`);
}

function writeBody(body: object | string): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

/** A parameter's text, or its texts where it is repeated. */
type Query = Readonly<Record<string, string | readonly string[]>>;

/** Parameters without those that are given as nothing (`?pid=`), which are as good as not given. */
function withoutEmpty(query: Query): Query {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
}
