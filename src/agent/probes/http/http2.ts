import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { Reason } from '../../../wire/probe.ts';
import { describeErrno, makeReason, roundMs } from '../run.ts';
import { BodyCollector, collectHeaders, type Exchange, maxHead, tooLarge } from './answer.ts';
import type { ExchangeOptions } from './http1.ts';
import type { HttpRequest } from './request.ts';

/** Fields of an answer that are taken; more end the stream. */
const maxFields = 256;

/** A request and its answer over HTTP/2 (RFC 9113) on a socket of one's own, which is destroyed at the end. Never rejects. */
export async function exchangeHttp2(
  socket: Socket,
  request: HttpRequest,
  options: ExchangeOptions,
): Promise<Exchange> {
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const session = connect(request.url.origin, {
    createConnection: () => socket,
    maxHeaderListPairs: maxFields,
    settings: { enablePush: false, maxHeaderListSize: maxHead },
  });
  const exchange = new Http2Exchange(options, resolve);
  const giveUp = (): void => exchange.giveUp();
  options.signal.addEventListener('abort', giveUp, { once: true });
  if (options.signal.aborted) giveUp();
  else exchange.start(session, request);
  try {
    return await promise;
  } finally {
    options.signal.removeEventListener('abort', giveUp);
    session.destroy();
    socket.destroy();
  }
}

class Http2Exchange {
  readonly #options: ExchangeOptions;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #collector: BodyCollector;
  #sentAt = 0;
  #answeredAt: number | null = null;
  #status: number | undefined;
  #headers: Readonly<Record<string, string>> = {};

  constructor(options: ExchangeOptions, resolve: (exchange: Exchange) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#collector = new BodyCollector(options.wantsBody);
  }

  start(session: ClientHttp2Session, request: HttpRequest): void {
    session.on('error', (error) => this.#fail(this.#describe(error)));
    session.once('goaway', (code) => {
      if (code !== constants.NGHTTP2_NO_ERROR) this.#fail(this.#protocol(`GOAWAY ${nameOf(code)}`));
    });
    session.once('close', () => this.#fail(this.#describe({ name: '', message: '', code: 'ECONNRESET' })));
    try {
      this.#send(session, request);
    } catch (thrown) {
      const code = (thrown as NodeJS.ErrnoException).code ?? 'PROTOCOL';
      this.#fail(makeReason('PROTOCOL', `the request cannot be sent (${code})`, 'agent'));
    }
  }

  giveUp(): void {
    const { timeoutMs } = this.#options;
    const message =
      this.#status === undefined
        ? `no answer within ${timeoutMs} ms`
        : `the answer was not whole within ${timeoutMs} ms, after ${this.#collector.bytes} bytes of its body`;
    this.#fail(makeReason('TIMEOUT', message, this.#phase()));
  }

  #send(session: ClientHttp2Session, { url, method, headers, body }: HttpRequest): void {
    const { host, ...fields } = headers;
    const stream = session.request(
      {
        ...fields,
        ':method': method,
        ':scheme': url.protocol.slice(0, -1),
        ':authority': host ?? url.host,
        ':path': `${url.pathname}${url.search}`,
        ...(body && { 'content-length': String(body.length) }),
      },
      { endStream: body === null },
    );
    this.#sentAt = performance.now();
    if (body) stream.end(body, () => (this.#sentAt = performance.now()));
    stream.once('response', (fieldsOf, _flags, raw?: unknown) => {
      this.#answeredAt = performance.now();
      this.#status = fieldsOf[':status'] ?? 0;
      this.#headers = collectHeaders(Array.isArray(raw) ? raw.map(String) : flatten(fieldsOf));
    });
    stream.on('data', (piece: Buffer) => {
      if (!this.#collector.take(piece)) this.#fail(tooLarge('transfer'));
    });
    stream.on('error', (error) => this.#fail(this.#describe(error)));
    // A stream whose session ends under it counts as cancelled.
    const end = (): void =>
      this.#fail(
        session.closed || session.destroyed
          ? this.#describe({ name: '', message: '', code: 'ECONNRESET' })
          : this.#protocol(`RST_STREAM ${nameOf(stream.rstCode)}`),
      );
    stream.once('aborted', end);
    stream.once('end', () => this.#finish(stream.rstCode));
    stream.once('close', end);
  }

  #finish(rstCode: number): void {
    if (this.#status === undefined || rstCode !== constants.NGHTTP2_NO_ERROR) return;
    const answer = {
      status: this.#status,
      version: '2',
      headers: this.#headers,
      body: this.#collector.body(),
      bytes: this.#collector.bytes,
    };
    this.#resolve({ failure: null, answer, ...this.#times() });
  }

  #fail(failure: Reason): void {
    this.#resolve({ failure, answer: null, status: this.#status, ...this.#times() });
  }

  #phase(): 'processing' | 'transfer' {
    return this.#status === undefined ? 'processing' : 'transfer';
  }

  /** The first that is told of an answer is its whole head. */
  #times(): Pick<Exchange, 'processingMs' | 'transferMs'> {
    const answered = this.#answeredAt;
    if (answered === null) return { processingMs: null, transferMs: null };
    return {
      processingMs: roundMs(Math.max(0, answered - this.#sentAt)),
      transferMs: roundMs(performance.now() - answered),
    };
  }

  #describe(error: NodeJS.ErrnoException): Reason {
    const code = error.code ?? 'PROTOCOL';
    if (code.startsWith('ERR_HTTP2_') || code.startsWith('NGHTTP2_')) return this.#protocol(code);
    if (code !== 'ECONNRESET') return makeReason(code, describeErrno(code), this.#phase());
    const message =
      this.#status === undefined
        ? 'the connection was closed without an answer'
        : `the connection was closed before the answer was whole, after ${this.#collector.bytes} bytes of its body`;
    return makeReason(code, message, this.#phase());
  }

  #protocol(what: string): Reason {
    return makeReason('PROTOCOL', `HTTP/2 ended with ${what}`, this.#phase());
  }
}

/** Names of error codes by number, RFC 9113 section 7. */
const errorNames = (
  'NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR ' +
  'REFUSED_STREAM CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM INADEQUATE_SECURITY HTTP_1_1_REQUIRED'
).split(' ');

function nameOf(code: number): string {
  return errorNames[code] ?? String(code);
}

function flatten(headers: IncomingHttpHeaders): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((each) => (name.startsWith(':') ? [] : [name, String(each)])),
  );
}
