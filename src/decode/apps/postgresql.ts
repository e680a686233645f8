import { u32 } from '../packet/bytes.ts';
import type { AppParser, AppProtocol, Conversation } from './protocol.ts';
import { startsWith } from './text.ts';

/** Codes in place of a protocol version (PostgreSQL manual, chapter Message Formats). */
const cancelRequest = 80877102;
const sslRequest = 80877103;
const encryptionRequest = 80877104;
const version3 = 196608;
/** As MAX_STARTUP_PACKET_LENGTH of the server. */
const maxStartupBytes = 10_000;

export const postgresql: AppProtocol = {
  name: 'postgresql',
  transports: ['tcp'],
  ports: [5432],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || !fromClient || bytes[start] !== 0) return 'no';
    if (end - start < 8) return 'more';
    const length = u32(bytes, start);
    const code = u32(bytes, start + 4);
    if (code === sslRequest || code === encryptionRequest) return length === 8 ? 'yes' : 'no';
    if (code === cancelRequest) return length === 16 ? 'yes' : 'no';
    if (code !== version3 || length < 9 || length > maxStartupBytes) return 'no';
    if (end - start < 13) return 'more';
    return ['user', 'data', 'appl', 'clie', 'repl', 'opti'].some((name) =>
      startsWith(bytes, start + 8, end, name),
    )
      ? 'yes'
      : 'no';
  },
  makeParser: (conversation) => new PostgresqlParser(conversation),
};

/** After a request for TLS the server answers one letter: `S` for yes. */
class PostgresqlParser implements AppParser {
  readonly #conversation: Conversation;
  #asked = false;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (fromClient) {
      this.#asked = end - start === 8 && u32(bytes, start + 4) === sslRequest;
      return;
    }
    if (this.#asked && bytes[start] === 0x53)
      this.#conversation.secure({ fromClient, bytes, start: start + 1, end, timeMs });
    this.#asked = false;
  }

  gap(): void {
    this.#asked = false;
  }

  end(): void {}
}
