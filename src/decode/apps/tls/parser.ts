import { u16 } from '../../packet/bytes.ts';
import type { AppParser, Conversation } from '../protocol.ts';
import { HandshakeReader, type HandshakeSink, handshakeTypes } from './handshake-reader.ts';
import { recogniseTls } from './recognise.ts';
import { contentTypes, RecordReader, type RecordSink } from './records.ts';
import { TlsSession } from './session.ts';

/** After a gap the next record that begins with a hello is looked for in this many pieces. */
const maxResumeLooks = 16;
/** Names of HTTP in ALPN, RFC 7301 and RFC 9113. */
const httpProtocols = new Set(['http/1.0', 'http/1.1', 'h2']);

/** One side of a connection: its records, and its handshake as long as that is in clear text. */
class TlsSide implements RecordSink, HandshakeSink {
  readonly #session: TlsSession;
  readonly #conversation: Conversation;
  readonly #fromClient: boolean;
  #records = new RecordReader(this);
  #handshake = new HandshakeReader(this);
  /** Whether a ChangeCipherSpec passed, after which only a hello asked for again is in clear text. */
  #encrypted = false;
  /** The first bytes of a handshake record after it. */
  readonly #peeked = new Uint8Array(4);
  #peekedBytes = 0;
  #recordBytes = 0;
  #isRead = true;
  #timeMs = 0;
  lost = false;
  #looks = 0;

  constructor(session: TlsSession, conversation: Conversation, fromClient: boolean) {
    this.#session = session;
    this.#conversation = conversation;
    this.#fromClient = fromClient;
  }

  data(bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    this.#timeMs = timeMs;
    if (this.lost && !this.#resume(bytes, start, end)) return;
    this.#records.data(bytes, start, end);
  }

  gap(length: number): void {
    if (this.lost || this.#records.skip(length)) return;
    this.#lose();
  }

  end(): void {
    if (!this.lost) this.#handshake.cut();
  }

  record(type: number, length: number): void {
    this.#recordBytes = length;
    this.#peekedBytes = 0;
    this.#isRead = !this.#encrypted;
    if (type === contentTypes.changeCipherSpec) {
      this.#encrypted = true;
      if (!this.#fromClient) this.#session.flush();
    } else if (type === contentTypes.alert || type === contentTypes.applicationData) this.#session.flush();
  }

  handshake(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (!this.#isRead && this.#peekedBytes < 4 && at < end) {
      this.#peeked[this.#peekedBytes++] = bytes[at++];
      if (this.#peekedBytes === 4 && this.#isHello()) {
        this.#isRead = true;
        this.#handshake.data(this.#peeked, 0, 4);
      }
    }
    if (this.#isRead) this.#handshake.data(bytes, at, end);
  }

  ssl2Hello(bytes: Uint8Array, start: number, end: number): void {
    if (end - start >= 3) this.#session.offer(u16(bytes, start + 1), this.#timeMs);
  }

  message(type: number, bytes: Uint8Array, start: number, end: number, whole: boolean): void {
    this.#session.message(type, bytes, start, end, whole, this.#fromClient, this.#timeMs);
  }

  broken(): void {
    this.#conversation.malformed();
    this.#lose();
  }

  /** Whether an encrypted side's record is one clear hello, whose length is exactly the record's. */
  #isHello(): boolean {
    const [type, high, middle, low] = this.#peeked;
    if (type !== handshakeTypes.clientHello && type !== handshakeTypes.serverHello) return false;
    return ((high << 16) | (middle << 8) | low) + 4 === this.#recordBytes;
  }

  #lose(): void {
    this.lost = true;
    this.#handshake.cut();
    if (!this.#fromClient) this.#session.flush();
  }

  /** Goes on reading where a record with a hello begins. */
  #resume(bytes: Uint8Array, start: number, end: number): boolean {
    if (++this.#looks > maxResumeLooks || bytes[start] !== contentTypes.handshake) return false;
    const { transport, clientPort, serverPort } = this.#conversation;
    const about = { transport, clientPort, serverPort, fromClient: this.#fromClient, beginning: false };
    if (recogniseTls({ ...about, bytes, start, end }, false) !== 'yes') return false;
    this.lost = false;
    this.#records = new RecordReader(this);
    this.#handshake = new HandshakeReader(this);
    return true;
  }
}

/** Reads the handshake of a TLS connection; what comes after it costs nothing. */
export class TlsParser implements AppParser {
  readonly #session: TlsSession;
  readonly #client: TlsSide;
  readonly #server: TlsSide;

  /** `named` has the conversation shown as `https` where ALPN agrees on HTTP. */
  constructor(conversation: Conversation, named: boolean) {
    this.#session = new TlsSession(conversation, 'tcp', (protocol) => {
      if (named && protocol !== null && httpProtocols.has(protocol)) conversation.rename('https');
    });
    this.#client = new TlsSide(this.#session, conversation, true);
    this.#server = new TlsSide(this.#session, conversation, false);
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (this.#session.settled) return;
    (fromClient ? this.#client : this.#server).data(bytes, start, end, timeMs);
  }

  gap(fromClient: boolean, length: number): void {
    if (!this.#session.settled) (fromClient ? this.#client : this.#server).gap(length);
  }

  end(): void {
    if (this.#session.settled) return;
    this.#client.end();
    this.#server.end();
    this.#session.flush();
  }
}
