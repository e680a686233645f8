import { u32 } from '../../packet/bytes.ts';
import { toPrintable } from '../printable.ts';
import { startsWith } from '../text.ts';
import { isGoogleVersion } from './versions.ts';

/** Bits of the first byte up to Q043: a version follows, and a connection id of eight bytes before it. */
const versionFlag = 0x01;
const idFlag = 0x08;
/** Google's hash stands before the frames, which are in clear text until there are keys. */
const hashBytes = 12;
/** Of a frame before the hello in it: type, stream, offset and length have eight at most. */
const maxFrameHead = 16;
/** Pairs of a hello; Chrome sends some 25. */
const maxTags = 128;
/** Longest name told of, as in a DNS message. */
const maxNameBytes = 255;

/** Where what a packet of Google's own handshake carries begins, and its version; null for other packets. */
export interface GooglePacket {
  /** As it says of itself: `Q043`. */
  readonly version: string;
  readonly contentStart: number;
}

/**
 * Reads the header of a packet of the versions Q039 to Q046 that tells its version, which the first ones do. The wire
 * formats are those of Chromium (quic_framer.cc): until Q043 flags, connection id, version, number; then like RFC 8999.
 */
export function readGooglePacket(bytes: Uint8Array, start: number, end: number): GooglePacket | null {
  if (end - start < 16) return null;
  const first = bytes[start];
  const isLong = (first & 0x80) !== 0;
  if (!isLong && ((first & versionFlag) === 0 || (first & idFlag) === 0 || first & 0xc0)) return null;
  const versionAt = start + (isLong ? 1 : 9);
  if (!isGoogleVersion(bytes, versionAt)) return null;
  const version = toPrintable(bytes, versionAt, versionAt + 4);
  const lengths = bytes[versionAt + 4];
  const head = isLong
    ? 1 + idBytes(lengths >> 4) + idBytes(lengths & 15) + 4
    : [1, 2, 4, 6][(first >> 4) & 3];
  return { version, contentStart: versionAt + 4 + head + hashBytes };
}

/** Of the four bits that say how long a connection id is. */
const idBytes = (bits: number): number => (bits === 0 ? 0 : bits + 3);

/** The server's name in the client hello (CHLO) near `start`; undefined when none is there, null when it has no name. */
export function findGoogleHello(bytes: Uint8Array, start: number, end: number): string | null | undefined {
  for (let at = start; at < start + maxFrameHead && at + 8 <= end; at++)
    if (startsWith(bytes, at, end, 'CHLO')) return findServerName(bytes, at, end);
  return undefined;
}

/** A message is a count of tags, where the value of each ends, and the values; all numbers are little-endian. */
function findServerName(bytes: Uint8Array, start: number, end: number): string | null | undefined {
  const count = bytes[start + 4] | (bytes[start + 5] << 8);
  if (count > maxTags) return undefined;
  const values = start + 8 + 8 * count;
  let from = values;
  for (let i = 0, at = start + 8; i < count && at + 8 <= end; i++, at += 8) {
    const to = values + littleEndian32(bytes, at + 4);
    if (to < from || to > end) return null;
    if (u32(bytes, at) === tagOfName)
      return from === to ? null : toPrintable(bytes, from, Math.min(to, from + maxNameBytes));
    from = to;
  }
  return null;
}

/** `SNI` and a zero. */
const tagOfName = 0x534e4900;

const littleEndian32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
