import type { Exchanges } from './exchanges.ts';
import type { HeadFields } from './head-fields.ts';
import { MessageReader, type MessageSink } from './message-reader.ts';
import type { StartLine } from './start-line.ts';

/** What a side needs of the connection it belongs to. */
export interface HttpConnection {
  /** The protocol that the last answer changes to, in small letters, and whether it has. */
  upgrade: string | null;
  switched: boolean;
  /** The requests that the client makes, or that the other end does. */
  exchanges(ofClient: boolean): Exchanges;
  /** A side begins a message: how much the body of the other's has left, as far as that is known. */
  settleOther(fromClient: boolean, timeMs: number): number;
  malformed(): void;
}

/** The messages of one side of a connection: requests, or answers to those of the other, whichever end they come from. */
export class HttpSide implements MessageSink {
  readonly reader: MessageReader;
  readonly #connection: HttpConnection;
  readonly #fromClient: boolean;
  #isAnswer: boolean;

  constructor(connection: HttpConnection, fromClient: boolean) {
    this.reader = new MessageReader(this);
    this.#connection = connection;
    this.#fromClient = fromClient;
    this.#isAnswer = !fromClient;
  }

  onStart(line: StartLine, timeMs: number): void {
    this.#isAnswer = line.kind === 'answer';
    const announced = this.#connection.settleOther(this.#fromClient, timeMs);
    if (line.kind === 'answer') this.#exchanges.startAnswer(line, timeMs);
    else this.#exchanges.startRequest(line, timeMs, announced);
  }

  onHead(fields: HeadFields, timeMs: number): number {
    if (!this.#isAnswer) return this.#exchanges.headOfRequest(fields, timeMs);
    this.#connection.upgrade = fields.get('upgrade')?.toLowerCase() ?? null;
    return this.#exchanges.headOfAnswer(fields, timeMs);
  }

  onBody(bytes: number): void {
    if (this.#isAnswer) this.#exchanges.addAnswerBytes(bytes);
    else this.#exchanges.addRequestBytes(bytes);
  }

  onEnd(): void {
    if (this.#isAnswer) this.#exchanges.endAnswer();
    else this.#exchanges.endRequest();
  }

  onSwitch(): void {
    this.#connection.switched = true;
    if (this.#connection.upgrade !== 'h2c') this.#exchanges.endAnswer();
  }

  onLost(): void {
    if (this.#isAnswer) this.#exchanges.loseAnswers();
  }

  expectsMore(): boolean {
    return !this.#isAnswer || this.#exchanges.waiting > 0;
  }

  malformed(): void {
    this.#connection.malformed();
  }

  /** What the message under way belongs to: requests of this side, or those of the other that it answers. */
  get #exchanges(): Exchanges {
    return this.#connection.exchanges(this.#fromClient !== this.#isAnswer);
  }
}
