import { LineReader } from './lines.ts';
import type { AppParser, Conversation } from './protocol.ts';

/** Lines read of a conversation before giving up on its being secured: what asks for TLS does so early. */
const maxLines = 100;

export interface StartTlsWords {
  /** The client's request, and the server's consent to it. */
  readonly request: RegExp;
  readonly consent: RegExp;
}

/**
 * Watches a conversation of lines for the step to TLS (RFC 2595, 3207, 4217): after the server's consent it is
 * recognised anew.
 */
export class StartTlsParser implements AppParser {
  readonly #conversation: Conversation;
  readonly #words: StartTlsWords;
  readonly #client = new LineReader();
  readonly #server = new LineReader();
  #asked = false;
  #left = maxLines;

  constructor(conversation: Conversation, words: StartTlsWords) {
    this.#conversation = conversation;
    this.#words = words;
  }

  get held(): number {
    return this.#client.held + this.#server.held;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#left <= 0) return;
    if (fromClient) {
      this.#client.read(bytes, start, end, (line) => {
        this.#asked ||= this.#words.request.test(line);
        return --this.#left > 0;
      });
      return;
    }
    this.#server.read(bytes, start, end, (line, next) => {
      if (!this.#asked || !this.#words.consent.test(line)) return --this.#left > 0;
      this.#left = 0;
      this.#conversation.secure({ fromClient, bytes, start: next, end, timeMs });
      return false;
    });
  }

  gap(fromClient: boolean): void {
    (fromClient ? this.#client : this.#server).clear();
  }

  end(): void {}
}
