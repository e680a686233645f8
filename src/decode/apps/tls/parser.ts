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
  #peeked = 0;
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

  get held(): number {
    return this.#handshake.held;
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
    this.#peeked = 0;
    this.#peekedBytes = 0;
    this.#isRead = !this.#encrypted;
    if (type === contentTypes.changeCipherSpec) this.#encrypted = true;
    // Other than the client, which may send early data, a server sends none of these before its hello
    if (type !== contentTypes.handshake && !this.#fromClient) this.#session.flush();
  }

  handshake(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (!this.#isRead && this.#peekedBytes < 4 && at < end) {
      this.#peeked = this.#peeked * 256 + bytes[at++];
      if (++this.#peekedBytes === 4 && this.#isHello()) {
        this.#isRead = true;
        const length = this.#peeked & 0xffffff;
        this.#handshake.data(Uint8Array.of(this.#peeked >>> 24, length >> 16, length >> 8, length), 0, 4);
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
    const type = this.#peeked >>> 24;
    if (type !== handshakeTypes.clientHello && type !== handshakeTypes.serverHello) return false;
    return (this.#peeked & 0xffffff) + 4 === this.#recordBytes;
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

interface Handshake {
  readonly session: TlsSession;
  readonly client: TlsSide;
  readonly server: TlsSide;
}

/** Reads the handshake of a TLS connection; what comes after it costs nothing, and nothing of it is kept. */
export class TlsParser implements AppParser {
  #handshake: Handshake | null;

  /** `named` has the conversation shown as `https` where ALPN agrees on HTTP. */
  constructor(conversation: Conversation, named: boolean) {
    const session = new TlsSession(conversation, 'tcp', (protocol) => {
      if (named && protocol !== null && httpProtocols.has(protocol)) conversation.rename('https');
    });
    this.#handshake = {
      session,
      client: new TlsSide(session, conversation, true),
      server: new TlsSide(session, conversation, false),
    };
  }

  get held(): number {
    return this.#handshake ? this.#handshake.client.held + this.#handshake.server.held : 0;
  }

  data(fromClient: boolean, bytes: Uint8Array, start: number, end: number, timeMs: number): void {
    if (!this.#handshake) return;
    const { session, client, server } = this.#handshake;
    (fromClient ? client : server).data(bytes, start, end, timeMs);
    if (session.settled) this.#handshake = null;
  }

  gap(fromClient: boolean, length: number): void {
    if (!this.#handshake) return;
    const { session, client, server } = this.#handshake;
    (fromClient ? client : server).gap(length);
    if (session.settled) this.#handshake = null;
  }

  end(): void {
    if (!this.#handshake) return;
    const { session, client, server } = this.#handshake;
    this.#handshake = null;
    client.end();
    server.end();
    session.flush();
  }
}
