import type { Conversation } from '../protocol.ts';
import { type Exchange, emitExchange, makeExchange } from './exchange.ts';
import type { HeadFields } from './head-fields.ts';
import { bodies } from './message-reader.ts';
import type { StartLine } from './start-line.ts';

/** Requests of one connection that may wait for their answers; browsers do not pipeline, and no server reads so far ahead. */
const maxWaiting = 1000;

/** Brings the requests of one side and the answers of the other together: answers come in the order of the requests. */
export class Exchanges {
  readonly #conversation: Conversation;
  readonly #fromClient: boolean;
  readonly #waiting: Exchange[] = [];
  /** Requests told of as unanswered before their time, whose answers are still to come. */
  #given = 0;
  #asking: Exchange | null = null;
  #answering: Exchange | null = null;
  #interim = false;
  /** Whether requests came together, without waiting for answers. */
  #pipelined = false;

  constructor(conversation: Conversation, fromClient: boolean) {
    this.#conversation = conversation;
    this.#fromClient = fromClient;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  startRequest({ method, target, version }: StartLine & { kind: 'request' }, timeMs: number): void {
    if (this.#waiting.length >= maxWaiting) {
      this.#given++;
      this.#emit(this.#waiting.shift() as Exchange);
    }
    this.#pipelined ||= this.#waiting.at(-1)?.startMs === timeMs;
    const exchange = makeExchange(timeMs, version);
    exchange.method = method;
    exchange.target = target;
    exchange.askedMs = timeMs;
    this.#asking = exchange;
    this.#waiting.push(exchange);
  }

  /** How the body of the request is delimited. */
  headOfRequest(fields: HeadFields, timeMs: number): number {
    const exchange = this.#asking;
    if (!exchange) return bodies.none;
    exchange.askedMs = timeMs;
    exchange.host = fields.get('host');
    exchange.userAgent = fields.get('user-agent');
    const length = fields.contentLength;
    if (length === -1) this.#conversation.malformed();
    if (fields.chunked !== null) return fields.chunked ? bodies.chunked : bodies.untilClose;
    return Math.max(0, length ?? 0);
  }

  addRequestBytes(bytes: number): void {
    if (this.#asking) this.#asking.requestBytes += bytes;
  }

  endRequest(): void {
    const exchange = this.#asking;
    this.#asking = null;
    if (!exchange) return;
    exchange.sent = true;
    if (exchange.answered) this.#emit(exchange);
  }

  startAnswer({ status, version }: StartLine & { kind: 'answer' }, timeMs: number): void {
    this.#interim = status < 200 && status !== 101;
    if (this.#interim) return;
    const exchange = this.#take() ?? makeExchange(timeMs, version);
    exchange.status = status;
    exchange.answeredMs = timeMs;
    this.#answering = exchange;
  }

  /** How the body of the answer is delimited, RFC 9112 section 6.3. */
  headOfAnswer(fields: HeadFields): number {
    const exchange = this.#answering;
    if (this.#interim || !exchange) return bodies.none;
    exchange.contentType = fields.get('content-type');
    const { status, method } = exchange;
    if (status === 101) return bodies.switched;
    if (method === 'CONNECT' && status !== null && status < 300) return bodies.switched;
    if (method === 'HEAD' || status === 204 || status === 304) return bodies.none;
    if (fields.chunked !== null) return fields.chunked ? bodies.chunked : bodies.untilClose;
    const length = fields.contentLength;
    if (length === -1) this.#conversation.malformed();
    return length === null || length < 0 ? bodies.untilClose : length;
  }

  addAnswerBytes(bytes: number): void {
    if (this.#answering) this.#answering.responseBytes += bytes;
  }

  endAnswer(): void {
    const exchange = this.#answering;
    if (this.#interim || !exchange) return;
    this.#answering = null;
    exchange.answered = true;
    if (exchange.sent || exchange.method === null) this.#emit(exchange);
  }

  /** The request whose answer only says that the protocol changes. It is not told of here any more. */
  takeUpgraded(): Exchange | null {
    const exchange = this.#answering;
    if (exchange) {
      exchange.status = null;
      exchange.answeredMs = -1;
    }
    this.#answering = null;
    return exchange;
  }

  /** Answers may have been missed: which of the requests waiting now they were for cannot be told. */
  loseAnswers(): void {
    for (const exchange of this.#waiting) exchange.stale = true;
  }

  /** Tells of all that is under way. */
  end(): void {
    if (this.#answering) this.#emit(this.#answering);
    this.#answering = null;
    for (const exchange of this.#waiting.splice(0)) this.#emit(exchange);
    if (this.#asking?.answered) this.#emit(this.#asking);
    this.#asking = null;
  }

  #take(): Exchange | null {
    if (this.#given > 0) {
      this.#given--;
      return null;
    }
    const waiting = this.#waiting;
    if (waiting.length > 1 && waiting[0].stale) {
      // Without pipelining, a request shows that those before it were answered.
      const fresh = waiting.findIndex(({ stale }) => !stale);
      const passed = fresh >= 0 ? fresh : this.#pipelined ? 0 : waiting.length - 1;
      for (const exchange of waiting.splice(0, passed)) this.#emit(exchange);
    }
    return waiting.shift() ?? null;
  }

  #emit(exchange: Exchange): void {
    emitExchange(this.#conversation, exchange, this.#fromClient);
  }
}
