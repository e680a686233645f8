/**
 * Where orders arrive. Each passes, in this order:
 *
 * 1. its text is an order body: for this agent, of a known type, with everything that the type needs
 * 2. its signature, where one is due
 * 3. its times, against this agent's clock with a tolerance
 * 4. the agent's own policy, which nobody can change from elsewhere
 * 5. its id was not seen before, and is remembered from now on
 *
 * Only then is it carried out. Every order gets one line of log, one count and one answer.
 */
import { describeError, type ErrorCode, NetmonError } from '../../base/errors.ts';
import type { Reporter } from '../../platform/reporter.ts';
import {
  maxOrderMs,
  type Order,
  type OrderAnswer,
  type OrderBody,
  type OrderMessage,
  type OrderType,
  orderBodySchema,
  orderTypes,
} from '../../wire/orders.ts';
import type { OrderHandler, OrderOwner } from './handler.ts';
import { clockToleranceMs, type SeenOrders } from './seen.ts';

/** Whether the signature, null for none, is that of the body by the key that this agent was enrolled with. */
export type OrderVerifier = (body: string, signature: string | null) => boolean;

export interface DeskOptions {
  /** Name of this agent. */
  readonly agent: string;
  /** Types that its policy forbids. */
  readonly forbidden: ReadonlySet<OrderType>;
  readonly seen: SeenOrders;
  /** For orders of a server; absent where this agent is not enrolled, and signatures are not looked at. */
  readonly verify?: OrderVerifier;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Whose connection an order came by. */
export interface OrderSource {
  readonly owner: OrderOwner;
  /** For the log: an address, a URL or the name in a certificate. */
  readonly from: string;
  /** Takes `results.watch`; a connection without it tells of no rounds by themselves. */
  readonly watch?: (on: boolean) => void;
}

/** Orders that are carried out at once, over all connections. */
const maxUnderway = 64;
/** Longest answer, half of what a frame may be. */
const maxAnswerLength = 8 * 1024 * 1024;
const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export class OrderDesk {
  readonly #options: DeskOptions;
  readonly #handler: OrderHandler;
  readonly #reporter: Reporter;
  readonly #now: () => number;
  #underway = 0;

  constructor(options: DeskOptions, handler: OrderHandler, reporter: Reporter) {
    this.#options = options;
    this.#handler = handler;
    this.#reporter = reporter;
    this.#now = options.now ?? Date.now;
  }

  /** Types that the policy forbids, for those who ask. */
  get forbidden(): readonly OrderType[] {
    return [...this.#options.forbidden];
  }

  /** The text of the `answer` message; null for what has no id to answer to. Never rejects. */
  async take(message: OrderMessage, source: OrderSource): Promise<string | null> {
    let id: string | null = null;
    let type = 'unknown';
    let answer: OrderAnswer;
    try {
      const json = parseBody(message.body);
      id = findId(json);
      type = findType(json);
      const body = this.#verify(json, message, source);
      answer = await this.#carryOut(body.order, source);
    } catch (thrown) {
      answer = refusal(thrown);
    }
    this.#report(answer, { type, id, from: source.from, owner: source.owner });
    return id === null ? null : writeAnswer(id, answer);
  }

  /** Throws what the order is refused for. */
  #verify(json: unknown, message: OrderMessage, source: OrderSource): OrderBody {
    const { agent, forbidden, seen, verify } = this.#options;
    const parsed = orderBodySchema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new NetmonError('NM_VALIDATION', `${issue.path.join('.') || 'body'}: ${issue.message}`);
    }
    const body = parsed.data;
    if (source.owner === 'server' && verify && !verify(message.body, message.signature)) {
      throw new NetmonError('NM_UNAUTHORIZED', 'the order is not signed by the server of this agent');
    }
    if (body.agent !== agent) throw new NetmonError('NM_FORBIDDEN', `the order is for ${body.agent}`);
    checkTimes(body, this.#now());
    if (forbidden.has(body.order.type)) {
      throw new NetmonError('NM_FORBIDDEN', `the policy of this agent forbids ${body.order.type}`);
    }
    if (seen.has(body.id)) throw new NetmonError('NM_REPLAYED', 'an order of this id came before');
    if (this.#underway >= maxUnderway || !seen.add(body.id)) {
      throw new NetmonError('NM_RATE', 'too many orders; wait a moment');
    }
    return body;
  }

  async #carryOut(order: Order, source: OrderSource): Promise<OrderAnswer> {
    if (order.type === 'results.watch') {
      if (!source.watch) throw new NetmonError('NM_NOT_SUPPORTED', 'rounds come by this link as records');
      source.watch(order.on);
      return { type: 'done' };
    }
    this.#underway++;
    try {
      return await this.#handler.handle(order, source.owner);
    } finally {
      this.#underway--;
    }
  }

  #report(answer: OrderAnswer, fields: { readonly type: string } & Readonly<Record<string, unknown>>): void {
    const refused = answer.type === 'refused';
    if (refused) {
      this.#reporter.warn('refused an order', { ...fields, code: answer.code, reason: answer.message });
    } else this.#reporter.info('carried out an order', fields);
    this.#reporter.metrics
      .counter('netmon_orders_total', 'Orders that came, by type and what became of them.', [
        'type',
        'outcome',
      ])
      .add(1, fields.type, refused ? answer.code : 'done');
  }
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new NetmonError('NM_VALIDATION', 'body: not JSON', { cause });
  }
}

/** What a body says of itself, whether or not it is valid otherwise. */
function findId(json: unknown): string | null {
  const id = readMember(json, 'id');
  return typeof id === 'string' && idPattern.test(id) ? id : null;
}

function findType(json: unknown): string {
  const type = readMember(readMember(json, 'order'), 'type');
  return orderTypes.find((known) => known === type) ?? 'unknown';
}

function readMember(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function checkTimes({ issued_at, expires_at }: OrderBody, now: number): void {
  const issued = Date.parse(issued_at);
  const expires = Date.parse(expires_at);
  const life = expires - issued;
  if (!(life > 0 && life <= maxOrderMs)) {
    throw new NetmonError('NM_VALIDATION', `expires_at: an order lives ${maxOrderMs / 1000} s at most`);
  }
  if (issued > now + clockToleranceMs) {
    const ahead = Math.round((issued - now) / 1000);
    throw new NetmonError(
      'NM_EXPIRED',
      `the order was issued ${ahead} s in the future of this agent's clock`,
    );
  }
  if (expires < now - clockToleranceMs) {
    const late = Math.round((now - expires) / 1000);
    throw new NetmonError('NM_EXPIRED', `the order ended ${late} s ago by this agent's clock`);
  }
}

function refusal(thrown: unknown): OrderAnswer {
  const code: ErrorCode = thrown instanceof NetmonError ? thrown.code : 'NM_INTERNAL';
  return { type: 'refused', code, message: describeError(thrown).slice(0, 512) };
}

function writeAnswer(id: string, answer: OrderAnswer): string {
  const text = JSON.stringify({ kind: 'answer', id, answer });
  if (text.length <= maxAnswerLength) return text;
  const tooLarge = refusal(new NetmonError('NM_TOO_LARGE', 'the answer is too long; ask for less'));
  return JSON.stringify({ kind: 'answer', id, answer: tooLarge });
}
