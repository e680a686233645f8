import { copyBytes } from '../../packet/bytes.ts';
import type { AppParser, Conversation } from '../protocol.ts';
import { HandshakeReader } from '../tls/handshake-reader.ts';
import { Pieces } from '../tls/pieces.ts';
import { TlsSession } from '../tls/session.ts';
import { readCryptoFrames } from './frames.ts';
import { findGoogleHello, readGooglePacket } from './google.ts';
import { deriveInitialKeys, type InitialKeys, openInitial } from './keys.ts';
import { type LongHeader, readLongHeader } from './packet.ts';
import type { QuicVersion } from './versions.ts';

/** Packets of one flow that no key opened, or that open no connection, after which no new keys are tried: each costs eight hashes. */
const maxFailures = 16;

/** Hellos of Google's handshake told of in one flow: other names are of further connections. */
const maxGoogleHellos = 8;

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

  get held(): number {
    return this.reader.held + this.pieces.held;
  }

  frames(bytes: Uint8Array, { cryptoFrame }: QuicVersion, timeMs: number): void {
    this.timeMs = timeMs;
    readCryptoFrames(bytes, cryptoFrame, (offset, start, end) => this.pieces.add(offset, bytes, start, end));
  }
}

/** What follows from one connection id that the client chose; a Retry makes it choose another one. */
interface Connection {
  /** Whether the client is the flow's. */
  readonly fromClient: boolean;
  /** What the client calls the server: at first, and once it has answered. */
  readonly ids: [Uint8Array, Uint8Array];
  /** Until the server's hello was read. */
  handshake: Handshake | null;
}

interface Handshake {
  readonly session: TlsSession;
  /** Of a version, which the server may change with its first answer (RFC 9368). */
  version: QuicVersion;
  keys: InitialKeys;
  readonly client: CryptoStream;
  readonly server: CryptoStream;
}

/**
 * Reads the Initial packets of a flow, which everybody can decrypt who saw the first one. Whatever comes after the
 * server's hello is left alone, apart from packets with an unknown connection id: another connection's first.
 */
export class QuicParser implements AppParser {
  readonly #conversation: Conversation;
  #connection: Connection | null = null;
  #failures = 0;
  #googleHellos = 0;
  #googleName: string | null = null;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    const google = readGooglePacket(bytes, start, end);
    if (google) this.#googleHello(google.version, fromClient, bytes, google.contentStart, end, timeMs);
    let header = readLongHeader(bytes, start, end, true);
    while (header) {
      if (header.kind === 'initial' && header.whole) this.#initial(header, bytes, fromClient, timeMs);
      header = readLongHeader(bytes, header.end, end, true);
    }
  }

  gap(): void {}

  get held(): number {
    const handshake = this.#connection?.handshake;
    return handshake ? handshake.client.held + handshake.server.held : 0;
  }

  /** A hello whose answer was not seen by now is told of without it. */
  reminded(): void {
    this.#connection?.handshake?.session.flush();
  }

  end(): void {
    const handshake = this.#connection?.handshake;
    handshake?.client.reader.cut();
    handshake?.session.flush();
  }

  #initial(header: LongHeader, bytes: Uint8Array, fromClient: boolean, timeMs: number): void {
    const connection = this.#connection;
    if (connection) {
      const isClient = connection.fromClient === fromClient;
      if (!isClient) connection.ids[1] = copyBytes(bytes, header.sourceStart, header.sourceEnd);
      if (
        connection.handshake
          ? this.#open(connection, isClient, header, bytes, timeMs)
          : isKnown(connection, header, bytes)
      )
        return;
      if (!isClient) return;
    }
    this.#begin(header, bytes, fromClient, timeMs);
  }

  #open(
    connection: Connection,
    isClient: boolean,
    header: LongHeader,
    bytes: Uint8Array,
    timeMs: number,
  ): boolean {
    const handshake = connection.handshake!;
    const { client, server, session } = handshake;
    const { ciphers } = this.#conversation.settings;
    if (handshake.version !== header.version) {
      handshake.version = header.version!;
      handshake.keys = deriveInitialKeys(handshake.version, connection.ids[0], ciphers);
    }
    const { keys } = handshake;
    const content = openInitial(bytes, header, isClient ? keys.client : keys.server, ciphers);
    if (!content) return false;
    (isClient ? client : server).frames(content, header.version!, timeMs);
    if (session.settled) connection.handshake = null;
    return true;
  }

  /** Google's hello is told of like one of TLS, with its own version. It comes again when the server asks for more. */
  #googleHello(
    version: string,
    fromClient: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
    timeMs: number,
  ): void {
    if (this.#googleHellos >= maxGoogleHellos) return;
    const sni = findGoogleHello(bytes, start, end);
    if (sni === undefined || (this.#googleHellos > 0 && sni === this.#googleName)) return;
    this.#googleHellos++;
    this.#googleName = sni;
    const { src, dst } = this.#conversation;
    this.#conversation.emit({
      type: 'tls',
      ts: new Date(timeMs).toISOString(),
      src: fromClient ? src : dst,
      dst: fromClient ? dst : src,
      transport: 'quic',
      version,
      sni,
      alpn: null,
      ja4: null,
      certificate: null,
    });
  }

  /** A first packet, when the keys that follow from its own connection id open it. */
  #begin(header: LongHeader, bytes: Uint8Array, fromClient: boolean, timeMs: number): void {
    if (this.#failures >= maxFailures || !header.version) return;
    const { ciphers } = this.#conversation.settings;
    const id = copyBytes(bytes, header.destinationStart, header.destinationEnd);
    const keys = deriveInitialKeys(header.version, id, ciphers);
    const content = openInitial(bytes, header, keys.client, ciphers);
    const { google, cryptoFrame } = header.version;
    if (!content || google !== undefined) this.#failures++;
    if (!content) return;
    if (google !== undefined) {
      readCryptoFrames(content, cryptoFrame, (_offset, start, end) =>
        this.#googleHello(google, fromClient, content, start, end, timeMs),
      );
      return;
    }
    // After a Retry the hello comes again in a new connection: the session that knows it goes on
    const session = this.#connection?.handshake?.session ?? new TlsSession(this.#conversation, 'quic');
    const client = new CryptoStream(session, this.#conversation, fromClient);
    const server = new CryptoStream(session, this.#conversation, !fromClient);
    const handshake = { session, version: header.version, keys, client, server };
    this.#connection = { fromClient, ids: [id, new Uint8Array(0)], handshake };
    client.frames(content, header.version, timeMs);
    this.#conversation.remind(timeMs);
  }
}

function isKnown(
  { ids }: Connection,
  { destinationStart, destinationEnd }: LongHeader,
  bytes: Uint8Array,
): boolean {
  const id = bytes.subarray(destinationStart, destinationEnd);
  return ids.some((known) => known.length === id.length && known.every((byte, i) => byte === id[i]));
}
