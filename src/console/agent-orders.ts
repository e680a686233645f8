import { randomUUID } from 'node:crypto';
import { describeError, type ErrorCode, errorCodes, NetmonError } from '../base/errors.ts';
import { formatTime } from '../base/time.ts';
import type { MonitorResult } from '../wire/monitor.ts';
import {
  type ConsoleMessage,
  consoleMessageSchema,
  consoleSubprotocol,
  type Order,
  type OrderAnswer,
  type OrderBody,
} from '../wire/orders.ts';
import type { AgentPlace } from './agent-address.ts';
import { type AgentAccess, AgentDialling } from './agent-dialling.ts';
import { KeptSocket } from './kept-socket.ts';

/** An agent pings its consoles this often. */
const pingMs = 10_000;
/** How long an order lives, and its answer is waited for; of a probe longer by what the probe may take. */
const orderMs = 15_000;
const maxOrderMs = 120_000;
/** Orders under way; an agent takes some at a time. */
const maxWaiting = 64;

export interface AgentSocketOptions extends AgentAccess {
  readonly place: AgentPlace;
}

export type Hello = Extract<ConsoleMessage, { kind: 'hello' }>;

export interface AgentEvents {
  /** `hello` is null once it is gone, and the reason then says why. */
  readonly onLink: (hello: Hello | null, reason: NetmonError | null) => void;
  readonly onResult: (result: MonitorResult) => void;
}

interface Waiting {
  readonly resolve: (answer: OrderAnswer) => void;
  readonly reject: (error: NetmonError) => void;
  readonly timer: NodeJS.Timeout;
}

/** Gives orders to an agent that waits for consoles, over a connection that is made again when it was cut. */
export class AgentOrders {
  readonly #events: AgentEvents;
  readonly #socket: KeptSocket;
  readonly #waiting = new Map<string, Waiting>();
  #hello: Hello | null = null;

  constructor({ place, headers, tls }: AgentSocketOptions, events: AgentEvents) {
    this.#events = events;
    const dialling = new AgentDialling(place, { tls, headers });
    this.#socket = new KeptSocket(
      {
        dial: () => dialling.next(),
        explain: (error) => dialling.explain(error),
        subprotocol: consoleSubprotocol,
        pingMs,
      },
      {
        onText: (text) => this.#onText(text),
        onLink: (connected, reason) => {
          if (connected) dialling.succeeded();
          else this.#lose(reason!);
        },
      },
    );
  }

  /** What the agent said of itself; null while it is not connected. */
  get hello(): Hello | null {
    return this.#hello;
  }

  open(): void {
    this.#socket.open();
  }

  /** The answer to an order. Throws what the agent refused it for, NM_UNAVAILABLE or NM_TIMEOUT. */
  give(order: Order, furtherMs = 0): Promise<OrderAnswer> {
    const hello = this.#hello;
    if (!hello) throw new NetmonError('NM_UNAVAILABLE', 'the agent is not connected');
    if (this.#waiting.size >= maxWaiting) throw new NetmonError('NM_RATE', 'too many orders; wait a moment');
    const lifeMs = Math.min(maxOrderMs, orderMs + furtherMs);
    const now = Date.now();
    const body: OrderBody = {
      id: randomUUID(),
      agent: hello.agent,
      issued_at: formatTime(now),
      expires_at: formatTime(now + lifeMs),
      order,
    };
    const { promise, resolve, reject } = Promise.withResolvers<OrderAnswer>();
    const timer = setTimeout(() => {
      this.#waiting.delete(body.id);
      reject(new NetmonError('NM_TIMEOUT', `${hello.agent} did not answer within ${lifeMs / 1000} s`));
    }, lifeMs);
    this.#waiting.set(body.id, { resolve, reject, timer });
    this.#socket.send(JSON.stringify({ kind: 'order', body: JSON.stringify(body), signature: null }));
    return promise;
  }

  close(): void {
    this.#socket.close();
    this.#lose(new NetmonError('NM_UNAVAILABLE', 'the connection was closed'));
  }

  #onText(text: string): void {
    const message = parseMessage(text);
    if (!message && !this.#hello) this.#socket.cut(notAnAgent());
    else if (message?.kind === 'hello') {
      this.#hello = message;
      this.#events.onLink(message, null);
    } else if (message?.kind === 'result') this.#events.onResult(message.result);
    else if (message) this.#onAnswer(message.id, message.answer);
  }

  #onAnswer(id: string, answer: OrderAnswer): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (answer.type === 'refused') waiting.reject(readRefusal(answer.code, answer.message));
    else waiting.resolve(answer);
  }

  #lose(reason: NetmonError): void {
    this.#hello = null;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new NetmonError('NM_UNAVAILABLE', describeError(reason)));
    }
    this.#waiting.clear();
    this.#events.onLink(null, reason);
  }
}

function notAnAgent(): NetmonError {
  return new NetmonError('NM_UNAVAILABLE', 'what answers there says hello as no agent of this version does');
}

function readRefusal(code: string, message: string): NetmonError {
  return new NetmonError(Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'NM_BAD_REQUEST', message);
}

function parseMessage(text: string): ConsoleMessage | null {
  try {
    const parsed = consoleMessageSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
