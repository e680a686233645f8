import { backoffMs } from '../base/backoff.ts';
import type { SubscribeInput, ViewerFrame, ViewerMessageInput } from '../wire/live.ts';

/** A server sends a frame at least once a second; after this long without one the connection counts as dead. */
const silenceMs = 5_000;

export type LiveFrameMessage = Extract<ViewerFrame, { kind: 'frame' }>;
export type LiveProblem = Extract<ViewerFrame, { kind: 'problem' }>;

/** `connecting` at first, `open` while frames come, `waiting` between attempts, `closed` for good after `close()`. */
export type LiveStatus = 'connecting' | 'open' | 'waiting' | 'closed';

export interface LiveOptions {
  /** Of the server, `http:` or `https:`, with or without a path prefix. */
  readonly url: string;
  readonly onFrame?: (frame: LiveFrameMessage) => void;
  /** After each change of status; `retryAt` is the Unix time in milliseconds of the next attempt while waiting. */
  readonly onStatus?: (status: LiveStatus, retryAt: number | null) => void;
  /** A message that the server refused, or a subscription that it cannot serve. */
  readonly onProblem?: (problem: LiveProblem) => void;
  /** Makes the socket; the global WebSocket unless given (for headers outside browsers). */
  readonly open?: (url: string) => WebSocket;
}

/** Connects to `/ws?mode=delta` and keeps connected until `close()`. */
export function connect(options: LiveOptions): LiveClient {
  return new LiveClient(options);
}

/**
 * A viewer's connection. Subscriptions outlive the socket: each new connection takes them up again, and their next
 * update is a snapshot.
 */
export class LiveClient {
  readonly #options: LiveOptions;
  readonly #url: string;
  readonly #subscriptions = new Map<string, SubscribeInput>();
  #socket: WebSocket | null = null;
  #status: LiveStatus = 'connecting';
  #hidden = false;
  #failures = 0;
  #lastFrameAt: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#url = liveUrl(options.url);
    this.#dial();
  }

  get status(): LiveStatus {
    return this.#status;
  }

  /** Milliseconds since the last frame arrived, null before the first. */
  ageMs(now: number = Date.now()): number | null {
    return this.#lastFrameAt === null ? null : Math.max(0, now - this.#lastFrameAt);
  }

  /** Starts a subscription, or replaces the one with the same id. */
  subscribe(subscription: SubscribeInput): void {
    this.#subscriptions.set(subscription.id, subscription);
    this.#send(subscription);
  }

  unsubscribe(id: string): void {
    if (this.#subscriptions.delete(id)) this.#send({ kind: 'unsubscribe', id });
  }

  /** A hidden viewer gets one frame a second. */
  setHidden(hidden: boolean): void {
    if (hidden === this.#hidden) return;
    this.#hidden = hidden;
    this.#send({ kind: 'pace', hidden });
  }

  /** Gives up waiting and dials now; nothing while connected. */
  retryNow(): void {
    if (this.#status === 'waiting') this.#dial();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#setStatus('closed', null);
    this.#dropSocket();
  }

  #dial(): void {
    clearTimeout(this.#timer);
    this.#setStatus('connecting', null);
    const socket = this.#options.open?.(this.#url) ?? new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#onOpen();
    socket.onmessage = (event: MessageEvent) => this.#onMessage(event.data);
    socket.onclose = () => this.#onLost(socket);
    socket.onerror = () => this.#onLost(socket);
    this.#watchSilence(socket);
  }

  #onOpen(): void {
    for (const subscription of this.#subscriptions.values()) this.#send(subscription);
    if (this.#hidden) this.#send({ kind: 'pace', hidden: true });
  }

  #onMessage(data: unknown): void {
    const frame = parseFrame(data);
    if (!frame) return;
    if (frame.kind === 'problem') {
      this.#options.onProblem?.(frame);
      return;
    }
    this.#lastFrameAt = Date.now();
    this.#failures = 0;
    this.#setStatus('open', null);
    this.#options.onFrame?.(frame);
  }

  /** One timer that looks again when the last frame would be too old, rather than one armed anew by each frame. */
  #watchSilence(socket: WebSocket): void {
    const dialledAt = Date.now();
    const look = (): void => {
      const quietMs = Date.now() - Math.max(this.#lastFrameAt ?? 0, dialledAt);
      if (quietMs >= silenceMs) this.#onLost(socket);
      else this.#timer = setTimeout(look, silenceMs - quietMs);
    };
    this.#timer = setTimeout(look, silenceMs);
  }

  #onLost(socket: WebSocket): void {
    if (socket !== this.#socket || this.#status === 'closed') return;
    this.#dropSocket();
    clearTimeout(this.#timer);
    const waitMs = backoffMs(this.#failures++, Math.random());
    this.#timer = setTimeout(() => this.#dial(), waitMs);
    this.#setStatus('waiting', Date.now() + waitMs);
  }

  #dropSocket(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.onerror = null;
    socket.close();
  }

  #send(message: ViewerMessageInput): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  #setStatus(status: LiveStatus, retryAt: number | null): void {
    if (status === this.#status && retryAt === null) return;
    this.#status = status;
    this.#options.onStatus?.(status, retryAt);
  }
}

function liveUrl(base: string): string {
  const url = new URL(base);
  url.protocol = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss:' : 'ws:';
  url.pathname = `${url.pathname.replace(/\/$/, '')}/ws`;
  url.search = '?mode=delta';
  url.hash = '';
  return url.href;
}

function parseFrame(data: unknown): ViewerFrame | null {
  if (typeof data !== 'string') return null;
  try {
    return JSON.parse(data) as ViewerFrame;
  } catch {
    return null;
  }
}
