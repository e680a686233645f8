import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { NetmonError } from '../../base/errors.ts';
import type { Component } from '../../platform/lifecycle.ts';
import type { Reporter } from '../../platform/reporter.ts';
import { endWithProblem } from '../http/problem.ts';
import type { Monitors } from './monitors.ts';

const maxViewers = 256;
/** Viewers have nothing to say. */
const maxMessageBytes = 1024;
const frameMs = 100;
/** Events of a frame, beyond which everybody gets a snapshot. */
const maxEvents = 5000;
/** A viewer with this much unsent gets nothing until it has caught up, and then a snapshot. */
const maxBufferedBytes = 1024 * 1024;
const livenessMs = 20_000;

interface Viewer {
  readonly socket: WebSocket;
  readonly results: boolean;
  inStep: boolean;
  silent: boolean;
}

/** Whether an upgrade of `/ws` asks for monitors. */
export function wantsMonitors({ url = '/' }: IncomingMessage): boolean {
  return new URL(url, 'http://localhost').searchParams.get('mode') === 'monitors';
}

/** The sockets of `/ws?mode=monitors`: what happens is written once, for those with results and for those without. */
export class MonitorViewers implements Component {
  readonly name = 'viewers of monitors';
  readonly #monitors: Monitors;
  readonly #reporter: Reporter;
  readonly #viewers = new Set<Viewer>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
  });
  #events: { readonly text: string; readonly isResult: boolean }[] = [];
  #overflown = false;
  #stopListening: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #liveness: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(monitors: Monitors, reporter: Reporter) {
    this.#monitors = monitors;
    this.#reporter = reporter;
  }

  start(): void {
    this.#liveness = setInterval(() => this.#checkAlive(), livenessMs);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#liveness);
    this.#stopListening?.();
    clearTimeout(this.#timer);
    for (const { socket } of this.#viewers) {
      socket.close(1001, 'the server stops');
      socket.terminate();
    }
  }

  /** Takes over an upgrade whose Host and Origin the server has checked. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#stopped) {
      endWithProblem(socket, new NetmonError('NM_UNAVAILABLE', 'the server stops'));
      return;
    }
    if (this.#viewers.size >= maxViewers) {
      endWithProblem(socket, new NetmonError('NM_RATE', `${maxViewers} viewers are connected`));
      return;
    }
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const results = searchParams.get('results') !== 'false';
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#add(webSocket, results));
  }

  #add(socket: WebSocket, results: boolean): void {
    const viewer: Viewer = { socket, results, inStep: false, silent: false };
    this.#viewers.add(viewer);
    socket.on('message', () => {
      viewer.silent = false;
    });
    socket.on('pong', () => {
      viewer.silent = false;
    });
    socket.on('error', (error) => this.#reporter.debug('a viewer sent what is no WebSocket', { error }));
    socket.on('close', () => this.#remove(viewer));
    this.#stopListening ??= this.#monitors.listen((text, type) => this.#hold(text, type === 'result'));
    this.#flushLater(0);
  }

  #remove(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#events = [];
  }

  #hold(text: string, isResult: boolean): void {
    if (this.#events.length >= maxEvents) this.#overflown = true;
    else this.#events.push({ text, isResult });
    this.#flushLater(frameMs);
  }

  #flushLater(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, ms);
  }

  #flush(): void {
    const events = this.#events;
    this.#events = [];
    if (this.#overflown) for (const viewer of this.#viewers) viewer.inStep = false;
    this.#overflown = false;
    const all = this.#write(events);
    const states = this.#write(events.filter(({ isResult }) => !isResult));
    let snapshot: string | undefined;
    for (const viewer of this.#viewers) {
      if (viewer.socket.bufferedAmount > maxBufferedBytes) {
        viewer.inStep = false;
        this.#flushLater(frameMs);
        continue;
      }
      const text = viewer.results ? all : states;
      if (!viewer.inStep) snapshot ??= this.#monitors.snapshot();
      if (!viewer.inStep && snapshot !== undefined) viewer.socket.send(snapshot);
      else if (text !== null) viewer.socket.send(text);
      viewer.inStep = true;
    }
  }

  #write(events: readonly { readonly text: string }[]): string | null {
    if (events.length === 0) return null;
    const list = events.map(({ text }) => text).join(',');
    return `{"kind":"events","version":${this.#monitors.versions.current},"events":[${list}]}`;
  }

  #checkAlive(): void {
    for (const viewer of this.#viewers) {
      if (viewer.silent) viewer.socket.terminate();
      viewer.silent = true;
      viewer.socket.ping();
    }
  }
}
