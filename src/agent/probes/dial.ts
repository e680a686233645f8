import { connect, type Socket } from 'node:net';
import { formatEndpoint } from '../../base/ip.ts';
import type { Reason } from '../../wire/probe.ts';
import type { ProbeContext } from './probe.ts';
import { describeErrno, makeReason, roundMs } from './run.ts';

/** An address has this long before the next one is tried beside it, RFC 8305 section 5. */
const attemptDelayMs = 250;
/** Failures that tell of this machine's own routes; that of another address says more. */
const ownFailures: ReadonlySet<string> = new Set(['ENETUNREACH', 'EHOSTUNREACH']);

/** What this machine has run out of; says nothing of the target. */
const wants: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

export type Dialled =
  | { readonly failure: null; readonly socket: Socket; readonly ip: string; readonly connectMs: number }
  | { readonly failure: Reason; readonly ip: string; readonly connectMs: number };

type Dialling = Pick<ProbeContext, 'signal' | 'timeoutMs'>;

/**
 * A TCP connection to the first of the addresses that takes one (at least one is given; families in turn, RFC 8305). The
 * socket is the caller's to destroy; nothing else is left open. Never rejects.
 */
export async function dial(addresses: readonly string[], port: number, context: Dialling): Promise<Dialled> {
  const began = performance.now();
  const order = takeInTurn(addresses);
  const race = new Race(order, port, context);
  const { socket, ip, failure } = await race.run();
  const connectMs = roundMs(performance.now() - began);
  return socket ? { failure: null, socket, ip, connectMs } : { failure, ip, connectMs };
}

/** The family of the first address, then the other, and so on. */
function takeInTurn(addresses: readonly string[]): readonly string[] {
  const isSix = addresses[0].includes(':');
  const first = addresses.filter((ip) => ip.includes(':') === isSix);
  const other = addresses.filter((ip) => ip.includes(':') !== isSix);
  return first.flatMap((ip, i) => [ip, ...other.slice(i, i + 1)]).concat(other.slice(first.length));
}

type End =
  | { readonly socket: Socket; readonly ip: string; readonly failure?: undefined }
  | { readonly socket: null; readonly ip: string; readonly failure: Reason };

class Race {
  readonly #addresses: readonly string[];
  readonly #port: number;
  readonly #context: Dialling;
  readonly #sockets = new Set<Socket>();
  readonly #failures: { readonly ip: string; readonly code: string }[] = [];
  readonly #end = Promise.withResolvers<End>();
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(addresses: readonly string[], port: number, context: Dialling) {
    this.#addresses = addresses;
    this.#port = port;
    this.#context = context;
  }

  async run(): Promise<End> {
    const { signal } = this.#context;
    const giveUp = (): void => this.#giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    else this.#tryNext();
    const end = await this.#end.promise;
    signal.removeEventListener('abort', giveUp);
    clearTimeout(this.#timer);
    for (const socket of this.#sockets) if (socket !== end.socket) socket.destroy();
    return end;
  }

  #tryNext(): void {
    clearTimeout(this.#timer);
    const ip = this.#addresses[this.#next++];
    if (ip === undefined) return;
    const socket = connect({ host: ip, port: this.#port, noDelay: true });
    this.#sockets.add(socket);
    const fail = (error: NodeJS.ErrnoException): void => this.#fail(ip, error.code ?? 'ECONNABORTED');
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      this.#end.resolve({ socket, ip });
    });
    if (this.#next < this.#addresses.length) {
      this.#timer = setTimeout(() => this.#tryNext(), attemptDelayMs);
    }
  }

  #fail(ip: string, code: string): void {
    this.#failures.push({ ip, code });
    if (this.#failures.length < this.#addresses.length) {
      this.#tryNext();
      return;
    }
    const telling =
      this.#failures.find((each) => !ownFailures.has(each.code) && !wants.has(each.code)) ??
      this.#failures[0];
    const others = this.#failures.length > 1 ? ` (of ${this.#failures.length} addresses)` : '';
    const message = `${formatEndpoint(telling.ip, this.#port)}: ${describeErrno(telling.code)}${others}`;
    this.#end.resolve({
      socket: null,
      ip: telling.ip,
      failure: makeReason(telling.code, message, wants.has(telling.code) ? 'agent' : 'connect'),
    });
  }

  #giveUp(): void {
    const ip = this.#addresses[0];
    const message = `${formatEndpoint(ip, this.#port)}: no connection within ${this.#context.timeoutMs} ms`;
    this.#end.resolve({ socket: null, ip, failure: makeReason('TIMEOUT', message, 'connect') });
  }
}
