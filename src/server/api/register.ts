import { z } from 'zod';
import type { Metrics } from '../../platform/metrics.ts';
import type { WebHandler } from '../http/exchange.ts';
import { parseJsonBody } from '../http/json-body.ts';
import type { Router } from '../http/router.ts';
import { jsonType, makePage } from '../http/site.ts';
import { makeConnectionRoutes } from './connections.ts';
import { renderDocs } from './docs.ts';
import { makeErrorRoutes } from './errors.ts';
import { makeHealthRoutes } from './health.ts';
import { makeMachineRoutes } from './machine.ts';
import { makeOpenApi } from './openapi.ts';
import type { JsonObject } from './parameters.ts';
import { type ApiContext, type ApiRoute, defineRoute } from './route.ts';
import { makeTotalRoutes } from './totals.ts';

const nothing = z.strictObject({});

/** Every operation of the API, in the order in which the documentation lists them. */
export function listRoutes(context: ApiContext, metrics: Metrics): ApiRoute[] {
  const routes: ApiRoute[] = [
    ...makeConnectionRoutes(context),
    ...makeErrorRoutes(context),
    ...makeTotalRoutes(context),
    ...makeMachineRoutes(context),
    ...makeHealthRoutes(context),
    defineRoute({
      method: 'GET',
      path: '/metrics',
      operation: 'readMetrics',
      summary: 'Metrics in the text format of Prometheus',
      answers: { 200: { description: 'The metrics.', type: 'text/plain' } },
      handle: () => ({ type: 'text/plain; version=0.0.4; charset=utf-8', body: metrics.expose() }),
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

/** Puts the operations and their documentation on the server. */
export function registerApi(router: Router, context: ApiContext, metrics: Metrics): void {
  const routes = listRoutes(context, metrics);
  for (const route of routes) router.add(route.method, route.path, makeHandler(route));
  let page: string | undefined;
  router.add('GET', '/docs', () => {
    page ??= renderDocs(makeOpenApi(routes, context.version));
    return makePage(page);
  });
}

/** Checks what comes in against the route's schemas; what goes out is written as it is. */
function makeHandler(route: ApiRoute): WebHandler {
  const { query = nothing, params = nothing, body } = route;
  return async (request) => {
    const answer = await route.handle({
      query: query.parse({ ...request.query }),
      params: params.parse(request.params),
      body: body?.parse(parseJsonBody(await request.readBody('application/json'))),
    });
    return {
      status: answer.status,
      headers: { 'cache-control': 'no-store', ...answer.headers },
      type: answer.type ?? jsonType,
      body: typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body),
    };
  };
}
