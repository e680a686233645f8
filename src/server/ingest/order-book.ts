import { randomUUID } from 'node:crypto';
import {
  type AnswerMessage,
  maxOrderMs,
  type Order,
  type OrderAnswer,
  type OrderMessage,
  orderBodySchema,
  orderMessageSchema,
} from '../../wire/orders.ts';

/** Signs the text of an order body; base64. */
export type OrderSigner = (body: string) => string;

export interface OrderBookOptions {
  /** Name of the agent. */
  readonly agent: string;
  readonly send: (message: OrderMessage) => void;
  /** Absent where agents are not enrolled. */
  readonly sign?: OrderSigner;
  /** The agent's clock, as far as it is known, in Unix milliseconds. */
  readonly now: () => number;
}

/** Orders that were sent and not answered: their number, and the length of their bodies unless it is one alone. */
const maxUnderway = 32;
const maxUnderwayLength = 2 * 1024 * 1024;
/** Orders that wait for others to be answered, and the length of their bodies. */
const maxWaiting = 1_000;
const maxWaitingLength = 16 * 1024 * 1024;
/** Longest body, as the wire has it. */
const maxBodyLength = orderMessageSchema.shape.body.maxLength!;
/** For an answer, beyond what the order itself may take. */
const answerMs = 10_000;

interface Pending {
  readonly id: string;
  readonly order: Order;
  readonly length: number;
  readonly resolve: (answer: OrderAnswer) => void;
  timer?: NodeJS.Timeout;
}

/** The orders given to one agent on one connection, and their answers. */
export class OrderBook {
  readonly #options: OrderBookOptions;
  readonly #underway = new Map<string, Pending>();
  #underwayLength = 0;
  readonly #waiting: Pending[] = [];
  #waitingLength = 0;
  #isOpen = false;
  #ended = false;

  constructor(options: OrderBookOptions) {
    this.#options = options;
  }

  /** From now on orders are sent; before, they wait. */
  open(): void {
    this.#isOpen = true;
    this.#sendNext();
  }

  /** Resolves with the agent's answer, or one of type `refused` that says why there is none. Never rejects. */
  give(order: Order): Promise<OrderAnswer> {
    const { promise, resolve } = Promise.withResolvers<OrderAnswer>();
    const id = randomUUID();
    const problem = this.#findProblem(id, order);
    const length = problem ? 0 : JSON.stringify(order).length;
    if (problem) resolve(problem);
    else if (length > maxBodyLength - 1024) resolve(refused('NM_TOO_LARGE', 'the order is too long'));
    else if (this.#waiting.length >= maxWaiting || this.#waitingLength + length > maxWaitingLength) {
      resolve(refused('NM_RATE', 'too many orders wait for this agent'));
    } else {
      const pending: Pending = { id, order, length, resolve };
      pending.timer = setTimeout(() => this.#expire(pending), maxOrderMs);
      this.#waiting.push(pending);
      this.#waitingLength += length;
      this.#sendNext();
    }
    return promise;
  }

  /** Takes an answer; one that comes too late, or to nothing, is let go. */
  answer({ id, answer }: AnswerMessage): void {
    const pending = this.#underway.get(id);
    if (pending) this.#settle(pending, answer);
  }

  /** The connection is gone: nothing will be answered any more. */
  end(): void {
    this.#ended = true;
    const gone = refused('NM_UNAVAILABLE', 'the agent was disconnected before it answered');
    for (const pending of [...this.#underway.values(), ...this.#waiting.splice(0)]) {
      clearTimeout(pending.timer);
      pending.resolve(gone);
    }
    this.#underway.clear();
  }

  #findProblem(id: string, order: Order): OrderAnswer | null {
    if (this.#ended) return refused('NM_UNAVAILABLE', 'the agent is not connected');
    const parsed = orderBodySchema.safeParse(this.#makeBody(id, order));
    if (parsed.success) return null;
    const [issue] = parsed.error.issues;
    return refused('NM_VALIDATION', `${issue.path.join('.')}: ${issue.message}`);
  }

  #makeBody(id: string, order: Order): object {
    const now = this.#options.now();
    return {
      id,
      agent: this.#options.agent,
      issued_at: new Date(now).toISOString(),
      expires_at: new Date(now + lifeMs(order)).toISOString(),
      order,
    };
  }

  #sendNext(): void {
    while (this.#isOpen && this.#waiting.length > 0 && this.#underway.size < maxUnderway) {
      const [next] = this.#waiting;
      if (this.#underway.size > 0 && this.#underwayLength + next.length > maxUnderwayLength) return;
      this.#waiting.shift();
      this.#waitingLength -= next.length;
      this.#underway.set(next.id, next);
      this.#underwayLength += next.length;
      clearTimeout(next.timer);
      next.timer = setTimeout(() => this.#expire(next), lifeMs(next.order));
      const body = JSON.stringify(this.#makeBody(next.id, next.order));
      this.#options.send({ kind: 'order', body, signature: this.#options.sign?.(body) ?? null });
    }
  }

  #expire(pending: Pending): void {
    this.#settle(pending, refused('NM_TIMEOUT', 'the agent did not answer in time'));
  }

  #settle(pending: Pending, answer: OrderAnswer): void {
    clearTimeout(pending.timer);
    const at = this.#waiting.indexOf(pending);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      this.#waitingLength -= pending.length;
    } else if (this.#underway.delete(pending.id)) this.#underwayLength -= pending.length;
    pending.resolve(answer);
    this.#sendNext();
  }
}

/** How long an order may take: a probe as long as its tries, everything else is answered at once. */
function lifeMs(order: Order): number {
  const work = order.type === 'probe.run' ? order.timeout_ms * (1 + order.retries) : 0;
  return Math.min(maxOrderMs, work + answerMs);
}

export function refused(code: string, message: string): OrderAnswer {
  return { type: 'refused', code, message: message.slice(0, 512) };
}
