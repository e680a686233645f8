import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { NetmonError } from '../../base/errors.ts';
import { formatEndpoint } from '../../base/ip.ts';
import type { Component } from '../../platform/lifecycle.ts';
import { linkSubprotocol, maxLinkFrameBytes } from '../../wire/link.ts';
import type { LinkOrigin } from '../agents/registry.ts';
import { endWithProblem } from '../http/problem.ts';
import { AgentSession, type SessionParts } from './session.ts';
import { showAlerts } from './shown-alerts.ts';
import { StoreGuard } from './store-guard.ts';

/** Agents connected at once; each may hold a frame of 16 MiB in memory. */
const maxSessions = 1_000;
/** Connections of one certificate: a link, the one that takes its place, and those of a copied machine. */
const maxOfIdentity = 4;
/** Length of the records of all agents that may wait for the store, and each agent's part of it. */
const totalCredit = 256 * 1024 * 1024;
const leastCredit = 128 * 1024;
const mostCredit = 8 * 1024 * 1024;
/** An agent from which nothing came in this time, though it was pinged, is gone. */
const livenessMs = 20_000;
/** The linked agents are noted as seen each time after so many looks at who is alive. */
const noteEvery = 3;

/** Takes in the links of agents (wire/link.ts). */
export class Ingest implements Component {
  readonly name = 'ingest';
  readonly #parts: SessionParts;
  readonly #guard: StoreGuard;
  /** Each with who its certificate says that it is. */
  readonly #sessions = new Map<AgentSession, LinkOrigin['identity']>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxLinkFrameBytes,
    handleProtocols: (offered) => (offered.has(linkSubprotocol) ? linkSubprotocol : false),
  });
  #timer: NodeJS.Timeout | undefined;
  #isOpen = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#guard = new StoreGuard(parts.store, parts.reporter);
  }

  async start(): Promise<void> {
    await showAlerts(this.#parts);
    this.#isOpen = true;
    let ticks = 0;
    this.#timer = setInterval(() => {
      for (const session of this.#sessions.keys()) session.checkAlive();
      if (++ticks % noteEvery === 0) this.#parts.agents?.touch();
    }, livenessMs);
  }

  /** Closes every link once what has come is committed; at the latest after a second. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const settled = Promise.all(Array.from(this.#sessions.keys(), (session) => session.settle()));
    await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
    for (const session of this.#sessions.keys()) session.close();
    for (const session of this.#sessions.keys()) session.terminate();
    this.#sessions.clear();
  }

  /**
   * Takes over an upgrade of `linkPath` that the server has authorised. Before the start it is refused: what was stored
   * earlier comes first, and agents that have much to send would hold the start up.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, origin = plainOrigin(socket)): void {
    const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
    if (!offered.includes(linkSubprotocol)) {
      endWithProblem(
        socket,
        new NetmonError('NM_BAD_REQUEST', `expected the subprotocol ${linkSubprotocol}`),
      );
      return;
    }
    if (!this.#isOpen) {
      endWithProblem(socket, new NetmonError('NM_UNAVAILABLE', 'the server is starting'));
      return;
    }
    if (this.#sessions.size >= maxSessions) {
      endWithProblem(socket, new NetmonError('NM_RATE', `${maxSessions} agents are connected`));
      return;
    }
    if (origin.identity && this.#countOf(origin.identity.agent) >= maxOfIdentity) {
      endWithProblem(socket, new NetmonError('NM_RATE', `${origin.identity.agent} has too many connections`));
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.adopt(webSocket, origin));
  }

  /** Takes over an open socket on which an agent will say hello. */
  adopt(socket: WebSocket, origin: LinkOrigin): AgentSession {
    const session = new AgentSession(socket, this.#parts, {
      origin,
      guard: this.#guard,
      credit: () => this.#credit(),
    });
    this.#sessions.set(session, origin.identity);
    socket.on('close', () => this.#sessions.delete(session));
    return session;
  }

  #countOf(agent: string): number {
    let count = 0;
    for (const identity of this.#sessions.values()) if (identity?.agent === agent) count++;
    return count;
  }

  #credit(): number {
    const part = Math.floor(totalCredit / Math.max(1, this.#sessions.size));
    return Math.min(mostCredit, Math.max(leastCredit, part));
  }
}

/** Of an agent that dialled, without TLS. */
function plainOrigin(socket: Duplex): LinkOrigin {
  const { remoteAddress, remotePort = 0 } = socket as Socket;
  const address = remoteAddress === undefined ? null : formatEndpoint(remoteAddress, remotePort);
  return { dialledBy: 'agent', address, tls: false, identity: null };
}
