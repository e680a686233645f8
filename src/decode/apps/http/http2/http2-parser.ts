import type { AppParser, Conversation } from '../../protocol.ts';
import { type Exchange, emitExchange, makeExchange, weighExchange } from '../exchange.ts';
import type { FieldBlock } from './field-block.ts';
import { FrameReader, type FrameSink } from './frames.ts';
import { HpackDecoder } from './hpack.ts';

/** Streams of a connection under way at once; servers allow 100 to 250. The oldest is told of as it is. */
const maxStreams = 1000;

/** Digits of a length that a number holds exactly. */
const lengthPattern = /^\d{1,15}$/;

export interface Http2ParserOptions {
  readonly begins: 'preface' | 'anywhere';
  readonly upgraded?: Exchange | null;
}

/**
 * Reads a connection of HTTP/2 in clear text (RFC 9113): each stream is a request with its answer. Where the capture is
 * sparse, a body has the length that its head says, if it does: frames may be missing from it.
 */
export class Http2Parser implements AppParser {
  readonly #conversation: Conversation;
  readonly #streams = new Map<number, Exchange>();
  /** Of the streams under way. */
  #exchangeBytes = 0;
  readonly #client: FrameReader;
  readonly #server: FrameReader;
  readonly #sparse: boolean;
  /** Of client and server. */
  readonly #decoders: readonly [HpackDecoder, HpackDecoder] = [new HpackDecoder(), new HpackDecoder()];
  /** Which of them asks: in the middle of a connection the server may be taken for the client. */
  #asking: 0 | 1 = 0;
  #areSidesKnown: boolean;

  /**
   * `upgraded` is the request that changed the protocol: it is answered on stream 1. A connection that begins `anywhere` is
   * read from its next frames on; fields that were sent before are not known then, nor is which side asks.
   */
  constructor(conversation: Conversation, { begins, upgraded = null }: Http2ParserOptions) {
    this.#conversation = conversation;
    this.#sparse = conversation.settings.sparse ?? false;
    this.#areSidesKnown = begins === 'preface';
    if (upgraded) this.#add(1, upgraded);
    this.#client = new FrameReader(this.#makeSink(0), begins);
    this.#server = new FrameReader(this.#makeSink(1), begins === 'preface' ? 'frame' : begins);
    if (begins === 'anywhere') for (const decoder of this.#decoders) decoder.lose();
  }

  get held(): number {
    const [client, server] = this.#decoders;
    return this.#exchangeBytes + this.#client.held + this.#server.held + client.held + server.held;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    (fromClient ? this.#client : this.#server).read(bytes, start, end, timeMs);
  }

  gap(fromClient: boolean, length: number): void {
    (fromClient ? this.#client : this.#server).gap(length);
  }

  end(): void {
    for (const stream of this.#streams.keys()) this.#finish(stream);
  }

  #makeSink(side: 0 | 1): FrameSink {
    return {
      onFields: (block, timeMs) => this.#fields(side, block, timeMs),
      onData: (stream, bytes) => {
        const exchange = this.#streams.get(stream);
        if (!exchange) return;
        if (side === this.#asking) exchange.requestBytes += bytes;
        else exchange.responseBytes += bytes;
      },
      onEnd: (stream) => (side === this.#asking ? this.#endRequest(stream) : this.#finish(stream)),
      onReset: (stream) => this.#finish(stream),
      onLost: () => this.#decoders[side].lose(),
      malformed: () => this.#conversation.malformed(),
    };
  }

  #fields(side: 0 | 1, block: FieldBlock, timeMs: number): void {
    if (!this.#areSidesKnown) this.#findSides(side, block);
    if (side === this.#asking) this.#request(block, timeMs);
    else this.#answer(block, timeMs);
  }

  /** Only answers have a status, only requests a method. Looked for without the table, which the block is yet to change. */
  #findSides(side: 0 | 1, block: FieldBlock): void {
    if (block.broken) return;
    const probe = new HpackDecoder();
    probe.lose();
    probe.decode(block.bytes, 0, block.length, (name) => {
      if (this.#areSidesKnown || (name !== ':status' && name !== ':method')) return;
      this.#areSidesKnown = true;
      this.#asking = name === ':method' && block.promised === 0 ? side : side === 0 ? 1 : 0;
    });
  }

  #request(block: FieldBlock, timeMs: number): void {
    const known = this.#streams.get(block.stream);
    if (known) this.#decode(this.#asking, block, null);
    else {
      const exchange = makeExchange(timeMs, '2');
      exchange.askedMs = timeMs;
      this.#decode(this.#asking, block, exchange);
      this.#add(block.stream, exchange);
    }
    if (block.endsStream) this.#endRequest(block.stream);
  }

  #answer(block: FieldBlock, timeMs: number): void {
    if (block.promised > 0) {
      const exchange = makeExchange(timeMs, '2');
      exchange.sent = true;
      this.#decode(this.#asking === 0 ? 1 : 0, block, exchange);
      this.#add(block.promised, exchange);
      return;
    }
    let exchange = this.#streams.get(block.stream);
    if (!exchange) {
      exchange = makeExchange(timeMs, '2');
      exchange.sent = true;
      this.#add(block.stream, exchange);
    }
    const isTrailer = exchange.answeredMs >= 0;
    this.#decode(this.#asking === 0 ? 1 : 0, block, isTrailer ? null : exchange);
    const isInterim = exchange.status !== null && exchange.status < 200;
    if (isInterim) exchange.status = null;
    else if (!isTrailer) exchange.answeredMs = timeMs;
    if (block.endsStream) this.#finish(block.stream);
  }

  /** The length of a body, as far as there is one. */
  #announce(exchange: Exchange, side: 0 | 1, value: string): void {
    if (!lengthPattern.test(value)) return;
    const { method, status } = exchange;
    if (side === this.#asking) exchange.requestLength = Number(value);
    else exchange.responseLength = method === 'HEAD' || status === 304 ? 0 : Number(value);
  }

  /** Reads a block, which has to be done for each; what it says goes into the exchange. */
  #decode(side: 0 | 1, block: FieldBlock, exchange: Exchange | null): void {
    const decoder = this.#decoders[side];
    const good =
      !block.broken &&
      decoder.decode(block.bytes, 0, block.length, (name, value) => {
        if (exchange) this.#take(exchange, side, name, value);
      });
    if (good) return;
    this.#conversation.malformed();
    decoder.lose();
  }

  #take(exchange: Exchange, side: 0 | 1, name: string, value: string): void {
    if (name === ':method') exchange.method = value;
    else if (name === ':path') exchange.target = value;
    else if (name === ':authority') exchange.host = value;
    else if (name === 'host') exchange.host ??= value;
    else if (name === 'user-agent') exchange.userAgent = value;
    else if (name === ':status') exchange.status = /^[1-9]\d\d$/.test(value) ? Number(value) : null;
    else if (name === 'content-length' && this.#sparse) this.#announce(exchange, side, value);
    else if (name === 'content-type') {
      exchange.contentType = value;
      if (value.startsWith('application/grpc')) this.#conversation.rename('grpc');
    }
  }

  #add(stream: number, exchange: Exchange): void {
    if (this.#streams.size >= maxStreams)
      for (const oldest of this.#streams.keys()) {
        this.#finish(oldest);
        break;
      }
    this.#streams.set(stream, exchange);
    this.#exchangeBytes += weighExchange(exchange);
  }

  #endRequest(stream: number): void {
    const exchange = this.#streams.get(stream);
    if (exchange) exchange.sent = true;
  }

  /** The answer is whole, or the stream is given up: what is left of the request is of no interest. */
  #finish(stream: number): void {
    const exchange = this.#streams.get(stream);
    if (!exchange) return;
    this.#streams.delete(stream);
    this.#exchangeBytes -= exchange.held;
    emitExchange(this.#conversation, exchange, this.#asking === 0);
  }
}
