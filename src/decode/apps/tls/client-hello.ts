import { copyBytes } from '../../packet/bytes.ts';
import { toHex, toPrintable } from '../printable.ts';
import { Cursor } from './cursor.ts';
import { isGrease } from './versions.ts';

/** Longest name that can be asked for, a domain name (RFC 1035 section 2.3.4), and longest text made of one. */
const maxNameBytes = 255;

const extensionTypes = {
  serverName: 0x0000,
  signatureAlgorithms: 0x000d,
  alpn: 0x0010,
  supportedVersions: 0x002b,
  encryptedClientHello: 0xfe0d,
  /** What came before it and encrypted the name alone. */
  encryptedServerName: 0xffce,
} as const;

/** What a client offers. Lists are in its order, without GREASE values. */
export interface ClientHello {
  readonly legacyVersion: number;
  /** Of the extension; empty without it. */
  readonly supportedVersions: readonly number[];
  /** The client's random bytes in hexadecimal, which tell whether a hello is the same one sent again. */
  readonly random: string;
  readonly ciphers: readonly number[];
  readonly extensions: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  /** The server's name as text that can be shown; null without one that can be a name. */
  readonly serverName: string | null;
  /** First protocol of ALPN as it is. */
  readonly firstProtocol: Uint8Array | null;
  /** Whether a client hello is encrypted within; browsers also send such an extension with nothing in it. */
  readonly encryptedHello: boolean;
  /** Whether all its lengths agree. What is before the first that does not is told of. */
  readonly complete: boolean;
}

/**
 * Decodes the body of a client hello (RFC 8446 section 4.1.2, RFC 9147 section 5.3), or the beginning of one; null when
 * not even the ciphers are in it.
 */
export function decodeClientHello(
  bytes: Uint8Array,
  start: number,
  end: number,
  { datagram = false } = {},
): ClientHello | null {
  const body = new Cursor(bytes, start, end);
  const legacyVersion = body.number(2);
  const randomAt = body.at;
  body.skip(32);
  body.vector(1);
  if (datagram) body.vector(1);
  const ciphers = body.vector(2);
  if (body.short && ciphers.left === 0) return null;
  const offered = ciphers.numbers();
  body.vector(1);
  const parts = new Extensions();
  const extensions = body.left > 0 ? body.vector(2) : null;
  if (extensions) parts.read(extensions);
  return {
    legacyVersion,
    supportedVersions: parts.versions,
    random: toHex(bytes, randomAt, Math.min(end, randomAt + 32)),
    ciphers: offered.filter((one) => !isGrease(one)),
    extensions: parts.types,
    signatureAlgorithms: parts.signatureAlgorithms,
    serverName: parts.serverName,
    firstProtocol: parts.firstProtocol,
    encryptedHello: parts.encryptedHello,
    complete: !body.short && !ciphers.short && !extensions?.short && !parts.broken,
  };
}

class Extensions {
  types: number[] = [];
  versions: readonly number[] = [];
  signatureAlgorithms: readonly number[] = [];
  serverName: string | null = null;
  firstProtocol: Uint8Array | null = null;
  encryptedHello = false;
  broken = false;

  read(list: Cursor): void {
    while (list.left >= 4) {
      const type = list.number(2);
      const content = list.vector(2);
      if (isGrease(type)) continue;
      this.types.push(type);
      this.#take(type, content);
      if (content.short) this.broken = true;
    }
    if (list.left > 0) list.short = true;
  }

  #take(type: number, content: Cursor): void {
    if (type === extensionTypes.serverName) this.#takeServerName(content);
    else if (type === extensionTypes.alpn) this.#takeProtocol(content);
    else if (type === extensionTypes.supportedVersions) this.versions = this.#take16(content.vector(1));
    else if (type === extensionTypes.signatureAlgorithms)
      this.signatureAlgorithms = this.#take16(content.vector(2));
    else if (type === extensionTypes.encryptedClientHello)
      this.encryptedHello = content.left > 0 && content.number(1) === 0;
    else if (type === extensionTypes.encryptedServerName) this.encryptedHello = true;
  }

  #take16(list: Cursor): readonly number[] {
    const numbers = list.numbers().filter((one) => !isGrease(one));
    if (list.short) this.broken = true;
    return numbers;
  }

  /** The first name of type host_name, RFC 6066 section 3. */
  #takeServerName(content: Cursor): void {
    const list = content.vector(2);
    while (list.left >= 3) {
      const type = list.number(1);
      const name = list.vector(2);
      if (list.short || content.short) break;
      if (type !== 0 || this.serverName !== null) continue;
      if (name.left === 0 || name.left > maxNameBytes) this.broken = true;
      else this.serverName = toPrintable(name.bytes, name.at, name.end).slice(0, maxNameBytes);
    }
    if (list.short) this.broken = true;
  }

  #takeProtocol(content: Cursor): void {
    const list = content.vector(2);
    const first = list.vector(1);
    if (list.short) this.broken = true;
    else this.firstProtocol = copyBytes(first.bytes, first.at, first.end);
  }
}
