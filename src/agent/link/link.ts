import type { WebSocket } from 'ws';
import { backoffMs } from '../../base/backoff.ts';
import { describeError } from '../../base/errors.ts';
import type { Component } from '../../platform/lifecycle.ts';
import type { Reporter } from '../../platform/reporter.ts';
import type { DurableRecord } from '../../wire/link.ts';
import type { IdentityKeeper } from '../identity/keeper.ts';
import type { OrderDesk } from '../orders/desk.ts';
import { dialServer, isOverTls, linkUrl } from './dial.ts';
import { isUrgent, kindOf } from './importance.ts';
import { type Hello, LinkSession } from './session.ts';
import type { LiveSource, RecordSink } from './source.ts';
import { Spool, type SpoolOptions } from './spool.ts';
import { answersPing } from './witness.ts';

export interface LinkOptions {
  /** `http://host:port`, `https://host:port` or `unix:/path`; null to wait for a server that dials. */
  readonly server: string | null;
  readonly hello: Hello;
  readonly spool: SpoolOptions;
  /** Sent as a bearer token. */
  readonly token?: string;
  /** Of an enrolled agent: by it an https server knows this agent, and it knows the server. */
  readonly identity?: IdentityKeeper;
  /** Takes the server's orders. */
  readonly orders?: OrderDesk;
  /** Of the set of monitors that it has of a server; null for none. */
  readonly monitorsRevision?: () => number | null;
}

/** What the link is doing, for the agent's own health. */
export interface LinkStatus {
  readonly connected: boolean;
  /** The server that holds the link, as it was dialled or as it came in. */
  readonly server: string | null;
  /** Why it is not, null while it is. */
  readonly reason: string | null;
  readonly spooled_records: number;
  /** Those of them that are not on disk yet, at most of the last second. */
  readonly unwritten_records: number;
  readonly spooled_bytes: number;
  /** What the records that it has given up stood for. */
  readonly lost: number;
  /** Why the spool cannot be written, so that records wait in memory; null while it can. */
  readonly spool_problem: string | null;
}

/** What was recorded goes to disk, and from there to the server, this long after the first of it. */
const flushMs = 1_000;
/** The same for what somebody may be waiting for. A flush of a few records takes 0.05 to 0.12 ms. */
const urgentFlushMs = 100;
/** A link that lasted this long, or brought an acknowledgement, was a success: the next wait is short again. */
const settledMs = 5_000;
const retry = { firstMs: 100, longestMs: 10_000 };
/** After the server has turned this agent away, which mostly lasts: but a busy one may not have seen yet that a link broke. */
const retryRefused = { firstMs: 1_000, longestMs: 15_000 };
/** Longest wait for the last acknowledgement when stopping. */
const drainMs = 1_000;

/**
 * The agent's end of the link (wire/link.ts): dials until it is stopped, or takes over what a server has dialled, keeps
 * durable records in the spool until the server has committed them, sends live frames as the server asks. One server at
 * a time holds the link, the one that came first: what it acknowledges is deleted, so two would each get a part.
 */
export class AgentLink implements RecordSink, Component {
  readonly name = 'link';
  readonly #options: LinkOptions;
  readonly #source: LiveSource;
  readonly #reporter: Reporter;
  #spool: Spool | null = null;
  #socket: WebSocket | null = null;
  #session: LinkSession | null = null;
  /** Who is at the other end of `#socket`. */
  #peer: string | null = null;
  /** Its IP address, where it is known. */
  #peerIp: string | null = null;
  #reason: string | null = 'not started';
  #failures = 0;
  #welcomedAt = 0;
  #refused = false;
  /** Whether what is sent is checked first, since a server refused something. */
  #strict = false;
  #stopping: (() => void) | null = null;
  /** Of the spool's file, as they were logged last. */
  #problem: string | null = null;
  #discarded: string | null = null;
  #dialTimer: NodeJS.Timeout | undefined;
  #flushTimer: NodeJS.Timeout | undefined;
  #flushAt = 0;

  constructor(options: LinkOptions, source: LiveSource, reporter: Reporter) {
    this.#options = options;
    this.#source = source;
    this.#reporter = reporter;
  }

  /** Opens the spool and begins to dial. Throws NM_BAD_CONFIG or NM_SYSTEM. */
  start(): void {
    const { server } = this.#options;
    if (server !== null) linkUrl(server);
    this.#spool = new Spool(this.#options.spool);
    this.#tellOfSpool();
    this.#reason = server === null ? 'no server has dialled this agent' : null;
    this.#source.onReading?.(() => this.#session?.onReading());
    this.#armFlush();
    this.#dial();
  }

  /** Who holds the link, so that no other server may; null when it is free. */
  get holder(): string | null {
    return this.#session === null ? null : this.#peer;
  }

  /** Whether a server holds the link and is there still; one that gives no sign of life within two seconds loses it. */
  async isHeld(): Promise<boolean> {
    const [socket, session] = [this.#socket, this.#session];
    if (!socket || !session) return false;
    if (await session.isAlive()) return true;
    if (socket !== this.#socket) return this.isHeld();
    this.#reason = 'the server has fallen silent, and another connection came';
    socket.terminate();
    this.#onClosed(socket);
    return false;
  }

  /** Takes over an open socket that a server has dialled; false when the link is held, or the agent stops. */
  adopt(socket: WebSocket, peer: string, isTls = false, peerIp: string | null = null): boolean {
    if (!this.#spool || this.#session || this.#stopping) return false;
    clearTimeout(this.#dialTimer);
    const dialled = this.#socket;
    this.#hold(socket, peer);
    this.#peerIp = peerIp;
    dialled?.terminate();
    this.#begin(socket, isTls);
    return true;
  }

  /** The server's address, and a way to ask whether it hears this agent now; null while there is no link over a network. */
  get witness(): { readonly ip: string; readonly ask: () => Promise<boolean> } | null {
    const socket = this.#socket;
    if (!socket || !this.#session?.welcomed || this.#peerIp === null) return null;
    return { ip: this.#peerIp, ask: () => answersPing(socket) };
  }

  /** Writes what is left, gives the server a second to take it, and closes. */
  async stop(): Promise<void> {
    const spool = this.#spool;
    if (!spool) return;
    clearTimeout(this.#dialTimer);
    this.#flush();
    if (this.#session?.welcomed && !this.#session.drained) await this.#drain();
    this.#flush();
    clearTimeout(this.#flushTimer);
    this.#spool = null;
    this.#session?.end();
    this.#session = null;
    this.#socket?.close(1000);
    this.#socket = null;
    spool[Symbol.dispose]();
  }

  record(record: DurableRecord): void {
    this.#spool?.add(record);
    this.#armFlush(isUrgent(kindOf(record)) ? urgentFlushMs : flushMs);
  }

  status(): LinkStatus {
    const size = this.#spool?.size;
    return {
      connected: this.#session?.welcomed ?? false,
      server: this.holder,
      reason: this.#reason,
      spooled_records: size?.records ?? 0,
      unwritten_records: this.#spool?.unwritten ?? 0,
      spooled_bytes: size?.bytes ?? 0,
      lost: this.#spool?.lost ?? 0,
      spool_problem: this.#spool?.problem ?? null,
    };
  }

  /** Sees to a flush within that time. */
  #armFlush(withinMs = flushMs): void {
    if (!this.#spool?.dirty) return;
    const dueAt = performance.now() + withinMs;
    if (this.#flushTimer !== undefined && this.#flushAt <= dueAt) return;
    clearTimeout(this.#flushTimer);
    this.#flushAt = dueAt;
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = undefined;
      this.#flush();
      this.#armFlush();
    }, withinMs);
  }

  #flush(): void {
    try {
      this.#spool?.flush();
    } catch {
      // The spool's problem is told of below.
    }
    this.#tellOfSpool();
    this.#session?.sendRecords();
  }

  /** Logs what has become of the spool's file since the last time. */
  #tellOfSpool(): void {
    if (!this.#spool) return;
    const { problem, discarded } = this.#spool;
    if (discarded !== this.#discarded) {
      this.#reporter.warn('set an unreadable spool aside', { file: discarded });
      this.#discarded = discarded;
    }
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem === null) this.#reporter.info('the spool can be written again');
    else this.#reporter.error('unable to write the spool; records wait in memory', { problem });
  }

  #dial(): void {
    const { server, token, identity } = this.#options;
    if (server === null) return;
    const socket = dialServer(server, token, identity?.current);
    this.#hold(socket, server);
    socket.on('upgrade', ({ socket: { remoteAddress = null } }) => {
      if (socket === this.#socket) this.#peerIp = remoteAddress;
    });
    socket.on('open', () => this.#begin(socket, isOverTls(server)));
  }

  #hold(socket: WebSocket, peer: string): void {
    this.#socket = socket;
    this.#peer = peer;
    this.#peerIp = null;
    socket.on('error', (error) => {
      if (socket === this.#socket) this.#reason = describeError(error);
    });
    socket.on('close', () => this.#onClosed(socket));
  }

  #begin(socket: WebSocket, isTls: boolean): void {
    if (socket !== this.#socket) return;
    const { hello, orders, monitorsRevision, identity } = this.#options;
    this.#session = new LinkSession(
      socket,
      hello,
      {
        source: this.#source,
        spool: this.#spool!,
        strict: this.#strict,
        from: this.#peer!,
        ...(orders && { orders }),
        ...(identity && isTls && { identity }),
        ...(monitorsRevision && { monitorsRevision }),
      },
      {
        welcomed: () => this.#onWelcomed(),
        acknowledged: () => this.#onAcknowledged(),
        refused: (code, message) => this.#onRefused(code, message),
        cleaned: (dropped, problem) =>
          this.#reporter.error('the sensors reported what no server takes; it was left out', {
            dropped,
            problem,
          }),
        renewed: () => this.#onRenewed(socket),
        broken: (reason) => {
          this.#reason = reason;
          this.#reporter.warn('the link broke', { reason });
        },
      },
    );
  }

  /** What is committed is deleted by the next flush. */
  #onAcknowledged(): void {
    this.#failures = 0;
    this.#armFlush();
    if (this.#session?.drained) this.#stopping?.();
  }

  #onWelcomed(): void {
    this.#welcomedAt = performance.now();
    this.#reason = null;
    this.#reporter.info('linked to the server', { server: this.#peer });
  }

  /** The next link shows the new certificate. */
  #onRenewed(socket: WebSocket): void {
    this.#reporter.info('this agent has a new certificate', {
      until: new Date(this.#options.identity!.current.until).toISOString(),
    });
    this.#reason = 'the certificate was renewed';
    this.#failures = 0;
    socket.close(1000, 'the certificate was renewed');
  }

  #onRefused(code: string, message: string): void {
    this.#refused = true;
    this.#reason = `the server refused this agent: ${message}`;
    this.#reporter.error('the server refused this agent', { code, reason: message });
    if (code !== 'NM_VALIDATION') return;
    // Something that was sent is not valid. It is found and left out, and then trying again soon does help.
    const replaced = this.#spool?.replaceInvalid() ?? 0;
    this.#refused = this.#strict && replaced === 0;
    this.#strict = true;
    if (replaced > 0) this.#reporter.error('replaced records that no server takes by gaps', { replaced });
  }

  #onClosed(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    if (this.#session?.welcomed) {
      this.#reporter.warn('the link to the server is down', { server: this.#peer });
      if (performance.now() - this.#welcomedAt > settledMs) this.#failures = 0;
    }
    this.#session?.end();
    this.#session = null;
    this.#stopping?.();
    this.#socket = null;
    this.#reason ??= 'the server closed the connection';
    const waitMs = backoffMs(this.#failures++, Math.random(), this.#refused ? retryRefused : retry);
    this.#refused = false;
    this.#dialTimer = setTimeout(() => this.#dial(), waitMs);
  }

  async #drain(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stopping = resolve;
    const timer = setTimeout(resolve, drainMs);
    await promise;
    clearTimeout(timer);
    clearTimeout(this.#dialTimer);
  }
}
