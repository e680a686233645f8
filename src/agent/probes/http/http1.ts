import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import type { Socket } from 'node:net';
import type { Reason } from '../../../wire/probe.ts';
import type { ProbeContext } from '../probe.ts';
import { describeErrno, makeReason, roundMs } from '../run.ts';
import { BodyCollector, collectHeaders, type Exchange, maxHead, tooLarge } from './answer.ts';
import type { HttpRequest } from './request.ts';

export interface ExchangeOptions extends Pick<ProbeContext, 'signal' | 'timeoutMs'> {
  /** Whether the body is kept. */
  readonly wantsBody: boolean;
  /** In place of the path: the whole URL for a proxy. */
  readonly target?: string;
}

/** A request and its answer over HTTP/1.1 on a socket of one's own, which is destroyed at the end. Never rejects. */
export async function exchangeHttp1(
  socket: Socket,
  request: HttpRequest,
  options: ExchangeOptions,
): Promise<Exchange> {
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const { signal } = options;
  const exchange = new Http1Exchange(options, resolve);
  const giveUp = (): void => exchange.giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  else exchange.start(socket, request);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}

class Http1Exchange {
  readonly #options: ExchangeOptions;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #collector: BodyCollector;
  #sentAt: number | null = null;
  #firstByteAt: number | null = null;
  #status: number | undefined;

  constructor(options: ExchangeOptions, resolve: (exchange: Exchange) => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#collector = new BodyCollector(options.wantsBody);
  }

  start(socket: Socket, request: HttpRequest): void {
    try {
      this.#send(socket, request);
    } catch (thrown) {
      // Node refuses some characters in a field; what they were is not told, since it may be a secret.
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

  #send(socket: Socket, { url, method, headers, body }: HttpRequest): void {
    const sent = requestHttp({
      method,
      path: this.#options.target ?? `${url.pathname}${url.search}`,
      headers: {
        host: url.host,
        ...headers,
        connection: 'close',
        ...(body && { 'content-length': String(body.length) }),
      },
      setHost: false,
      maxHeaderSize: maxHead,
      createConnection: () => socket,
    });
    // After Node has its own listener, so that no byte is missed by it.
    sent.once('socket', () => {
      socket.once('data', () => {
        this.#firstByteAt ??= performance.now();
      });
    });
    this.#listen(sent);
    sent.end(body ?? undefined);
  }

  #listen(sent: ClientRequest): void {
    sent.once('finish', () => {
      this.#sentAt = performance.now();
    });
    sent.once('response', (response) => this.#receive(response));
    sent.once('upgrade', () =>
      this.#fail(makeReason('PROTOCOL', 'the server switched protocols', 'processing')),
    );
    sent.on('error', (error: NodeJS.ErrnoException) => this.#fail(this.#describe(error)));
  }

  #receive(response: IncomingMessage): void {
    const now = performance.now();
    this.#firstByteAt ??= now;
    this.#status = response.statusCode ?? 0;
    response.on('data', (piece: Buffer) => {
      if (!this.#collector.take(piece)) this.#fail(tooLarge('transfer'));
    });
    response.on('error', (error) => this.#fail(this.#describe(error)));
    response.once('close', () => this.#fail(this.#describe({ name: '', message: '', code: 'ECONNRESET' })));
    response.once('end', () => {
      if (!response.complete) return;
      const answer = {
        status: this.#status ?? 0,
        version: response.httpVersion,
        headers: collectHeaders(response.rawHeaders),
        body: this.#collector.body(),
        bytes: this.#collector.bytes,
      };
      this.#resolve({ failure: null, answer, ...this.#times() });
    });
  }

  #fail(failure: Reason): void {
    this.#resolve({ failure, answer: null, status: this.#status, ...this.#times() });
  }

  #phase(): 'processing' | 'transfer' {
    return this.#status === undefined ? 'processing' : 'transfer';
  }

  #times(): Pick<Exchange, 'processingMs' | 'transferMs'> {
    const first = this.#firstByteAt;
    if (first === null) return { processingMs: null, transferMs: null };
    // An answer that comes before the request is whole has taken no time.
    const processingMs = roundMs(Math.max(0, first - (this.#sentAt ?? first)));
    return { processingMs, transferMs: roundMs(performance.now() - first) };
  }

  #describe(error: NodeJS.ErrnoException): Reason {
    const code = error.code ?? 'PROTOCOL';
    const phase = this.#phase();
    if (code === 'HPE_HEADER_OVERFLOW') return tooLarge('processing');
    if (code.startsWith('HPE_')) return makeReason('PROTOCOL', `the answer is not HTTP/1 (${code})`, phase);
    if (code !== 'ECONNRESET') return makeReason(code, describeErrno(code), phase);
    const message =
      this.#status === undefined
        ? 'the connection was closed without an answer'
        : `the connection was closed before the answer was whole, after ${this.#collector.bytes} bytes of its body`;
    return makeReason(code, message, phase);
  }
}
