/**
 * Where agents elsewhere come in. TLS 1.3 alone, and three things behind it:
 *
 * - `POST /api/enroll`, without a certificate: a token and a request for a certificate
 * - the link, with a certificate of the server's own authority that is neither revoked nor past its end
 * - `POST /api/renew`, with such a certificate of a console: a request for the next one
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { NetmonError } from '../../base/errors.ts';
import { formatEndpoint } from '../../base/ip.ts';
import type { Authority } from '../../platform/certificates/authority.ts';
import { listenContext, readPeer } from '../../platform/certificates/tls.ts';
import type { Component } from '../../platform/lifecycle.ts';
import type { Reporter } from '../../platform/reporter.ts';
import { linkPath } from '../../wire/link.ts';
import {
  certificateRequestSchema,
  type IssuedCertificate,
  renewalPath,
  renewalRequestSchema,
} from '../../wire/monitor-api.ts';
import type { LinkOrigin } from '../agents/registry.ts';
import { parseJsonBody } from '../http/json-body.ts';
import { endWithProblem, problemType, toNetmonError, writeProblem } from '../http/problem.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { CallerLimit } from './caller-limit.ts';
import type { Identities } from './identities.ts';

export const enrollPath = '/api/enroll';
/** Open connections; links are among them. */
const maxConnections = 1_200;
/** A token, a request in PEM and what is around them. */
const maxBodyBytes = 16 * 1024;
/** For the handshake, and for the head of a request. */
const headMs = 5_000;
const requestMs = 10_000;
/** How often the server's own certificate is looked at. */
const renewMs = 3_600_000;

export interface AgentListenerOptions {
  /** All addresses of this machine by default. */
  readonly host?: string;
  /** 0 for any free one. */
  readonly port: number;
}

export interface AgentListenerParts {
  readonly authority: Authority;
  readonly identities: Identities;
  readonly ingest: Pick<Ingest, 'upgrade'>;
  readonly reporter: Reporter;
}

/** `start` throws NM_PORT_IN_USE, NM_PRIVILEGE, NM_BAD_FLAG or NM_SYSTEM. */
export class AgentListener implements Component {
  readonly name = 'agent listener';
  readonly #options: AgentListenerOptions;
  readonly #parts: AgentListenerParts;
  readonly #sockets = new Set<Socket>();
  readonly #callers = new CallerLimit();
  #server: Server | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AgentListenerOptions, parts: AgentListenerParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Where it listens; 0 before the start. */
  get port(): number {
    return (this.#server?.address() as AddressInfo | null)?.port ?? 0;
  }

  async start(): Promise<void> {
    const server = createServer(
      {
        ...listenContext(this.#parts.authority.server),
        requestCert: true,
        // Who has none may enroll. What a certificate is worth is asked of the socket.
        rejectUnauthorized: false,
        handshakeTimeout: headMs,
        headersTimeout: headMs,
        requestTimeout: requestMs,
        keepAliveTimeout: headMs,
        connectionsCheckingInterval: 1_000,
        maxHeaderSize: 8192,
      },
      (request, response) => void this.#onRequest(request, response),
    );
    server.maxConnections = maxConnections;
    server.on('connection', (socket: Socket) => this.#onConnection(socket));
    server.on('error', (error) => this.#parts.reporter.error('unable to take a connection', { error }));
    server.on('tlsClientError', (error, socket) => {
      this.#parts.reporter.debug('a handshake failed', { from: socket.remoteAddress, error });
    });
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    await listen(server, this.#options);
    this.#server = server;
    this.#timer = setInterval(() => void this.#renew(), renewMs);
    this.#parts.reporter.info('listens for agents', { port: this.port });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    for (const socket of this.#sockets) socket.destroy();
    await promise;
  }

  #onConnection(socket: Socket): void {
    if (!this.#callers.add(socket)) return;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { method, url, headers } = request;
      refuseBrowser(request);
      if (url !== enrollPath && url !== renewalPath) {
        throw new NetmonError('NM_NOT_FOUND', 'there is nothing at this address');
      }
      if (method !== 'POST') {
        response.setHeader('allow', 'POST');
        throw new NetmonError('NM_METHOD', 'POST is all there is');
      }
      if (headers['content-type']?.split(';', 1)[0].trim() !== 'application/json') {
        throw new NetmonError('NM_MEDIA_TYPE', 'expected application/json');
      }
      const body = parseJsonBody(await readBody(request));
      const answer = await (url === enrollPath
        ? this.#enroll(request, body)
        : this.#renewConsole(request, body));
      respond(response, 200, 'application/json; charset=utf-8', JSON.stringify(answer));
    } catch (thrown) {
      const error = toNetmonError(thrown);
      if (error.status >= 500) this.#parts.reporter.error('unable to issue a certificate', { error: thrown });
      respond(response, error.status, problemType, writeProblem(error));
    }
  }

  #enroll(request: IncomingMessage, body: unknown): Promise<IssuedCertificate> {
    const { token, csr } = certificateRequestSchema.parse(body);
    return this.#parts.identities.redeem(token, csr, describeCaller(request.socket));
  }

  async #renewConsole(request: IncomingMessage, body: unknown): Promise<IssuedCertificate> {
    const socket = request.socket as TLSSocket;
    const subject = readPeer(socket);
    if (!subject) throw explainMissing(socket);
    return this.#parts.identities.renewConsole(subject, renewalRequestSchema.parse(body).csr);
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ignore = (): void => {};
    socket.on('error', ignore);
    try {
      const origin = this.#identify(request, socket as TLSSocket);
      socket.off('error', ignore);
      this.#callers.release(socket as TLSSocket);
      this.#parts.ingest.upgrade(request, socket, head, origin);
    } catch (thrown) {
      const error = toNetmonError(thrown);
      const from = describeCaller(socket as TLSSocket);
      this.#parts.reporter.warn('audit: refused a link', { from, code: error.code, reason: error.message });
      endWithProblem(socket, error);
    }
  }

  /** Throws what keeps the caller from linking. */
  #identify(request: IncomingMessage, socket: TLSSocket): LinkOrigin {
    refuseBrowser(request);
    if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== linkPath) {
      throw new NetmonError('NM_NOT_FOUND', 'there is no WebSocket at this address');
    }
    const subject = readPeer(socket);
    if (!subject) throw explainMissing(socket);
    this.#parts.identities.check(subject);
    const { name, serial, until } = subject;
    const identity = { agent: name, serial, until: new Date(until).toISOString() };
    return { dialledBy: 'agent', address: describeCaller(socket), tls: true, identity };
  }

  /** The certificate follows the addresses of this machine, and is issued anew in time. */
  async #renew(): Promise<void> {
    const { authority, reporter } = this.#parts;
    try {
      if (!(await authority.renewServer())) return;
      this.#server?.setSecureContext(listenContext(authority.server));
      reporter.info('the server has a new certificate', { serial: authority.server.serial });
    } catch (error) {
      reporter.error('unable to renew the certificate of this server', { error });
    }
  }
}

/** Whatever page a browser shows, it has no business here. */
function refuseBrowser({ headers }: IncomingMessage): void {
  const { origin, cookie } = headers;
  if (origin === undefined && cookie === undefined && headers['sec-fetch-site'] === undefined) return;
  throw new NetmonError('NM_FORBIDDEN', 'this is for agents, not for browsers');
}

function explainMissing(socket: TLSSocket): NetmonError {
  const reason = String(socket.authorizationError ?? '');
  if (reason === 'CERT_HAS_EXPIRED') {
    return new NetmonError('NM_EXPIRED', 'the certificate is past its end: enroll again (netmon enroll)');
  }
  const none = socket.getPeerX509Certificate() === undefined;
  const message = none ? 'there is no certificate' : 'the certificate is not of this server';
  return new NetmonError('NM_UNAUTHORIZED', `${message}: enroll first (netmon enroll)`);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxBodyBytes)
      throw new NetmonError('NM_TOO_LARGE', `a body has ${maxBodyBytes} bytes at most`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function respond(response: ServerResponse, status: number, type: string, body: string): void {
  response
    .writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      connection: 'close',
    })
    .end(body);
}

function describeCaller({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return formatEndpoint(remoteAddress.replace(/^::ffff:/, ''), remotePort);
}

async function listen(server: Server, { host, port }: AgentListenerOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ port, backlog: 511, ...(host !== undefined && { host }) }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw explainListen(cause, host ?? 'this machine', port);
  } finally {
    server.off('error', reject);
  }
}

function explainListen(cause: unknown, host: string, port: number): NetmonError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    const message = `port ${port} of ${host} is in use: choose another with --agent-port`;
    return new NetmonError('NM_PORT_IN_USE', message, { cause });
  }
  if (code === 'EACCES') {
    const message = `the server's user may not listen on port ${port}: choose one from 1024 up with --agent-port`;
    return new NetmonError('NM_PRIVILEGE', message, { cause });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    const message = `${host} is no address of this machine: choose another with --agent-host`;
    return new NetmonError('NM_BAD_FLAG', message, { cause });
  }
  return new NetmonError('NM_SYSTEM', `unable to listen for agents on ${host}, port ${port}`, { cause });
}
