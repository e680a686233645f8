import type { IncomingMessage } from 'node:http';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { backoffMs } from '../../base/backoff.ts';
import { describeError } from '../../base/errors.ts';
import { readPeer } from '../../platform/certificates/tls.ts';
import type { Reporter } from '../../platform/reporter.ts';
import { makeWaitingToken } from '../../platform/waiting-token.ts';
import type { AgentStore } from '../../store/agents.ts';
import { linkPath, linkSubprotocol, maxLinkFrameBytes } from '../../wire/link.ts';
import type { DialStatus } from '../../wire/monitor-api.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { AgentSession } from '../ingest/session.ts';
import type { LinkOrigin } from './registry.ts';

/** What a server shows an agent that it dials over TLS, and by what it knows the agent. */
export interface DialTls {
  options(): ConnectionOptions;
}

export interface DialOptions {
  /** What is made of it is sent as a bearer token. */
  readonly token?: string;
  /** Needed for https. */
  readonly tls?: DialTls;
  /** `http://host:port` or `https://host:port`. */
  readonly address: string;
}

export interface DialParts {
  readonly ingest: Pick<Ingest, 'adopt'>;
  readonly store: AgentStore;
  readonly reporter: Reporter;
}

const handshakeMs = 5_000;
const retry = { firstMs: 200, longestMs: 15_000 };
/** A link that lasted this long was a success: the next wait is short again. */
const settledMs = 5_000;
/** What is read of the answer of an agent that refuses. */
const maxProblemBytes = 4096;

/** Keeps a link to one agent by dialling it, again after each end, until it is stopped. */
export class Dial {
  readonly #options: DialOptions;
  readonly #parts: DialParts;
  #socket: WebSocket | null = null;
  #session: AgentSession | null = null;
  #reason: string | null = null;
  #agent: string | null = null;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: DialOptions, parts: DialParts) {
    this.#options = options;
    this.#parts = parts;
  }

  start(): void {
    const { address, token, tls } = this.#options;
    const isTls = address.startsWith('https:');
    const socket = new WebSocket(address.replace(/^http/, 'ws') + linkPath, [linkSubprotocol], {
      perMessageDeflate: false,
      maxPayload: maxLinkFrameBytes,
      handshakeTimeout: handshakeMs,
      followRedirects: false,
      // The token opens this server: behind TLS the certificates say enough, and an agent elsewhere has no use for it.
      headers: token === undefined || isTls ? {} : { authorization: `Bearer ${makeWaitingToken(token)}` },
      ...(isTls && tls?.options()),
    });
    let identity: LinkOrigin['identity'] = null;
    socket.on('upgrade', (response) => {
      if (isTls) identity = readIdentity(response.socket as TLSSocket);
    });
    this.#socket = socket;
    let openedAt = Number.POSITIVE_INFINITY;
    socket.on('open', () => {
      openedAt = performance.now();
      this.#reason = null;
      this.#session = this.#parts.ingest.adopt(socket, {
        dialledBy: 'server',
        address,
        tls: isTls,
        identity,
      });
    });
    socket.on('error', (error) => {
      this.#reason ??= describeError(error).slice(0, 512);
    });
    socket.on('unexpected-response', (_, response) => {
      void readProblem(response).then((problem) => {
        this.#reason = problem;
        socket.terminate();
      });
    });
    socket.on('close', () => {
      if (performance.now() - openedAt > settledMs) this.#failures = 0;
      this.#onClosed();
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1001, 'the server dials no more');
    this.#socket?.terminate();
  }

  status(): DialStatus {
    const session = this.#session;
    const agent = session?.agentName ?? this.#agent;
    const connected = session?.isWelcomed ?? false;
    return { address: this.#options.address, agent, connected, reason: connected ? null : this.#reason };
  }

  #onClosed(): void {
    const { address } = this.#options;
    this.#agent = this.#session?.agentName ?? this.#agent;
    this.#reason = this.#session?.endReason ?? this.#reason ?? 'the agent closed the connection';
    if (this.#session) this.#parts.reporter.warn('the link to a dialled agent is down', { address });
    this.#session = null;
    this.#socket = null;
    if (this.#stopped) return;
    const waitMs = backoffMs(this.#failures++, Math.random(), retry);
    this.#timer = setTimeout(() => {
      this.start();
    }, waitMs);
  }
}

/** Whom the certificate of a dialled agent names; TLS has verified it. */
function readIdentity(socket: TLSSocket): LinkOrigin['identity'] {
  const peer = readPeer(socket);
  return peer && { agent: peer.name, serial: peer.serial, until: new Date(peer.until).toISOString() };
}

/** What an agent says why it refuses, from its problem document. */
async function readProblem(response: IncomingMessage): Promise<string> {
  const status = `the agent answered with status ${response.statusCode}`;
  let text = '';
  try {
    for await (const part of response.setEncoding('utf8')) {
      text += String(part);
      if (text.length > maxProblemBytes) return status;
    }
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return typeof detail === 'string' ? detail.slice(0, 512) : status;
  } catch {
    return status;
  }
}
