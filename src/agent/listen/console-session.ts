import type { RawData, WebSocket } from 'ws';
import { describeError } from '../../base/errors.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { MonitorResult } from '../../wire/monitor.ts';
import { type ConsoleMessage, orderMessageSchema } from '../../wire/orders.ts';
import type { Hello } from '../link/session.ts';
import type { OrderDesk } from '../orders/desk.ts';
import type { ResultFeed } from '../orders/handler.ts';

/** A ping goes out, or the connection counts as dead when the last one was not answered, after this long. */
const livenessMs = 10_000;
/** A round is not told of while more than this waits to be sent; it is counted. */
const maxBufferedBytes = 1024 * 1024;
/** A console that does not take its answers is cut off. */
const maxBufferedAnswers = 16 * 1024 * 1024;
/** For a console to take the reason for its end. */
const farewellMs = 1_000;
/** Longest time between two looks at the clock, which may be set. */
const lookMs = 3_600_000;

export interface ConsoleParts {
  readonly hello: Hello;
  readonly orders: OrderDesk;
  /** Null where this agent has no monitors. */
  readonly feed: ResultFeed | null;
  readonly reporter: Reporter;
}

/** Whose connection it is. */
export interface Console {
  readonly name: string;
  /** When its certificate ends, Unix milliseconds; absent without one. */
  readonly until?: number | undefined;
}

/** One console that is connected to this agent, until its socket closes or its certificate ends. */
export class ConsoleSession {
  readonly #socket: WebSocket;
  readonly #parts: ConsoleParts;
  readonly #from: string;
  readonly #pingTimer: NodeJS.Timeout;
  #untilTimer: NodeJS.Timeout | undefined;
  #heard = true;
  #unwatch: (() => void) | null = null;

  /** Takes over an open socket and says `hello`. */
  constructor(socket: WebSocket, { name: from, until }: Console, parts: ConsoleParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#from = from;
    if (until !== undefined) this.#endAt(until);
    this.#pingTimer = setInterval(() => this.#checkAlive(), livenessMs);
    socket.on('message', (data, binary) => this.#onMessage(data, binary));
    socket.on('pong', () => {
      this.#heard = true;
    });
    socket.on('error', (error) =>
      parts.reporter.warn('a console sent what is no WebSocket', { from, error }),
    );
    socket.on('close', () => this.#end());
    const { agent, version, kernel, os } = parts.hello;
    this.#send({ kind: 'hello', agent, version, kernel, os });
    parts.reporter.info('a console is connected', { from });
  }

  close(): void {
    this.#socket.close(1001, 'the agent stops');
    this.#socket.terminate();
  }

  /** Carries nothing more out, and says why. */
  shutOut(reason: string): void {
    this.#parts.reporter.warn('ended the connection of a console', { from: this.#from, reason });
    this.#socket.removeAllListeners('message');
    this.#end();
    this.#socket.close(1008, reason);
    setTimeout(() => this.#socket.terminate(), farewellMs).unref();
  }

  #endAt(until: number): void {
    const leftMs = until - Date.now();
    if (leftMs <= 0) this.shutOut('its certificate has ended');
    else this.#untilTimer = setTimeout(() => this.#endAt(until), Math.min(leftMs, lookMs));
  }

  #onMessage(data: RawData, binary: boolean): void {
    this.#heard = true;
    const parsed = orderMessageSchema.safeParse(binary ? null : parseText(String(data)));
    if (!parsed.success) {
      this.#parts.reporter.warn('a console sent what is no order', { from: this.#from });
      this.#socket.close(1008, 'expected an order');
      return;
    }
    const source = { owner: 'console', from: this.#from, watch: (on: boolean) => this.#watch(on) } as const;
    this.#parts.orders.take(parsed.data, source).then(
      (answer) => this.#answer(answer),
      (error: unknown) => this.#socket.close(1011, describeError(error).slice(0, 100)),
    );
  }

  #watch(on: boolean): void {
    this.#unwatch?.();
    this.#unwatch = on ? (this.#parts.feed?.onResult((result) => this.#tell(result)) ?? null) : null;
  }

  #tell(result: MonitorResult): void {
    if (this.#socket.bufferedAmount <= maxBufferedBytes) {
      this.#send({ kind: 'result', result });
      return;
    }
    this.#parts.reporter.metrics
      .counter('netmon_console_results_left_out_total', 'Rounds that a slow console was not told of.')
      .add();
  }

  #answer(text: string | null): void {
    if (this.#socket.readyState !== this.#socket.OPEN || text === null) return;
    if (this.#socket.bufferedAmount > maxBufferedAnswers) this.#socket.terminate();
    else this.#socket.send(text);
  }

  #send(message: ConsoleMessage): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #checkAlive(): void {
    if (this.#heard) this.#socket.ping();
    else this.#socket.terminate();
    this.#heard = false;
  }

  #end(): void {
    clearInterval(this.#pingTimer);
    clearTimeout(this.#untilTimer);
    this.#unwatch?.();
    this.#unwatch = null;
  }
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
