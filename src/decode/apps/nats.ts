import type { AppParser, AppProtocol, Conversation } from './protocol.ts';
import { mayStartWith, startsWith } from './text.ts';

const greeting = 'INFO {';

/** The server's first line (NATS client protocol). With `tls_required` what follows is TLS. */
export const nats: AppProtocol = {
  name: 'nats',
  transports: ['tcp'],
  ports: [4222],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || fromClient) return 'no';
    if (startsWith(bytes, start, end, greeting)) return 'yes';
    return mayStartWith(bytes, start, end, greeting) ? 'more' : 'no';
  },
  makeParser: (conversation) => new NatsParser(conversation),
};

/** A client that answers the greeting with a TLS record rather than a command has been told to. */
class NatsParser implements AppParser {
  readonly #conversation: Conversation;
  #done = false;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#done || !fromClient) return;
    this.#done = true;
    if (bytes[start] === 0x16) this.#conversation.secure({ fromClient, bytes, start, end, timeMs });
  }

  gap(): void {}

  end(): void {}
}
