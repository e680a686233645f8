import type { Conversation } from '../protocol.ts';
import { type Exchange, emitExchange, makeExchange, weighExchange } from './exchange.ts';
import type { HeadFields } from './head-fields.ts';
import { bodies } from './message-reader.ts';
import type { StartLine } from './start-line.ts';

/** Requests of one connection that may wait for their answers; browsers do not pipeline, and no server reads so far ahead. */
const maxWaiting = 1000;
/** Time after which an answer whose end was not captured is told of. */
const patienceMs = 5_000;

/** For all that have nothing; never written to. */
const none: Exchange[] = [];

/**
 * Brings the requests of one side and the answers of the other together: answers come in the order of the requests. Where
 * the capture is sparse, a body has the length that its head says, and the exchange is told of with the answer's head
 * rather than when bytes have passed that nobody sees.
 */
export class Exchanges {
  readonly #conversation: Conversation;
  readonly #fromClient: boolean;
  #waiting: Exchange[] = none;
  /** Requests told of as unanswered before their time, whose answers are still to come. */
  #given = 0;
  readonly #sparse: boolean;
  /** Bytes of the requests that wait for their answers. */
  held = 0;
  #asking: Exchange | null = null;
  #answering: Exchange | null = null;
  #interim = false;
  /** Whether requests came together, without waiting for answers. */
  #pipelined = false;

  constructor(conversation: Conversation, fromClient: boolean) {
    this.#conversation = conversation;
    this.#fromClient = fromClient;
    this.#sparse = conversation.settings.sparse ?? false;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** `announced` is what the body of the answer under way has left as far as that is known. */
  startRequest(
    { method, target, version }: StartLine & { kind: 'request' },
    timeMs: number,
    announced: number,
  ): void {
    if (this.#waiting.length >= maxWaiting) {
      this.#given++;
      this.#emit(this.#drop(this.#waiting.shift() as Exchange));
    }
    // Whoever asks anew has the answer before, whose end was not captured.
    if (this.#sparse && this.#waiting.length === 0) {
      this.addAnswerBytes(announced);
      this.endAnswer();
    }
    this.#pipelined ||= this.#waiting.at(-1)?.startMs === timeMs;
    const exchange = makeExchange(timeMs, version);
    exchange.method = method;
    exchange.target = target;
    exchange.askedMs = timeMs;
    this.#asking = exchange;
    if (this.#waiting.length === 0) this.#waiting = [exchange];
    else this.#waiting.push(exchange);
  }

  /** How the body of the request is delimited. */
  headOfRequest(fields: HeadFields, timeMs: number): number {
    const exchange = this.#asking;
    if (!exchange) return bodies.none;
    exchange.askedMs = timeMs;
    exchange.host = fields.get('host');
    exchange.userAgent = fields.get('user-agent');
    const before = exchange.held;
    this.held += weighExchange(exchange) - before;
    const length = fields.contentLength;
    if (length === -1) this.#conversation.malformed();
    if (fields.chunked !== null) return fields.chunked ? bodies.chunked : bodies.untilClose;
    if (this.#sparse) {
      exchange.requestBytes = Math.max(0, length ?? 0);
      exchange.sent = true;
    }
    return Math.max(0, length ?? 0);
  }

  addRequestBytes(bytes: number): void {
    if (this.#asking && !this.#asking.sent) this.#asking.requestBytes += bytes;
  }

  endRequest(): void {
    const exchange = this.#asking;
    this.#asking = null;
    if (!exchange || exchange.sent) return;
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
  headOfAnswer(fields: HeadFields, timeMs: number): number {
    const exchange = this.#answering;
    if (this.#interim || !exchange) return bodies.none;
    exchange.contentType = fields.get('content-type');
    const { status, method } = exchange;
    if (status === 101) return bodies.switched;
    if (method === 'CONNECT' && status !== null && status < 300) return bodies.switched;
    if (method === 'HEAD' || status === 204 || status === 304) return bodies.none;
    const length = fields.contentLength;
    if (length === -1) this.#conversation.malformed();
    if (fields.chunked === null && length !== null && length >= 0) {
      if (this.#sparse) {
        exchange.responseBytes = length;
        this.endAnswer();
      }
      return length;
    }
    if (this.#sparse) this.#conversation.remind(timeMs);
    return fields.chunked ? bodies.chunked : bodies.untilClose;
  }

  /** An answer whose end has not come in all that time is told of as far as it was seen. */
  giveUpWaiting(timeMs: number): void {
    const exchange = this.#answering;
    if (!exchange) return;
    if (timeMs - exchange.answeredMs >= patienceMs) this.endAnswer();
    else this.#conversation.remind(timeMs);
  }

  addAnswerBytes(bytes: number): void {
    if (this.#answering) this.#answering.responseBytes += bytes;
  }

  endAnswer(): void {
    const exchange = this.#answering;
    if (this.#interim || !exchange) return;
    this.#answering = null;
    exchange.answered = true;
    if (!exchange.sent && exchange.method !== null && !this.#sparse) return;
    exchange.sent = true;
    this.#emit(exchange);
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
    this.held = 0;
    if (this.#asking?.answered && !this.#asking.sent) this.#emit(this.#asking);
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
      for (const exchange of waiting.splice(0, passed)) this.#emit(this.#drop(exchange));
    }
    const first = waiting.length === 1 ? waiting.pop() : waiting.shift();
    return first ? this.#drop(first) : null;
  }

  #drop(exchange: Exchange): Exchange {
    this.held -= exchange.held;
    return exchange;
  }

  #emit(exchange: Exchange): void {
    emitExchange(this.#conversation, exchange, this.#fromClient);
  }
}
