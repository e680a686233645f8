import type { IncomingMessage } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import { WebSocket } from 'ws';
import { backoffMs } from '../base/backoff.ts';
import { type ErrorCode, errorCodes, NetmonError } from '../base/errors.ts';

/** Longest message that is read: a list of 10,000 monitors with their last rounds. */
const maxMessageBytes = 64 * 1024 * 1024;
const handshakeMs = 5_000;
const retry = { firstMs: 250, longestMs: 10_000 };
/** What is read of a refusal. */
const maxProblemBytes = 4096;

/** One attempt to connect. */
export interface Dial {
  /** `ws:` or `wss:`. */
  readonly url: string;
  readonly tls?: ConnectionOptions;
  /** Only for who is meant: a token opens a server. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Where a WebSocket goes. */
export interface SocketPlace {
  /** Asked before each attempt. Throws NetmonError when there can be none now. */
  readonly dial: () => Dial;
  /** Why an attempt failed, from what the socket says of it; null when the next one is to be made at once. */
  readonly explain: (error: Error) => NetmonError | null;
  readonly subprotocol?: string;
  /** The other end pings at least this often; twice as long without anything, and the connection counts as cut. */
  readonly pingMs: number;
}

export interface SocketEvents {
  readonly onText: (text: string) => void;
  /** After each change; the reason is null while it is connected. */
  readonly onLink: (connected: boolean, reason: NetmonError | null) => void;
}

/** A WebSocket that is opened again after each end, after a growing wait, until it is closed. */
export class KeptSocket {
  readonly #place: SocketPlace;
  readonly #events: SocketEvents;
  #socket: WebSocket | null = null;
  #failures = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #silenceTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(place: SocketPlace, events: SocketEvents) {
    this.#place = place;
    this.#events = events;
  }

  get connected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open(): void {
    try {
      this.#connect(this.#place.dial());
    } catch (error) {
      if (!(error instanceof NetmonError)) throw error;
      this.#fail(error);
    }
  }

  #connect({ url, tls, headers }: Dial): void {
    const { subprotocol, explain } = this.#place;
    const socket = new WebSocket(url, subprotocol === undefined ? [] : [subprotocol], {
      ...tls,
      headers,
      handshakeTimeout: handshakeMs,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#socket = socket;
    let reason: NetmonError | null | undefined;
    socket.on('open', () => {
      this.#failures = 0;
      this.#hear();
      this.#events.onLink(true, null);
    });
    socket.on('ping', () => this.#hear());
    socket.on('message', (data, binary) => {
      this.#hear();
      if (!binary) this.#events.onText(String(data));
    });
    socket.on('unexpected-response', (_, response) => {
      void readRefusal(response).then((refusal) => {
        reason = refusal;
        this.#lose(socket, refusal);
      });
    });
    socket.on('error', (error) => {
      if (reason === undefined) reason = explain(error);
    });
    socket.on('close', (_, text) => {
      if (reason !== null) this.#lose(socket, reason ?? describeEnd(url, String(text)));
      else if (socket === this.#socket) this.open();
    });
  }

  /** Whether it was sent: only while connected. */
  send(text: string): boolean {
    if (!this.connected) return false;
    this.#socket!.send(text);
    return true;
  }

  /** Ends a connection that is of no use, as if it had been cut for that reason. */
  cut(reason: NetmonError): void {
    if (this.#socket) this.#lose(this.#socket, reason);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#silenceTimer);
    this.#socket?.on('error', () => {});
    this.#socket?.terminate();
    this.#socket = null;
  }

  #hear(): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#socket?.terminate(), this.#place.pingMs * 2);
  }

  #lose(socket: WebSocket, reason: NetmonError): void {
    if (socket !== this.#socket || this.#closed) return;
    this.#socket = null;
    socket.terminate();
    clearTimeout(this.#silenceTimer);
    this.#fail(reason);
  }

  #fail(reason: NetmonError): void {
    this.#retryTimer = setTimeout(() => this.open(), backoffMs(this.#failures++, Math.random(), retry));
    this.#events.onLink(false, reason);
  }
}

function placeName(url: string): string {
  return new URL(url).host;
}

function describeEnd(url: string, text: string): NetmonError {
  return new NetmonError(
    'NM_UNAVAILABLE',
    text === '' ? `the connection to ${placeName(url)} was cut` : `${placeName(url)}: ${text}`,
  );
}

async function readRefusal(response: IncomingMessage): Promise<NetmonError> {
  let text = '';
  try {
    for await (const chunk of response) {
      text += String(chunk);
      if (text.length > maxProblemBytes) break;
    }
  } catch {
    text = '';
  }
  const { code, detail } = parseProblem(text);
  return new NetmonError(
    Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'NM_UNAVAILABLE',
    detail === '' ? `it answered ${response.statusCode ?? 'nothing'}` : detail.slice(0, 500),
  );
}

function parseProblem(text: string): { readonly code: string; readonly detail: string } {
  try {
    const { code, detail } = JSON.parse(text) as Record<string, unknown>;
    return { code: String(code), detail: typeof detail === 'string' ? detail : '' };
  } catch {
    return { code: '', detail: '' };
  }
}
