import type { IncomingMessage, ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import compress from '@fastify/compress';
import helmet from '@fastify/helmet';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { NetmonError } from '../../base/errors.ts';
import type { Reporter } from '../../platform/reporter.ts';
import { describeIssue } from '../../wire/issue.ts';
import type { HttpLimits } from '../config.ts';
import type { Gate } from './gate.ts';
import { helmetOptions, permissionsPolicy } from './headers.ts';
import { parseJsonBody } from './json-body.ts';
import { endWithProblem, problemType, toNetmonError, writeProblem } from './problem.ts';
import { isWebSocket } from './upgrades.ts';

/** Longest request line and headers together. */
const maxHeaderBytes = 16 * 1024;
/** How often Node looks for requests that take too long. */
const checkIntervalMs = 500;
/** Below this size of an answer the packet count stays the same. */
const minPackedBytes = 1400;

export interface AppOptions {
  readonly gate: Gate;
  readonly limits: HttpLimits;
  readonly reporter: Reporter;
}

/** Makes the fastify instance with everything that holds for all routes; it has none yet, and listens nowhere. */
export async function makeApp({ gate, limits, reporter }: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    http: describeLimits(limits),
    routerOptions: { maxParamLength: maxHeaderBytes },
    rewriteUrl: resolveTarget,
    clientErrorHandler: refuseMalformed,
  });
  await app.register(helmet, helmetOptions);
  // Level 1, since the server answers often and mostly nearby. A request's body must come as it is.
  await app.register(compress, {
    encodings: ['gzip'],
    requestEncodings: ['identity'],
    threshold: minPackedBytes,
    zlibOptions: { level: 1 },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => parseJsonBody(body),
  );
  app.setValidatorCompiler<z.ZodType>(({ schema }) => (data) => {
    const result = schema.safeParse(data, { error: describeIssue });
    return result.success ? { value: result.data } : { error: result.error };
  });
  addHooks(app, gate, reporter);
  app.setErrorHandler((thrown, { method, url }, reply) => {
    const error = toNetmonError(thrown);
    if (error.status >= 500)
      reporter.error('unable to answer a request', { method, path: url, error: thrown });
    return sendProblem(reply, error);
  });
  return app;
}

/** What Node itself holds every server in front of the routes to. */
export function describeLimits(limits: HttpLimits): ServerOptions {
  return {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(checkIntervalMs, limits.headersTimeoutMs),
    shouldUpgradeCallback: isWebSocket,
  };
}

function addHooks(app: FastifyInstance, gate: Gate, reporter: Reporter): void {
  const labels = ['method', 'route', 'status'];
  const requests = reporter.metrics.counter('netmon_http_requests_total', 'HTTP requests answered.', labels);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('permissions-policy', permissionsPolicy);
    const { method, url, headers, socket } = request;
    const refusal = gate({ method, url, headers, upgrade: false, socket });
    if (refusal?.code === 'NM_UNAUTHORIZED' && method === 'GET' && headers.accept?.includes('text/html')) {
      return reply.redirect('/login', 303);
    }
    if (refusal) throw refusal;
    // Before the body is read: what leads nowhere is refused as that, whatever it carries.
    if (request.is404) throw new NetmonError('NM_NOT_FOUND', 'there is nothing at this address');
  });
  app.addHook('onResponse', async ({ is404, method, routeOptions }, { statusCode }) => {
    requests.add(1, is404 ? 'other' : method, routeOptions.url ?? 'none', String(statusCode));
  });
}

/**
 * What fastify routes by. A target that cannot be decoded (`/%zz`) or names another server leads nowhere, rather than
 * past the hooks or to this server's own path.
 */
function resolveTarget({ url = '' }: IncomingMessage): string {
  const path = url.split('?', 1)[0];
  return path.startsWith('/') && isDecodable(path) ? url : '//';
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function sendProblem(reply: FastifyReply, error: NetmonError): FastifyReply {
  if (error.code === 'NM_UNAUTHORIZED') reply.header('www-authenticate', 'Bearer');
  if (error.code === 'NM_RATE') reply.header('retry-after', '60');
  // Fastify asks for the end of a connection whose body it refuses, and a client that still sends would see a reset
  // rather than the answer. Left open, Node reads the rest away, for no longer than a request may take.
  reply.removeHeader('connection');
  return reply
    .code(error.status)
    .header('cache-control', 'no-store')
    .type(problemType)
    .send(writeProblem(error));
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
