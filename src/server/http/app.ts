import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { NetmonError } from '../../base/errors.ts';
import type { Counter } from '../../platform/metrics.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { HttpLimits } from '../config.ts';
import { readBody } from './body.ts';
import { compressAnswer } from './compress.ts';
import type { WebAnswer } from './exchange.ts';
import type { Gate } from './gate.ts';
import { securityHeaders } from './headers.ts';
import { endWithProblem, problemType, toNetmonError, writeProblem } from './problem.ts';
import type { Found, Router } from './router.ts';

export interface AppOptions {
  readonly router: Router;
  readonly gate: Gate;
  readonly limits: HttpLimits;
  readonly reporter: Reporter;
}

/** Makes the listener of a server's `request` event. It answers every request, and throws for none. */
export function makeRequestListener(
  options: AppOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { metrics } = options.reporter;
  const labels = ['method', 'route', 'status'];
  const requests = metrics.counter('netmon_http_requests_total', 'HTTP requests answered.', labels);
  return (request, response) => {
    response.on('error', () => {});
    void answer(options, requests, request, response);
  };
}

async function answer(
  { router, gate, limits, reporter }: AppOptions,
  requests: Counter,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let route: Found | null = null;
  let sent: WebAnswer;
  try {
    sent = refuseAtGate(gate, request) ?? {};
    if (sent.status === undefined) {
      const { path, query } = parseTarget(request.url ?? '/');
      route = findRoute(router, request.method ?? 'GET', path, response);
      sent = await route.handler({
        params: route.params,
        query,
        headers: request.headers,
        readBody: (type) => readBody(request, type, limits.bodyBytes),
      });
    }
  } catch (thrown) {
    sent = describeFailure(thrown, request, response, reporter);
  }
  requests.add(1, route ? route.method : 'other', route?.pattern ?? 'none', String(sent.status ?? 200));
  await send(request, response, sent).catch((error: unknown) => {
    reporter.warn('unable to send an answer', { error });
    response.destroy();
  });
}

/** The answer to what may not come in; null for what may. A browser without a session is led to the login. */
function refuseAtGate(gate: Gate, request: IncomingMessage): WebAnswer | null {
  const { method = 'GET', url = '/', headers, socket } = request;
  const refusal = gate({ method, url, headers, upgrade: false, socket });
  if (!refusal) return null;
  if (refusal.code === 'NM_UNAUTHORIZED' && method === 'GET' && headers.accept?.includes('text/html')) {
    return { status: 303, headers: { location: '/login' } };
  }
  throw refusal;
}

/** The decoded path and the query of a request's target. */
function parseTarget(url: string): { path: string; query: Record<string, string | readonly string[]> } {
  const at = url.indexOf('?');
  const query: Record<string, string | readonly string[]> = Object.create(null);
  if (at >= 0) {
    const parameters = new URLSearchParams(url.slice(at + 1));
    for (const name of new Set(parameters.keys())) {
      const values = parameters.getAll(name).filter((value) => value !== '');
      if (values.length > 0) query[name] = values.length === 1 ? values[0] : values;
    }
  }
  try {
    return { path: decodeURIComponent(at < 0 ? url : url.slice(0, at)), query };
  } catch (cause) {
    throw new NetmonError('NM_BAD_REQUEST', 'the address is not written as an address', { cause });
  }
}

/** Throws 405 with what is allowed for a path that other methods have, 404 for others. */
function findRoute(router: Router, method: string, path: string, response: ServerResponse): Found {
  const found = router.find(method === 'HEAD' ? 'GET' : method, path);
  if (found) return found;
  const allowed = router.allowed(path).join(', ');
  if (allowed === '') throw new NetmonError('NM_NOT_FOUND', 'there is nothing at this address');
  response.setHeader('allow', allowed);
  throw new NetmonError('NM_METHOD', `here only ${allowed} is possible`);
}

function describeFailure(
  thrown: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  reporter: Reporter,
): WebAnswer {
  const error = toNetmonError(thrown);
  const { method, url } = request;
  if (error.status >= 500) reporter.error('unable to answer a request', { method, path: url, error: thrown });
  if (error.code === 'NM_UNAUTHORIZED') response.setHeader('www-authenticate', 'Bearer');
  if (error.code === 'NM_RATE') response.setHeader('retry-after', '60');
  // What was not read of a body that is refused is not to be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  const headers = { 'cache-control': 'no-store' };
  return { status: error.status, headers, type: problemType, body: writeProblem(error) };
}

async function send(request: IncomingMessage, response: ServerResponse, given: WebAnswer): Promise<void> {
  const { status = 200, headers, type, body = '' } = await compressAnswer(request.headers, given);
  if (response.destroyed) return;
  response.writeHead(status, {
    ...securityHeaders,
    ...headers,
    ...(type !== undefined && { 'content-type': type }),
    ...(status !== 304 && { 'content-length': Buffer.byteLength(body) }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Answers what Node's parser refused, which never became a request. */
export function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const known = toNetmonError(error);
  const refusal =
    known.code === 'NM_INTERNAL' ? new NetmonError('NM_BAD_REQUEST', 'this is not HTTP') : known;
  endWithProblem(socket, refusal);
}
