import type { AppParser, Conversation } from '../protocol.ts';
import { HandshakeReader } from '../tls/handshake-reader.ts';
import { Pieces } from '../tls/pieces.ts';
import { TlsSession } from '../tls/session.ts';
import { readCryptoFrames } from './frames.ts';
import { deriveInitialKeys, type InitialKeys, openInitial } from './keys.ts';
import { type LongHeader, readLongHeader } from './packet.ts';
import type { QuicVersion } from './versions.ts';

/** Packets of one flow that no key opened, after which no new keys are tried: each costs eight hashes. */
const maxFailures = 16;

/** The handshake of one side, in the order of its CRYPTO frames. */
class CryptoStream {
  readonly reader: HandshakeReader;
  readonly pieces: Pieces;
  timeMs = 0;

  constructor(session: TlsSession, conversation: Conversation, fromClient: boolean) {
    this.reader = new HandshakeReader({
      message: (type, bytes, start, end, whole) =>
        session.message(type, bytes, start, end, whole, fromClient, this.timeMs),
      broken: () => conversation.malformed(),
    });
    this.pieces = new Pieces((bytes, start, end) => this.reader.data(bytes, start, end));
  }

  frames(bytes: Uint8Array, { cryptoFrame }: QuicVersion, timeMs: number): void {
    this.timeMs = timeMs;
    readCryptoFrames(bytes, cryptoFrame, (offset, start, end) => this.pieces.add(offset, bytes, start, end));
  }
}

/** What follows from one connection id that the client chose; a Retry makes it choose another one. */
interface Connection {
  readonly keys: InitialKeys;
  /** Whether the client is the flow's. */
  readonly fromClient: boolean;
  readonly ids: [Uint8Array, Uint8Array];
  readonly client: CryptoStream;
  readonly server: CryptoStream;
}

/**
 * Reads the Initial packets of a flow, which everybody can decrypt who saw the first one. Whatever comes after the
 * server's hello is left alone, apart from packets with an unknown connection id: another connection's first.
 */
export class QuicParser implements AppParser {
  readonly #conversation: Conversation;
  #session: TlsSession;
  #connection: Connection | null = null;
  #failures = 0;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    this.#session = new TlsSession(conversation, 'quic');
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    let header = readLongHeader(bytes, start, end);
    while (header) {
      if (header.kind === 'initial') this.#initial(header, bytes, fromClient, timeMs);
      header = readLongHeader(bytes, header.end, end);
    }
  }

  gap(): void {}

  end(): void {
    this.#connection?.client.reader.cut();
    this.#session.flush();
  }

  #initial(header: LongHeader, bytes: Uint8Array, fromClient: boolean, timeMs: number): void {
    const connection = this.#connection;
    if (connection) {
      const isClient = connection.fromClient === fromClient;
      if (!isClient) connection.ids[1] = bytes.slice(header.sourceStart, header.sourceEnd);
      if (this.#session.settled && (!isClient || this.#isKnown(header, bytes))) return;
      if (!this.#session.settled && this.#open(connection, isClient, header, bytes, timeMs)) return;
      if (!isClient) return;
    }
    this.#begin(header, bytes, fromClient, timeMs);
  }

  #isKnown({ destinationStart, destinationEnd }: LongHeader, bytes: Uint8Array): boolean {
    const id = bytes.subarray(destinationStart, destinationEnd);
    return this.#connection!.ids.some(
      (known) => known.length === id.length && known.every((byte, i) => byte === id[i]),
    );
  }

  #open(
    { keys, client, server }: Connection,
    isClient: boolean,
    header: LongHeader,
    bytes: Uint8Array,
    timeMs: number,
  ): boolean {
    const { ciphers } = this.#conversation.settings;
    const content = openInitial(bytes, header, isClient ? keys.client : keys.server, ciphers);
    if (content) (isClient ? client : server).frames(content, header.version!, timeMs);
    return content !== null;
  }

  /** A first packet, when the keys that follow from its own connection id open it. */
  #begin(header: LongHeader, bytes: Uint8Array, fromClient: boolean, timeMs: number): void {
    if (this.#failures >= maxFailures || !header.version) return;
    const { ciphers } = this.#conversation.settings;
    const id = bytes.slice(header.destinationStart, header.destinationEnd);
    const keys = deriveInitialKeys(header.version, id, ciphers);
    const content = openInitial(bytes, header, keys.client, ciphers);
    if (!content) {
      this.#failures++;
      return;
    }
    this.#renew();
    const session = this.#session;
    const client = new CryptoStream(session, this.#conversation, fromClient);
    const server = new CryptoStream(session, this.#conversation, !fromClient);
    this.#connection = { keys, fromClient, ids: [id, new Uint8Array(0)], client, server };
    client.frames(content, header.version!, timeMs);
  }

  /** A session that is over makes place for that of the next connection. */
  #renew(): void {
    if (!this.#session.settled) return;
    this.#session = new TlsSession(this.#conversation, 'quic');
  }
}
