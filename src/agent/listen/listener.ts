/**
 * Where an agent waits for others (`--listen`). Each connection passes, in this order:
 *
 * 1. TLS with a certificate of the agent's own authority, unless the agent listens on loopback alone
 * 2. Host, Origin and token (refuse.ts); without TLS and token the user whose program it is
 * 3. the path says what it wants: a server the link, of which there is one, or a console its own
 *
 * What follows on the link is the same as when the agent had dialled.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import { NetmonError } from '../../base/errors.ts';
import { formatEndpoint, isLoopback } from '../../base/ip.ts';
import type { Component } from '../../platform/lifecycle.ts';
import type { ListenAddress } from '../../platform/values.ts';
import { findPeerUser } from '../../sys/socket-user.ts';
import { linkPath, linkSubprotocol } from '../../wire/link.ts';
import { consolePath, consoleSubprotocol, maxAgentInputBytes } from '../../wire/orders.ts';
import type { AgentLink } from '../link/link.ts';
import { type ConsoleParts, ConsoleSession } from './console-session.ts';
import { endWithProblem, findRefusal, offers } from './refuse.ts';
import type { ListenTls, Peer } from './tls.ts';

/** Open connections, those of one address, and consoles among them. */
const maxConnections = 256;
const maxPerAddress = 48;
const maxConsoles = 16;
/** Until the head of a request must have come. */
const headMs = 5_000;

export interface ListenOptions {
  readonly address: ListenAddress;
  /** What servers and consoles must send as a bearer token. */
  readonly token?: string;
  /** Whose programs may come by plain connections, by user id; anybody's where this is absent. */
  readonly isAllowed?: (uid: number) => boolean;
  /** Absent for plain connections, which only a loopback address may take. */
  readonly tls?: ListenTls;
}

export interface ListenParts extends ConsoleParts {
  readonly link: AgentLink;
}

/** An upgrade on its way. */
interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** `start` throws NM_PUBLIC_ADDRESS, NM_PORT_IN_USE, NM_BAD_FLAG, NM_PRIVILEGE or NM_SYSTEM. */
export class Listener implements Component {
  readonly name = 'listener';
  readonly #options: ListenOptions;
  readonly #parts: ListenParts;
  /** With the serial number of the certificate of each. */
  readonly #consoles = new Map<ConsoleSession, string | undefined>();
  readonly #sockets = new Set<Socket>();
  readonly #upgrades = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxAgentInputBytes,
  });
  #server: Server | null = null;

  constructor(options: ListenOptions, parts: ListenParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Where it listens, `127.0.0.1:65240`; only after the start. */
  get address(): string {
    const { address, port } = this.#server!.address() as AddressInfo;
    return formatEndpoint(address, port);
  }

  async start(): Promise<void> {
    const { address, tls } = this.#options;
    if (!tls) refuseOpenAddress(address);
    const server = this.#makeServer(tls);
    server.maxConnections = maxConnections;
    server.on('connection', (socket: Socket) => this.#onConnection(socket));
    server.on('error', (error) => this.#parts.reporter.error('unable to take a connection', { error }));
    server.on('tlsClientError', (error, socket: TLSSocket) => {
      this.#parts.reporter.warn('refused a handshake', { from: socket.remoteAddress, error });
    });
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    await listen(server, address);
    this.#server = server;
    this.#parts.reporter.info('listens for servers and consoles', { address: this.address, tls: !!tls });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    for (const session of this.#consoles.keys()) session.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #onConnection(socket: Socket): void {
    const { remoteAddress } = socket;
    const same = [...this.#sockets].filter((each) => each.remoteAddress === remoteAddress).length;
    if (same >= maxPerAddress) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #makeServer(tls: ListenTls | undefined): Server {
    const limits = {
      headersTimeout: headMs,
      requestTimeout: headMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8192,
    };
    const onRequest = (_: IncomingMessage, response: { writeHead(status: number): { end(): void } }): void =>
      response.writeHead(404).end();
    if (!tls) return createServer(limits, onRequest);
    const server = createTlsServer(
      {
        ...limits,
        ...tls.context(),
        requestCert: true,
        rejectUnauthorized: true,
        handshakeTimeout: headMs,
      },
      onRequest,
    );
    tls.onChange(() => {
      server.setSecureContext(tls.context());
      for (const [session, serial] of this.#consoles) {
        if (serial !== undefined && tls.isShutOut(serial)) session.shutOut('its certificate was revoked');
      }
    });
    return server;
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', ignoreError);
    const peer = this.#identify(socket);
    const path = (request.url ?? '/').split('?', 1)[0];
    const { token, tls } = this.#options;
    const isTls = tls !== undefined;
    const refusal =
      findRefusal(request, { token, isTls }) ??
      this.#refuseUser(request.socket) ??
      (peer ? this.#findMismatch(path, request, peer) : strangerRefusal());
    if (refusal || !peer) {
      this.#parts.reporter.warn('refused a connection', { from: peer?.name, reason: refusal?.message });
      endWithProblem(socket, refusal ?? strangerRefusal());
      return;
    }
    if (path !== linkPath || this.#parts.link.holder === null)
      this.#accept(path, peer, { request, socket, head });
    else this.#takeOver(peer, { request, socket, head });
  }

  /** The link is held: whoever holds it is asked for a sign of life, and loses it without one. */
  #takeOver(peer: Peer, upgrade: Upgrade): void {
    const { link, reporter } = this.#parts;
    const refuse = (): void => {
      const reason = `this agent is linked to ${link.holder}; one server at a time holds the link`;
      reporter.warn('refused a connection', { from: peer.name, reason });
      endWithProblem(upgrade.socket, new NetmonError('NM_LINKED', reason));
    };
    link.isHeld().then(
      (isHeld) => {
        if (isHeld) refuse();
        else this.#accept(linkPath, peer, upgrade);
      },
      () => upgrade.socket.destroy(),
    );
  }

  #accept(path: string, peer: Peer, { request, socket, head }: Upgrade): void {
    this.#upgrades.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', ignoreError);
      if (path === consolePath) {
        const session = new ConsoleSession(webSocket, peer, this.#parts);
        this.#consoles.set(session, peer.serial);
        webSocket.on('close', () => this.#consoles.delete(session));
      } else {
        const { remoteAddress = null } = request.socket;
        const isTaken = this.#parts.link.adopt(webSocket, peer.name, peer.role !== 'local', remoteAddress);
        if (!isTaken) webSocket.close(1013, 'the link is held');
      }
    });
  }

  /** Certificates and tokens say more than whose program it is. */
  #refuseUser(socket: Socket): NetmonError | null {
    const { isAllowed, token, tls } = this.#options;
    if (!isAllowed || tls || token !== undefined) return null;
    const user = findPeerUser(socket);
    return user !== null && isAllowed(user) ? null : userRefusal(user);
  }

  #identify(socket: Duplex): Peer | null {
    const { tls } = this.#options;
    if (tls) return tls.identify(socket as TLSSocket);
    const { remoteAddress = '', remotePort = 0 } = socket as Socket;
    return { role: 'local', name: formatEndpoint(remoteAddress, remotePort) };
  }

  #findMismatch(path: string, request: IncomingMessage, { role: own }: Peer): NetmonError | null {
    const isConsole = path === consolePath;
    if (!isConsole && path !== linkPath) return new NetmonError('NM_NOT_FOUND', 'there is nothing here');
    const subprotocol = isConsole ? consoleSubprotocol : linkSubprotocol;
    if (!offers(request, subprotocol)) {
      return new NetmonError('NM_BAD_REQUEST', `expected the subprotocol ${subprotocol}`);
    }
    const role = isConsole ? 'console' : 'server';
    if (own !== 'local' && own !== role) {
      return new NetmonError('NM_FORBIDDEN', `this is for a ${role}, and the certificate is for none`);
    }
    if (isConsole && this.#consoles.size >= maxConsoles) {
      return new NetmonError('NM_RATE', `${maxConsoles} consoles are connected`);
    }
    return null;
  }
}

function ignoreError(): void {}

function userRefusal(user: number | null): NetmonError {
  const who = user === null ? 'a user who cannot be told' : `user ${user}`;
  return new NetmonError(
    'NM_FORBIDDEN',
    `this agent takes no orders from programs of ${who}: come as root or as its own user, or name the user with ` +
      '--listen-users where it is started',
  );
}

function strangerRefusal(): NetmonError {
  return new NetmonError('NM_FORBIDDEN', 'the certificate was revoked, or is that of an agent');
}

function refuseOpenAddress({ host, port }: ListenAddress): void {
  if (host === 'localhost' || isLoopback(host)) return;
  throw new NetmonError(
    'NM_PUBLIC_ADDRESS',
    `${formatEndpoint(host, port)} can be reached from other machines, and this agent has no identity to prove who may ` +
      'give it orders: enroll it with its server (netmon enroll), or listen on 127.0.0.1',
  );
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port, backlog: maxConnections }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw explain(cause, formatEndpoint(host, port));
  } finally {
    server.off('error', reject);
  }
}

function explain(cause: unknown, where: string): NetmonError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new NetmonError('NM_PORT_IN_USE', `${where} is in use: choose another with --listen`, { cause });
  }
  if (code === 'EACCES') {
    return new NetmonError('NM_PRIVILEGE', `this user may not listen on ${where}`, { cause });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new NetmonError('NM_BAD_FLAG', `${where} is no address of this machine`, { cause });
  }
  return new NetmonError('NM_SYSTEM', `unable to listen on ${where}`, { cause });
}
