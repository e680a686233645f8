import { u16, u32 } from './packet/bytes.ts';

/** Questions to and answers of a server of RFC 5905, in milliseconds of Unix time. */

const headerBytes = 48;
const client = 3;
const server = 4;
const version = 4;
/** Seconds from 1900 to 1970. */
const epochSeconds = 2_208_988_800;
/** Places in the header (RFC 5905 section 7.3). */
const at = { rootDelay: 4, rootDispersion: 8, reference: 12, origin: 24, receive: 32, transmit: 40 } as const;
export const leaps = ['none', 'insert', 'delete', 'unsynchronised'] as const;

export interface NtpReply {
  readonly leap: (typeof leaps)[number];
  /** 0 for a kiss of death. */
  readonly stratum: number;
  readonly rootDelayMs: number;
  readonly rootDispersionMs: number;
  /** The four letters of a clock or a kiss, otherwise the server's own source, as an address (of IPv6 a hash of it). */
  readonly reference: string;
  /** When the question came in and the answer went out, by the server's clock. */
  readonly receivedMs: number;
  readonly sentMs: number;
}

/**
 * A question. `cookie` stands for the time of sending, which the server gives back as it came and nobody needs to know;
 * eight random bytes, so that an answer cannot be made up.
 */
export function encodeNtpRequest(cookie: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  bytes[0] = (version << 3) | client;
  bytes.set(cookie.subarray(0, 8), at.transmit);
  return bytes;
}

/** The answer to the question with that cookie; null for anything else. */
export function decodeNtpReply(bytes: Uint8Array, cookie: Uint8Array): NtpReply | null {
  if (bytes.length < headerBytes || (bytes[0] & 7) !== server) return null;
  for (let i = 0; i < 8; i++) if (bytes[at.origin + i] !== cookie[i]) return null;
  const stratum = bytes[1];
  return {
    leap: leaps[bytes[0] >> 6],
    stratum,
    rootDelayMs: readShort(bytes, at.rootDelay),
    rootDispersionMs: readShort(bytes, at.rootDispersion),
    reference: describeReference(bytes, stratum),
    receivedMs: readTimestamp(bytes, at.receive),
    sentMs: readTimestamp(bytes, at.transmit),
  };
}

/** Seconds and a fraction, of 16 bits each. */
function readShort(bytes: Uint8Array, from: number): number {
  return (u16(bytes, from) + u16(bytes, from + 2) / 65_536) * 1000;
}

/** Seconds since 1900, or since 2036 where the first bit is not set (RFC 4330 section 3), and a fraction. */
function readTimestamp(bytes: Uint8Array, from: number): number {
  const seconds = u32(bytes, from);
  const era = seconds < 2 ** 31 ? 2 ** 32 : 0;
  return (seconds + era - epochSeconds) * 1000 + (u32(bytes, from + 4) / 2 ** 32) * 1000;
}

function describeReference(bytes: Uint8Array, stratum: number): string {
  const id = bytes.subarray(at.reference, at.reference + 4);
  if (stratum > 1) return id.join('.');
  return [...id].map((byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '')).join('');
}
