/** A conversation over a connection: what is sent, what is waited for, and why it went no further. */
import type { Socket } from 'node:net';
import type { Reason } from '../../wire/probe.ts';
import { showText } from './payload.ts';
import type { ProbeContext } from './probe.ts';
import { describeErrno, makeReason } from './run.ts';

/** Bytes that may wait to be taken: a server that says more than anybody asked for is cut off. */
const usualPending = 16 * 1024;
/** Bytes of one conversation in all. */
const maxHeard = 1 << 20;

/** Why a probe went no further; thrown inside of one, and never out of it. */
export class ProbeFailure extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reason.message);
    this.reason = reason;
  }
}

/** How many bytes of what came are what was waited for; -1 when more has to come. */
export type Find = (pending: Buffer) => number;

/** Reads a connected socket until `release`, or the end of the probe. All that goes wrong is thrown as ProbeFailure. */
export class Conversation {
  readonly #socket: Socket;
  readonly #name: string;
  readonly #context: Pick<ProbeContext, 'signal' | 'timeoutMs'>;
  readonly #maxPending: number;
  readonly #hear = (bytes: Buffer): void => this.#take(bytes);
  readonly #fail = (error: NodeJS.ErrnoException): void => this.#stop(error.code ?? 'EIO');
  readonly #close = (): void => this.#stop('EOF');
  readonly #abort = (): void => this.#stop('TIMEOUT');
  #pending: Buffer = Buffer.alloc(0);
  #heard = 0;
  #stopped: string | null = null;
  #wake: (() => void) | undefined;

  /** `name` is the other end in messages; `maxPending` are the bytes that may wait to be taken. */
  constructor(
    socket: Socket,
    name: string,
    context: Pick<ProbeContext, 'signal' | 'timeoutMs'>,
    maxPending = usualPending,
  ) {
    this.#maxPending = maxPending;
    this.#socket = socket;
    this.#name = name;
    this.#context = context;
    socket.on('data', this.#hear).on('error', this.#fail).on('end', this.#close).on('close', this.#close);
    if (context.signal.aborted) this.#abort();
    else context.signal.addEventListener('abort', this.#abort, { once: true });
  }

  send(bytes: Uint8Array | string): void {
    // What fails shows where the next answer is waited for.
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** Waits until `find` finds what is described by `what`, and takes it. */
  async take(find: Find, what: string): Promise<Buffer> {
    for (;;) {
      const length = find(this.#pending);
      if (length >= 0) {
        const taken = this.#pending.subarray(0, length);
        this.#pending = this.#pending.subarray(length);
        if (this.#pending.length < this.#maxPending) this.#socket.resume();
        return taken;
      }
      if (this.#stopped !== null) throw new ProbeFailure(this.#explain(this.#stopped, what));
      if (this.#pending.length >= this.#maxPending) {
        const message = `${this.#name} says more than ${this.#maxPending} bytes without ${what}`;
        throw new ProbeFailure(makeReason('TOO_LARGE', message, 'processing'));
      }
      await this.#news();
    }
  }

  /** Waits for as many bytes. */
  async takeBytes(count: number, what: string): Promise<Buffer> {
    return await this.take((pending) => (pending.length >= count ? count : -1), what);
  }

  /** Waits for a line, and takes it without its end. */
  async takeLine(what: string): Promise<string> {
    const line = await this.take((pending) => pending.indexOf(0x0a) + 1 || -1, what);
    return line.toString('utf8').replace(/\r?\n$/, '');
  }

  /** Lets what has begun to come go on until the end of a line, or for that long. */
  async rest(mostMs: number): Promise<void> {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      this.#wake?.();
    }, mostMs);
    while (!isOver && this.#stopped === null && this.#pending.at(-1) !== 0x0a) await this.#news();
    clearTimeout(timer);
  }

  /** What has come and was not taken, as text to show. */
  get shown(): string {
    return showText(this.#pending);
  }

  /** Gives the socket back, for TLS; null when something is left that nobody waited for. */
  release(): Socket | null {
    const { signal } = this.#context;
    signal.removeEventListener('abort', this.#abort);
    this.#socket.off('data', this.#hear).off('end', this.#close).off('close', this.#close).pause();
    if (this.#pending.length > 0) return null;
    this.#socket.off('error', this.#fail);
    return this.#socket;
  }

  #news(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    return promise;
  }

  #take(bytes: Buffer): void {
    this.#heard += bytes.length;
    if (this.#heard > maxHeard) this.#stop('TOO_LARGE');
    if (this.#stopped === 'TOO_LARGE') return;
    this.#pending = Buffer.concat([this.#pending, bytes]);
    if (this.#pending.length >= this.#maxPending) this.#socket.pause();
    this.#wake?.();
  }

  #stop(why: string): void {
    this.#stopped ??= why;
    this.#wake?.();
  }

  /** A wrong word is told of as such, however the wait for the right one ended. */
  #explain(why: string, what: string): Reason {
    const { timeoutMs } = this.#context;
    const reason = (code: string, message: string): Reason =>
      makeReason(code, `${this.#name} ${message}`, 'processing');
    if (why === 'TOO_LARGE') return reason(why, `says more than ${maxHeard} bytes`);
    if (this.#pending.length > 0)
      return reason('UNEXPECTED_REPLY', `says ${JSON.stringify(this.shown.slice(0, 200))}, not ${what}`);
    if (why === 'TIMEOUT') return reason(why, `does not say ${what} within ${timeoutMs} ms`);
    if (why === 'EOF') return reason('PROTOCOL', `closed the connection before it said ${what}`);
    return reason(why, `did not say ${what}: ${describeErrno(why)}`);
  }
}
