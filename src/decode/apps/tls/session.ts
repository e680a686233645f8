import type { CertificateSummary, TlsRecord } from '../../../wire/traffic.ts';
import { toPrintable } from '../printable.ts';
import type { Conversation } from '../protocol.ts';
import { decodeCertificateMessage } from './certificate.ts';
import { nameCipherSuite } from './cipher-suites.ts';
import { type ClientHello, decodeClientHello } from './client-hello.ts';
import { handshakeTypes } from './handshake-reader.ts';
import { computeJa4 } from './ja4.ts';
import { decodeServerHello, hidesCertificate, type ServerHello } from './server-hello.ts';
import { nameVersion, newestVersion } from './versions.ts';

export type TlsTransport = TlsRecord['transport'];
/** Longest text of an ALPN protocol that is told; those that are registered have 17 characters at most. */
const maxProtocolLength = 64;
/** Client hellos read of one handshake: two are usual where another is asked for. */
const maxHellos = 8;
const ja4Letters = { tcp: 't', quic: 'q', udp: 'd' } as const;

/** A client hello that is not told of yet. */
interface Pending {
  readonly timeMs: number;
  readonly fromClient: boolean;
  readonly version: number;
  readonly serverName: string | null;
  readonly protocol: string | null;
  readonly ja4: string | null;
  readonly encryptedHello: boolean;
}

/**
 * The hellos of one conversation. A record for each of the client's is emitted once the server's answer is known, with
 * the certificate where that can be read, or with what there is when no more can come (`flush`).
 */
export class TlsSession {
  readonly #conversation: Conversation;
  readonly #transport: TlsTransport;
  readonly #onProtocol: (protocol: string | null) => void;
  #pending: Pending | null = null;
  #random = '';
  #server: ServerHello | null = null;
  #certificate: CertificateSummary | null = null;
  #awaitsAnother = false;
  #hellos = 0;
  /** Whether the handshake was told of, and nothing further is to be read. */
  settled = false;

  /** `onProtocol` is told what a record says of ALPN. */
  constructor(
    conversation: Conversation,
    transport: TlsTransport,
    onProtocol: (protocol: string | null) => void = () => {},
  ) {
    this.#conversation = conversation;
    this.#transport = transport;
    this.#onProtocol = onProtocol;
  }

  /** A handshake message; `whole` is false for a beginning of one. */
  message(
    type: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    whole: boolean,
    fromClient: boolean,
    timeMs: number,
  ): void {
    if (this.settled) return;
    if (type === handshakeTypes.clientHello) this.#clientHello(bytes, start, end, whole, fromClient, timeMs);
    else if (type === handshakeTypes.serverHello) this.#serverHello(bytes, start, end, whole);
    else if (type === handshakeTypes.helloRetryRequest) this.#retry();
    else if (this.#server) this.#afterHello(type, bytes, start, end);
  }

  /** A client hello that came in another form than a handshake message. */
  offer(version: number, timeMs: number): void {
    this.#pending = {
      timeMs,
      fromClient: true,
      version,
      serverName: null,
      protocol: null,
      ja4: null,
      encryptedHello: false,
    };
  }

  /** Tells of a hello that waits. */
  flush(): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = null;
    const server = this.#server;
    const { src, dst } = this.#conversation;
    const protocol = (server?.protocol ?? pending.protocol)?.slice(0, maxProtocolLength) ?? null;
    this.#onProtocol(protocol);
    this.#conversation.emit({
      type: 'tls',
      ts: new Date(pending.timeMs).toISOString(),
      src: pending.fromClient ? src : dst,
      dst: pending.fromClient ? dst : src,
      transport: this.#transport,
      version: (server && nameVersion(server.version)) ?? nameVersion(pending.version),
      sni: pending.serverName,
      alpn: protocol,
      ja4: pending.ja4,
      ...(server && !server.isRetry && { cipher: nameCipherSuite(server.cipher) }),
      certificate: this.#certificate,
      ...(pending.encryptedHello && { ech: true }),
    });
    if ((server && !this.#awaitsAnother) || this.#hellos >= maxHellos) this.settled = true;
  }

  #clientHello(
    bytes: Uint8Array,
    start: number,
    end: number,
    whole: boolean,
    fromClient: boolean,
    timeMs: number,
  ): void {
    const hello = decodeClientHello(bytes, start, end, { datagram: this.#transport === 'udp' });
    if (whole && !hello?.complete) this.#conversation.malformed();
    if (!hello) return;
    if (this.#isRepeated(hello)) return;
    this.flush();
    if (this.settled) return;
    this.#hellos++;
    if (this.#awaitsAnother) this.#server = null;
    this.#awaitsAnother = false;
    if (this.#transport !== 'tcp') this.#random = hello.random;
    const letter = ja4Letters[this.#transport];
    this.#pending = {
      timeMs,
      fromClient,
      version: newestVersion(hello.supportedVersions) || hello.legacyVersion,
      serverName: hello.serverName,
      protocol: hello.firstProtocol && toPrintable(hello.firstProtocol, 0, hello.firstProtocol.length),
      ja4: whole ? computeJa4(hello, letter, this.#conversation.settings.ciphers) : null,
      encryptedHello: hello.encryptedHello,
    };
    if (this.#server && hidesCertificate(this.#server.version)) this.flush();
  }

  /** Datagrams carry a hello again when it was lost, or when the server asks for a cookie or token with it. */
  #isRepeated({ random }: ClientHello): boolean {
    return this.#transport !== 'tcp' && !this.#awaitsAnother && random === this.#random;
  }

  #serverHello(bytes: Uint8Array, start: number, end: number, whole: boolean): void {
    const hello = whole ? decodeServerHello(bytes, start, end) : null;
    if (!hello) {
      if (whole) this.#conversation.malformed();
      this.flush();
      return;
    }
    this.#server = hello;
    if (hello.isRetry) this.#retry();
    else if (this.#pending && hidesCertificate(hello.version)) this.flush();
  }

  #retry(): void {
    this.#awaitsAnother = true;
    this.flush();
    this.#server = null;
  }

  /** The certificate follows the server's hello; without one the next message says that there is none. */
  #afterHello(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === handshakeTypes.certificate) this.#certificate = decodeCertificateMessage(bytes, start, end);
    this.flush();
  }
}
