import { AgingMap } from '../../../base/aging-map.ts';
import { u16 } from '../../packet/bytes.ts';
import type { AppParser, AppProtocol, Conversation, Sample } from '../protocol.ts';
import { HandshakeReader, type HandshakeSink } from './handshake-reader.ts';
import { Pieces } from './pieces.ts';
import { contentTypes } from './records.ts';
import { TlsSession } from './session.ts';

/** Record header: type, version, epoch, sequence number, length; RFC 6347 section 4.1. */
const recordHeadBytes = 13;
/** Handshake header: type, length, message number, offset and length of the fragment; RFC 6347 section 4.2.2. */
const handshakeHeadBytes = 12;
/** Messages of a side put together at once; they come one after the other unless some are lost. */
const maxMessages = 8;
/** Records looked at in a datagram. */
const maxRecords = 64;

/** DTLS, RFC 6347 and 9147. */
export const dtls: AppProtocol = {
  name: 'dtls',
  transports: ['udp'],
  ports: [],
  recognise: (sample) => (isDtls(sample) ? 'yes' : 'no'),
  makeParser: (conversation) => new DtlsParser(conversation),
};

/** One record after the other up to the datagram's end; of a handshake in clear text its header has to fit. */
function isDtls({ bytes, start, end }: Sample): boolean {
  let at = start;
  for (let i = 0; i < maxRecords && at < end; i++) {
    const next = endOfRecord(bytes, at, end);
    if (next < 0) return false;
    if (bytes[at] === contentTypes.handshake && isClear(bytes, at) && !isHandshake(bytes, at, next))
      return false;
    at = next;
  }
  return at === end && end > start;
}

/** Where the record at `at` ends; -1 when there is none. */
function endOfRecord(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < recordHeadBytes) return -1;
  const type = bytes[at];
  const version = u16(bytes, at + 1);
  const length = u16(bytes, at + 11);
  if (type < contentTypes.changeCipherSpec || type > 26 || length === 0) return -1;
  // DTLS 1.0, 1.2, and what OpenSSL called 1.0 before there was one
  if (version !== 0xfeff && version !== 0xfefd && version !== 0x0100) return -1;
  const next = at + recordHeadBytes + length;
  return next > end ? -1 : next;
}

/** Whether a record is of the first epoch, which is not encrypted. */
const isClear = (bytes: Uint8Array, at: number): boolean => u16(bytes, at + 3) === 0;

function isHandshake(bytes: Uint8Array, record: number, end: number): boolean {
  const at = record + recordHeadBytes;
  if (end - at < handshakeHeadBytes) return false;
  return fragmentEnd(bytes, at) <= u24(bytes, at + 1) && u24(bytes, at + 9) <= end - at - handshakeHeadBytes;
}

const u24 = (bytes: Uint8Array, at: number): number => (bytes[at] << 16) | u16(bytes, at + 1);
const fragmentEnd = (bytes: Uint8Array, at: number): number => u24(bytes, at + 6) + u24(bytes, at + 9);

interface Message {
  readonly reader: HandshakeReader;
  readonly pieces: Pieces;
}

interface Handshake {
  readonly session: TlsSession;
  readonly client: DtlsSide;
  readonly server: DtlsSide;
}

/** The handshake messages of one side, put together from their fragments. */
class DtlsSide implements HandshakeSink {
  readonly #session: TlsSession;
  readonly #conversation: Conversation;
  readonly #fromClient: boolean;
  readonly #messages = new AgingMap<number, Message>();
  #timeMs = 0;

  constructor(session: TlsSession, conversation: Conversation, fromClient: boolean) {
    this.#session = session;
    this.#conversation = conversation;
    this.#fromClient = fromClient;
  }

  /** The fragments of a record. */
  record(bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    this.#timeMs = timeMs;
    let at = start;
    while (end - at >= handshakeHeadBytes) {
      const length = u24(bytes, at + 9);
      const body = at + handshakeHeadBytes;
      if (length > end - body || fragmentEnd(bytes, at) > u24(bytes, at + 1)) {
        this.broken();
        return;
      }
      this.#fragment(bytes, at, body, body + length);
      at = body + length;
    }
  }

  message(type: number, bytes: Uint8Array, start: number, end: number, whole: boolean): void {
    this.#session.message(type, bytes, start, end, whole, this.#fromClient, this.#timeMs);
  }

  broken(): void {
    this.#conversation.malformed();
  }

  get held(): number {
    let bytes = 0;
    for (const { reader, pieces } of this.#messages.values()) bytes += reader.held + pieces.held;
    return bytes;
  }

  end(): void {
    for (const { reader } of this.#messages.values()) reader.cut();
  }

  #fragment(bytes: Uint8Array, head: number, start: number, end: number): void {
    const number = u16(bytes, head + 4);
    const message = this.#messages.get(number) ?? this.#begin(number, bytes, head);
    message.pieces.add(u24(bytes, head + 6), bytes, start, end);
  }

  /** A stream of one message, which begins as in TLS. The oldest one makes place. */
  #begin(number: number, bytes: Uint8Array, head: number): Message {
    if (this.#messages.size >= maxMessages) this.#messages.removeOldest();
    const reader = new HandshakeReader(this);
    const message = {
      reader,
      pieces: new Pieces((piece, start, end) => reader.data(piece, start, end)),
    };
    this.#messages.set(number, message);
    reader.data(bytes, head, head + 4);
    return message;
  }
}

class DtlsParser implements AppParser {
  #handshake: Handshake | null;

  constructor(conversation: Conversation) {
    const session = new TlsSession(conversation, 'udp');
    this.#handshake = {
      session,
      client: new DtlsSide(session, conversation, true),
      server: new DtlsSide(session, conversation, false),
    };
  }

  get held(): number {
    return this.#handshake ? this.#handshake.client.held + this.#handshake.server.held : 0;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (!this.#handshake) return;
    const { session, client, server } = this.#handshake;
    const side = fromClient ? client : server;
    let at = start;
    for (let i = 0; i < maxRecords; i++) {
      const next = endOfRecord(bytes, at, end);
      if (next < 0) break;
      if (bytes[at] === contentTypes.handshake && isClear(bytes, at))
        side.record(bytes, at + recordHeadBytes, next, timeMs);
      else if (bytes[at] !== contentTypes.handshake) session.flush();
      at = next;
    }
    if (session.settled) this.#handshake = null;
  }

  gap(): void {}

  end(): void {
    if (!this.#handshake) return;
    const { session, client, server } = this.#handshake;
    this.#handshake = null;
    client.end();
    server.end();
    session.flush();
  }
}
