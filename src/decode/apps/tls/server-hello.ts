import { toPrintable } from '../printable.ts';
import { Cursor } from './cursor.ts';
import { isDraft13 } from './versions.ts';

/** What a server chose. */
export interface ServerHello {
  readonly version: number;
  readonly cipher: number;
  /** The protocol of ALPN, where it is not encrypted. */
  readonly protocol: string | null;
  /** Whether it asks for another client hello. */
  readonly isRetry: boolean;
}

/** The random bytes that make a server hello a HelloRetryRequest, RFC 8446 section 4.1.3. */
const retryRandom = [
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2,
  0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/** Decodes the body of a server hello (RFC 8446 section 4.1.3, also of its drafts); null when it is damaged. */
export function decodeServerHello(bytes: Uint8Array, start: number, end: number): ServerHello | null {
  const body = new Cursor(bytes, start, end);
  const legacyVersion = body.number(2);
  const randomAt = body.at;
  body.skip(32);
  const early = legacyVersion >> 8 === 0x7f;
  if (!early) body.vector(1);
  const cipher = body.number(2);
  if (!early) body.skip(1);
  if (body.short) return null;
  let version = legacyVersion;
  let protocol: string | null = null;
  const extensions = body.left > 0 ? body.vector(2) : null;
  while (extensions && extensions.left >= 4) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (type === 0x002b && content.left === 2) version = content.number(2);
    else if (type === 0x0010) {
      const first = content.vector(2).vector(1);
      if (!first.short && first.left > 0) protocol = toPrintable(first.bytes, first.at, first.end);
    }
  }
  const isRetry = retryRandom.every((byte, i) => bytes[randomAt + i] === byte);
  if (body.short || extensions?.short) return null;
  return { version, cipher, protocol, isRetry };
}

/** Whether a handshake of that version hides what follows the server's hello. */
export function hidesCertificate(version: number): boolean {
  return version === 0x0304 || version === 0xfefc || isDraft13(version);
}
