import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { NetmonError } from '../../../base/errors.ts';
import type { Component } from '../../../platform/lifecycle.ts';
import type { Reporter } from '../../../platform/reporter.ts';
import { viewerMessageSchema } from '../../../wire/live.ts';
import { maxLimit } from '../../../wire/query.ts';
import { endWithProblem } from '../../http/problem.ts';
import type { Mirror } from '../mirror.ts';
import { PublishedRows, PublishedViewer } from './published.ts';
import { DeltaViewer } from './viewer.ts';
import { Views } from './views.ts';

const maxViewers = 256;
/** Longest message of a viewer; a subscription with every filter fits. */
const maxMessageBytes = 32 * 1024;
const frameMs = 100;
/** A frame that arrives this much before its time is passed on at once, since agents' timers waver. */
const earlyMs = 15;
const slowMs = 1_000;
/** A subscription's first snapshot comes after this long at most, with others that came meanwhile. */
const snapshotMs = 10;
const livenessMs = 20_000;
const publishedLimit = 500;

/**
 * The sockets of `/ws`. Order of a frame: an agent's live frame arrives and changes the mirror; the views find what
 * that means for each window, once; every viewer gets the texts of the views it looks at. Without viewers none of it
 * happens, and the agents send once a second.
 */
export class ViewerHub implements Component {
  readonly name = 'viewers';
  readonly #mirror: Mirror;
  readonly #reporter: Reporter;
  readonly #now: () => number;
  readonly #views: Views;
  readonly #delta = new Map<WebSocket, DeltaViewer>();
  readonly #published = new Map<WebSocket, PublishedViewer>();
  readonly #silent = new Set<WebSocket>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
  });
  #rows: PublishedRows | null = null;
  /** When the arrival came that was passed on last: the agents' rhythm, which viewers' demands do not shift. */
  #passedOnAt = 0;
  /** When the first arrival came that waits for its frame. */
  #waitingSince: number | null = null;
  #slowAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #liveness: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(mirror: Mirror, reporter: Reporter, now: () => number = Date.now) {
    this.#mirror = mirror;
    this.#reporter = reporter;
    this.#now = now;
    this.#views = new Views(mirror, now);
  }

  start(): void {
    this.#mirror.onArrival(() => this.#onArrival());
    this.#liveness = setInterval(() => this.#checkAlive(), livenessMs);
  }

  /** Lets the viewers go and no more in, since what they saw last is what they are left with. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#liveness);
    clearTimeout(this.#timer);
    for (const socket of [...this.#delta.keys(), ...this.#published.keys()]) {
      socket.close(1001, 'the server stops');
      socket.terminate();
    }
  }

  /** Takes over an upgrade of `/ws` whose Host and Origin the server has checked. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#stopped) {
      endWithProblem(socket, new NetmonError('NM_UNAVAILABLE', 'the server stops'));
      return;
    }
    if (this.#delta.size + this.#published.size >= maxViewers) {
      endWithProblem(socket, new NetmonError('NM_RATE', `${maxViewers} viewers are connected`));
      return;
    }
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const mode = searchParams.get('mode') ?? 'full';
    const limit = Number(searchParams.get('limit') ?? publishedLimit);
    if (!['full', 'delta'].includes(mode) || !Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
      const expected = `expected mode full or delta, and limit from 1 to ${maxLimit}`;
      endWithProblem(socket, new NetmonError('NM_VALIDATION', expected));
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      if (mode === 'delta') this.#addDelta(webSocket);
      else this.#addPublished(webSocket, limit);
    });
  }

  #addDelta(socket: WebSocket): void {
    const viewer = new DeltaViewer(socket, this.#views, () => this.#onDemand());
    this.#delta.set(socket, viewer);
    this.#attach(socket, (text) => viewer.receive(text));
  }

  #addPublished(socket: WebSocket, limit: number): void {
    const viewer = new PublishedViewer(socket, limit);
    this.#published.set(socket, viewer);
    this.#attach(socket, (text) => {
      const pace = parsePace(text);
      if (pace === null) return;
      viewer.hidden = pace;
      this.#onDemand();
    });
  }

  #attach(socket: WebSocket, receive: (text: string) => void): void {
    socket.on('message', (data, binary) => {
      this.#silent.delete(socket);
      if (!binary) receive(String(data));
    });
    socket.on('pong', () => this.#silent.delete(socket));
    socket.on('error', (error) => this.#reporter.debug('a viewer sent what is no WebSocket', { error }));
    socket.on('close', () => this.#detach(socket));
    this.#onDemand();
  }

  #detach(socket: WebSocket): void {
    this.#delta.get(socket)?.end();
    this.#delta.delete(socket);
    this.#published.delete(socket);
    this.#silent.delete(socket);
    this.#onDemand();
  }

  /** Somebody came, went, or wants something else. */
  #onDemand(): void {
    const viewers = this.#delta.size + this.#published.size;
    this.#mirror.setAudience(viewers, viewers === 0 ? null : this.#isWatched() ? frameMs : slowMs);
    this.#mirror.log.watch(viewers > 0);
    this.#holdRows();
    if (viewers > 0) this.#flushIn(snapshotMs);
    else this.#cancel();
  }

  #isWatched(): boolean {
    for (const viewer of this.#delta.values()) if (viewer.pace === 'live') return true;
    for (const viewer of this.#published.values()) if (!viewer.hidden) return true;
    return false;
  }

  #holdRows(): void {
    const wanted = this.#published.size > 0;
    if (wanted === (this.#rows !== null)) return;
    const filter = { active: true };
    if (wanted) this.#rows = new PublishedRows(this.#views.acquireIndex(filter, '-speed'));
    else {
      this.#rows = null;
      this.#views.releaseIndex(filter, '-speed');
    }
  }

  #onArrival(): void {
    if (this.#delta.size + this.#published.size === 0) return;
    const now = performance.now();
    this.#waitingSince ??= now;
    const waitMs = this.#passedOnAt + frameMs - now;
    if (waitMs <= earlyMs) this.#flush();
    else this.#flushIn(waitMs);
  }

  #flushIn(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#timerAt) return;
    this.#cancel();
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#flush(), ms);
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #flush(): void {
    this.#cancel();
    const now = this.#now();
    const passed = performance.now();
    const slow = passed - this.#slowAt >= slowMs - earlyMs;
    this.#passedOnAt = this.#waitingSince ?? this.#passedOnAt;
    this.#waitingSince = null;
    if (slow) this.#slowAt = passed;
    this.#mirror.recent.expire(now);
    const touched = this.#views.refresh(slow);
    this.#rows?.drop(touched);
    const timestamp = new Date(now).toISOString();
    const stats = JSON.stringify(this.#mirror.stats());
    this.#sendDelta(`{"kind":"frame","timestamp":"${timestamp}","stats":${stats}`, slow);
    this.#sendPublished(`"stats":${stats},"timestamp":"${timestamp}"}`, now, slow);
    this.#flushIn(this.#longestWaitMs());
  }

  /** The published message comes every 100 ms whether agents send or not; a frame at least once a second. */
  #longestWaitMs(): number {
    if (this.#published.size === 0 || !this.#isWatched()) return slowMs;
    return this.#mirror.connectedAgents() > 0 ? frameMs + earlyMs : frameMs;
  }

  #sendDelta(opening: string, slow: boolean): void {
    const head = `${opening},"agents":${this.#mirror.connectedAgents()}`;
    for (const viewer of this.#delta.values()) {
      if (viewer.pace === 'live' || slow || viewer.lacksSnapshot) viewer.send(head);
    }
  }

  #sendPublished(tail: string, now: number, slow: boolean): void {
    const due = [...this.#published.values()].filter((viewer) => !viewer.hidden || slow);
    if (due.length === 0 || !this.#rows) return;
    const rows = this.#rows.write(Math.max(...due.map((viewer) => viewer.limit)), now);
    const messages = new Map<number, Buffer>();
    for (const viewer of due) {
      let message = messages.get(viewer.limit);
      if (!message) {
        message = Buffer.from(`{"connections":[${rows.slice(0, viewer.limit).join(',')}],${tail}`);
        messages.set(viewer.limit, message);
      }
      viewer.send(message);
    }
  }

  #checkAlive(): void {
    for (const socket of [...this.#delta.keys(), ...this.#published.keys()]) {
      if (this.#silent.has(socket)) socket.terminate();
      this.#silent.add(socket);
      socket.ping();
    }
  }
}

/** Whether a viewer of the published message says that it is hidden; null for any other message. */
function parsePace(text: string): boolean | null {
  try {
    const parsed = viewerMessageSchema.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.kind === 'pace' ? parsed.data.hidden : null;
  } catch {
    return null;
  }
}
