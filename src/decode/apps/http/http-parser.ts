import type { AppParser, Conversation } from '../protocol.ts';
import { Exchanges } from './exchanges.ts';
import type { HeadFields } from './head-fields.ts';
import { Http2Parser } from './http2/http2-parser.ts';
import { MessageReader, type MessageSink } from './message-reader.ts';
import type { StartLine } from './start-line.ts';

/** Reads an HTTP/1 connection: its messages on both sides, until it ends or becomes something else. */
export class HttpParser implements AppParser {
  readonly #conversation: Conversation;
  /** Of requests by the client, and of ones that the other end makes. */
  readonly #exchanges: readonly [Exchanges, Exchanges];
  readonly #readers: readonly [MessageReader, MessageReader];
  #upgrade: string | null = null;
  #switched = false;
  #next: Http2Parser | null = null;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    this.#exchanges = [new Exchanges(conversation, true), new Exchanges(conversation, false)];
    this.#readers = [this.#makeReader(0), this.#makeReader(1)];
  }

  get held(): number {
    const [asked, answered] = this.#exchanges;
    const [client, server] = this.#readers;
    return asked.held + answered.held + client.held + server.held + (this.#next?.held ?? 0);
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#next) {
      this.#next.data(fromClient, bytes, start, end, timeMs);
      return;
    }
    if (this.#switched) return;
    const at = this.#readers[fromClient ? 0 : 1].read(bytes, start, end, timeMs);
    if (!this.#switched) return;
    if (this.#upgrade === 'websocket') this.#conversation.rename('websocket');
    else if (this.#upgrade === 'h2c') this.#goOn(fromClient, bytes, at, end, timeMs);
    else this.#conversation.restart({ fromClient, bytes, start: at, end, timeMs });
  }

  gap(fromClient: boolean, length: number, timeMs: number): void {
    if (this.#next) this.#next.gap(fromClient, length);
    else if (!this.#switched) this.#readers[fromClient ? 0 : 1].gap(length, timeMs);
  }

  sideEnded(fromClient: boolean, timeMs: number): void {
    if (!this.#switched) this.#readers[fromClient ? 0 : 1].end(timeMs);
  }

  reminded(timeMs: number): void {
    for (const exchanges of this.#exchanges) exchanges.giveUpWaiting(timeMs);
  }

  end(timeMs: number): void {
    if (!this.#switched) for (const reader of this.#readers) reader.end(timeMs);
    this.#next?.end();
    for (const exchanges of this.#exchanges) exchanges.end();
  }

  /** As HTTP/2, in which the request that asked for it is answered. */
  #goOn(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    this.#conversation.rename('http2');
    this.#next = new Http2Parser(this.#conversation, this.#exchanges[0].takeUpgraded());
    if (start < end) this.#next.data(fromClient, bytes, start, end, timeMs);
  }

  #makeReader(side: 0 | 1): MessageReader {
    const asked = this.#exchanges[side];
    const answered = this.#exchanges[side === 0 ? 1 : 0];
    let kind: StartLine['kind'] = side === 0 ? 'request' : 'answer';
    const sink: MessageSink = {
      onStart: (line, timeMs) => {
        kind = line.kind;
        const other = this.#readers[side === 0 ? 1 : 0];
        other.settle(timeMs);
        if (line.kind === 'request') asked.startRequest(line, timeMs, other.announced);
        else answered.startAnswer(line, timeMs);
      },
      onHead: (fields, timeMs) => {
        if (kind === 'request') return asked.headOfRequest(fields, timeMs);
        this.#upgrade = nameUpgrade(fields);
        return answered.headOfAnswer(fields, timeMs);
      },
      onBody: (bytes) => {
        if (kind === 'request') asked.addRequestBytes(bytes);
        else answered.addAnswerBytes(bytes);
      },
      onEnd: () => {
        if (kind === 'request') asked.endRequest();
        else answered.endAnswer();
      },
      onSwitch: () => {
        this.#switched = true;
        if (this.#upgrade !== 'h2c') answered.endAnswer();
      },
      onLost: () => {
        if (kind === 'answer') answered.loseAnswers();
      },
      expectsMore: () => kind === 'request' || answered.waiting > 0,
      malformed: () => this.#conversation.malformed(),
    };
    return new MessageReader(sink);
  }
}

/** The protocol that an answer changes to, in small letters. */
function nameUpgrade(fields: HeadFields): string | null {
  return fields.get('upgrade')?.toLowerCase() ?? null;
}
