import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { NetmonError } from '../../base/errors.ts';
import type { Component } from '../../platform/lifecycle.ts';
import { linkSubprotocol, maxLinkFrameBytes } from '../../wire/link.ts';
import { endWithProblem } from '../http/problem.ts';
import { AgentSession, type SessionParts, showAlerts } from './session.ts';

/** Agents connected at once; each may hold a frame of 16 MiB in memory. */
const maxSessions = 1_000;
/** An agent from which nothing came in this time, though it was pinged, is gone. */
const livenessMs = 20_000;

/** Takes in the links of agents (wire/link.ts). */
export class Ingest implements Component {
  readonly name = 'ingest';
  readonly #parts: SessionParts;
  readonly #sessions = new Set<AgentSession>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxLinkFrameBytes,
    handleProtocols: (offered) => (offered.has(linkSubprotocol) ? linkSubprotocol : false),
  });
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    await showAlerts(this.#parts);
    this.#timer = setInterval(() => {
      for (const session of this.#sessions) session.checkAlive();
    }, livenessMs);
  }

  /** Closes every link once what has come is committed; at the latest after a second. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const settled = Promise.all([...this.#sessions].map((session) => session.settle()));
    await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
    for (const session of this.#sessions) session.close();
    for (const session of this.#sessions) session.terminate();
    this.#sessions.clear();
  }

  /** Takes over an upgrade of `linkPath` that the server has authorised. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
    if (!offered.includes(linkSubprotocol)) {
      endWithProblem(
        socket,
        new NetmonError('NM_BAD_REQUEST', `expected the subprotocol ${linkSubprotocol}`),
      );
      return;
    }
    if (this.#sessions.size >= maxSessions) {
      endWithProblem(socket, new NetmonError('NM_RATE', `${maxSessions} agents are connected`));
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const session = new AgentSession(webSocket, this.#parts);
      this.#sessions.add(session);
      webSocket.on('close', () => this.#sessions.delete(session));
    });
  }
}
