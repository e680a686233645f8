import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { NetmonError } from '../../base/errors.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { HttpLimits } from '../config.ts';
import { compressAnswer } from './compress.ts';
import type { Gate } from './gate.ts';
import { securityHeaders } from './headers.ts';
import { parseJsonBody } from './json-body.ts';
import { endWithProblem, problemType, toNetmonError, writeProblem } from './problem.ts';
import { isWebSocket } from './upgrades.ts';

/** Longest request line and headers together. */
export const maxHeaderBytes = 16 * 1024;
/** How often Node looks for requests that take too long. */
const checkIntervalMs = 500;

/** Makes the fastify instance with everything that holds for all routes; it listens nowhere yet. */
export function makeApp(limits: HttpLimits, gate: Gate, reporter: Reporter): FastifyInstance {
  const app = fastify({
    logger: false,
    trustProxy: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    forceCloseConnections: true,
    return503OnClosing: false,
    http: {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      shouldUpgradeCallback: isWebSocket,
      connectionsCheckingInterval: Math.min(checkIntervalMs, limits.headersTimeoutMs),
    },
    clientErrorHandler: refuseMalformed,
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, toNetmonError(error)),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (thrown) {
      done(thrown as Error);
    }
  });
  addHooks(app, gate, reporter);
  app.setErrorHandler((thrown, request, reply) => {
    const error = toNetmonError(thrown);
    if (error.status >= 500) {
      reporter.error('unable to answer a request', {
        method: request.method,
        path: request.url,
        error: thrown,
      });
    }
    return sendProblem(reply, error);
  });
  app.setNotFoundHandler((request, reply) => {
    throw describeMissing(app, request, reply);
  });
  return app;
}

function addHooks(app: FastifyInstance, gate: Gate, reporter: Reporter): void {
  const requests = reporter.metrics.counter('netmon_http_requests_total', 'HTTP requests answered.', [
    'method',
    'route',
    'status',
  ]);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    const { method, url, headers, socket } = request;
    const refusal = gate({ method, url, headers, upgrade: false, socket });
    if (refusal?.code === 'NM_UNAUTHORIZED' && method === 'GET' && headers.accept?.includes('text/html')) {
      return reply.redirect('/login', 303);
    }
    if (refusal) throw refusal;
    // Before the body is read: what leads nowhere is refused as that, whatever it carries.
    if (request.is404) throw describeMissing(app, request, reply);
  });
  app.addHook('onSend', compressAnswer);
  app.addHook('onResponse', async (request, reply) => {
    requests.add(1, request.method, request.routeOptions.url ?? 'none', String(reply.statusCode));
  });
}

const methods = ['GET', 'POST'] as const;

/** 405 with what is allowed for a path that other methods have, 404 for others. */
function describeMissing(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): NetmonError {
  const path = request.url.split('?', 1)[0];
  const allowed = methods.filter((method) => app.findRoute({ method, url: path }));
  if (allowed.length === 0) return new NetmonError('NM_NOT_FOUND', 'there is nothing at this address');
  const list = allowed.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  reply.header('allow', list);
  return new NetmonError('NM_METHOD', `here only ${list} is possible`);
}

function sendProblem(reply: FastifyReply, error: NetmonError): FastifyReply {
  if (error.code === 'NM_UNAUTHORIZED') reply.header('www-authenticate', 'Bearer');
  if (error.code === 'NM_RATE') reply.header('retry-after', '60');
  return reply
    .headers(securityHeaders)
    .code(error.status)
    .header('cache-control', 'no-store')
    .type(problemType)
    .send(writeProblem(error));
}

/** What Node's parser refused never became a request. */
function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const known = toNetmonError(error);
  const answer = known.code === 'NM_INTERNAL' ? new NetmonError('NM_BAD_REQUEST', 'this is not HTTP') : known;
  endWithProblem(socket, answer);
}
