import { copyBytes } from '../../packet/bytes.ts';

/** Handshake types, RFC 8446 section 4 and RFC 5246 section 7.4. */
export const handshakeTypes = {
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  /** Of the drafts of TLS 1.3. */
  helloRetryRequest: 6,
  certificate: 11,
} as const;

/** Longest hello that is read: its lists alone could be twice as long, and no client comes near. */
const maxHelloBytes = 64 * 1024;
/** Longest certificate that is kept. */
const maxCertificateBytes = 32 * 1024;
/** Before the first certificate: the length of all of them, and its own. */
const certificateHeadBytes = 6;
/** The highest type that is defined, RFC 8446 section 4 (message_hash, 254, is never sent). */
const maxType = 25;

export interface HandshakeSink {
  /** A message's body; of a type that is not read it is empty. `whole` is false when the rest never came. */
  message(type: number, bytes: Uint8Array, start: number, end: number, whole: boolean): void;
  /** These bytes are no handshake; nothing more is read. */
  broken(): void;
}

/** Bytes of a message of that type and length that are kept, at first; -1 for one that is not believed. */
function keptBytes(type: number, length: number): number {
  if (type > maxType) return -1;
  if (type === handshakeTypes.clientHello || type === handshakeTypes.serverHello)
    return length > maxHelloBytes ? -1 : length;
  return type === handshakeTypes.certificate ? Math.min(length, certificateHeadBytes) : 0;
}

/** Up to the end of the first certificate, the server's own, so that those after it need not be waited for. */
function certificateBytes(length: number, bytes: Uint8Array, at: number): number {
  const own = (bytes[at + 3] << 16) | (bytes[at + 4] << 8) | bytes[at + 5];
  return Math.min(length, certificateHeadBytes + Math.min(own, maxCertificateBytes));
}

/** Takes handshake messages out of a stream in which they may be split anywhere. */
export class HandshakeReader {
  readonly #sink: HandshakeSink;
  /** The bytes of a head so far, as a number: the type, and three bytes of length. */
  #head = 0;
  #headBytes = 0;
  #length = 0;
  #kept = 0;
  #body: Uint8Array | null = null;
  #bodyBytes = 0;
  #skip = 0;
  stopped = false;

  constructor(sink: HandshakeSink) {
    this.#sink = sink;
  }

  /** Bytes kept of a message that is not whole. */
  get held(): number {
    return this.#body?.length ?? 0;
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end && !this.stopped) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, end - at);
        this.#skip -= skipped;
        at += skipped;
      } else if (this.#headBytes < 4) {
        this.#head = this.#head * 256 + bytes[at++];
        this.#headBytes++;
        if (this.#headBytes === 4) at = this.#begin(bytes, at, end);
      } else at = this.#gather(bytes, at, end);
    }
  }

  /** No more comes: what there is of a message is handed on. */
  cut(): void {
    if (this.stopped) return;
    this.stopped = true;
    if (this.#headBytes === 4 && this.#body)
      this.#sink.message(this.#head >>> 24, this.#body, 0, this.#bodyBytes, false);
    this.#body = null;
  }

  /** A message whose head is there. One that is there as a whole is handed on in place. */
  #begin(bytes: Uint8Array, at: number, end: number): number {
    const type = this.#head >>> 24;
    this.#length = this.#head & 0xffffff;
    this.#kept = keptBytes(type, this.#length);
    if (this.#kept < 0) {
      this.stopped = true;
      this.#sink.broken();
      return end;
    }
    if (end - at >= this.#kept) this.#measure(bytes, at);
    if (end - at >= this.#kept) {
      const to = at + this.#kept;
      this.#clear();
      this.#sink.message(type, bytes, at, to, true);
      return to;
    }
    this.#body = copyBytes(bytes, at, end);
    this.#bodyBytes = end - at;
    return end;
  }

  #gather(bytes: Uint8Array, at: number, end: number): number {
    const taken = Math.min(this.#kept - this.#bodyBytes, end - at);
    this.#append(bytes, at, at + taken);
    if (this.#bodyBytes === this.#kept) this.#measure(this.#body!, 0);
    if (this.#bodyBytes === this.#kept) {
      const body = this.#body!;
      const type = this.#head >>> 24;
      const length = this.#kept;
      this.#clear();
      this.#sink.message(type, body, 0, length, true);
    }
    return at + taken;
  }

  /** Once the head of a certificate message is there, it says how much is to be kept. */
  #measure(bytes: Uint8Array, at: number): void {
    if (this.#head >>> 24 === handshakeTypes.certificate && this.#kept === certificateHeadBytes)
      this.#kept = certificateBytes(this.#length, bytes, at);
  }

  /** The message is over, apart from what nobody reads of it. */
  #clear(): void {
    this.#skip = this.#length - this.#kept;
    this.#body = null;
    this.#head = 0;
    this.#headBytes = 0;
  }

  /** Room grows with what has come, not with what a length promises. */
  #append(bytes: Uint8Array, start: number, end: number): void {
    let body = this.#body!;
    const length = this.#bodyBytes + end - start;
    if (length > body.length) {
      const larger = new Uint8Array(Math.min(this.#kept, Math.max(length, body.length * 2)));
      larger.set(body.subarray(0, this.#bodyBytes));
      body = larger;
      this.#body = larger;
    }
    body.set(bytes.subarray(start, end), this.#bodyBytes);
    this.#bodyBytes = length;
  }
}
