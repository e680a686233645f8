import type { AppParser, Conversation } from '../protocol.ts';
import { Exchanges } from './exchanges.ts';
import { type HttpConnection, HttpSide } from './http-side.ts';
import { Http2Parser } from './http2/http2-parser.ts';

/**
 * Reads an HTTP/1 connection: its messages on both sides, until it ends or becomes something else. Most connections are
 * one request, so that what such have no use for is made when it is needed.
 */
export class HttpParser implements AppParser, HttpConnection {
  upgrade: string | null = null;
  switched = false;
  readonly #conversation: Conversation;
  readonly #requests: Exchanges;
  /** Requests that the other end makes. */
  #backward: Exchanges | null = null;
  #client: HttpSide | null = null;
  #server: HttpSide | null = null;
  #next: Http2Parser | null = null;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    this.#requests = new Exchanges(conversation, true);
  }

  get held(): number {
    const requests = this.#requests.held + (this.#backward?.held ?? 0);
    const messages = (this.#client?.reader.held ?? 0) + (this.#server?.reader.held ?? 0);
    return requests + messages + (this.#next?.held ?? 0);
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#next) {
      this.#next.data(fromClient, bytes, start, end, timeMs);
      return;
    }
    if (this.switched) return;
    const at = this.#side(fromClient).reader.read(bytes, start, end, timeMs);
    if (!this.switched) return;
    if (this.upgrade === 'websocket') this.#conversation.rename('websocket');
    else if (this.upgrade === 'h2c') this.#goOn(fromClient, bytes, at, end, timeMs);
    else this.#conversation.restart({ fromClient, bytes, start: at, end, timeMs });
  }

  gap(fromClient: boolean, length: number, timeMs: number): void {
    if (this.#next) this.#next.gap(fromClient, length);
    else if (!this.switched) this.#side(fromClient).reader.gap(length, timeMs);
  }

  sideEnded(fromClient: boolean, timeMs: number): void {
    if (!this.switched) this.#side(fromClient).reader.end(timeMs);
  }

  reminded(timeMs: number): void {
    this.#requests.giveUpWaiting(timeMs);
    this.#backward?.giveUpWaiting(timeMs);
  }

  end(timeMs: number): void {
    if (!this.switched) {
      this.#client?.reader.end(timeMs);
      this.#server?.reader.end(timeMs);
    }
    this.#next?.end();
    this.#requests.end();
    this.#backward?.end();
  }

  exchanges(ofClient: boolean): Exchanges {
    if (ofClient) return this.#requests;
    this.#backward ??= new Exchanges(this.#conversation, false);
    return this.#backward;
  }

  settleOther(fromClient: boolean, timeMs: number): number {
    const other = fromClient ? this.#server : this.#client;
    if (!other) return 0;
    other.reader.settle(timeMs);
    return other.reader.announced;
  }

  malformed(): void {
    this.#conversation.malformed();
  }

  #side(fromClient: boolean): HttpSide {
    if (fromClient) {
      this.#client ??= new HttpSide(this, true);
      return this.#client;
    }
    this.#server ??= new HttpSide(this, false);
    return this.#server;
  }

  /** As HTTP/2, in which the request that asked for it is answered. */
  #goOn(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    this.#conversation.rename('http2');
    this.#next = new Http2Parser(this.#conversation, {
      begins: 'preface',
      upgraded: this.#requests.takeUpgraded(),
    });
    if (start < end) this.#next.data(fromClient, bytes, start, end, timeMs);
  }
}
