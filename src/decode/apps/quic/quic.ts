import { u32 } from '../../packet/bytes.ts';
import type { AppProtocol, Sample } from '../protocol.ts';
import { readLongHeader } from './packet.ts';
import { QuicParser } from './parser.ts';
import { findVersion, isGoogleVersion } from './versions.ts';

/** Bits of the first byte of Google's versions up to Q043: a version follows, and a connection id before it. */
const googleVersionFlag = 0x01;
const googleIdFlag = 0x08;

/** QUIC, told by a long header with a version that is known (RFC 8999, 9000, 9369, and what came before). */
export const quic: AppProtocol = {
  name: 'quic',
  transports: ['udp'],
  ports: [443, 8443],
  recognise: (sample) => (isQuic(sample) || isGoogleQuic(sample) ? 'yes' : 'no'),
  makeParser: (conversation) => new QuicParser(conversation),
};

function isQuic({ bytes, start, end }: Sample): boolean {
  if (end - start < 16 || (bytes[start] & 0x80) === 0) return false;
  const header = readLongHeader(bytes, start, end);
  if (!header) return false;
  return header.kind === 'negotiation' ? isNegotiation(bytes, header.sourceEnd, end) : true;
}

/** A list of versions of which one is known, RFC 9000 section 17.2.1. */
function isNegotiation(bytes: Uint8Array, start: number, end: number): boolean {
  if (end === start || (end - start) % 4 !== 0) return false;
  for (let at = start; at < end; at += 4)
    if (findVersion(u32(bytes, at)) || isGoogleVersion(bytes, at)) return true;
  return false;
}

function isGoogleQuic({ bytes, start, end }: Sample): boolean {
  if (end - start < 16) return false;
  if (bytes[start] & 0x80) return isGoogleVersion(bytes, start + 1);
  const flags = bytes[start];
  if ((flags & googleVersionFlag) === 0 || (flags & googleIdFlag) === 0 || flags & 0xc0) return false;
  return isGoogleVersion(bytes, start + 9);
}
