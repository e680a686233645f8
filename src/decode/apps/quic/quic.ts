import { u32 } from '../../packet/bytes.ts';
import type { AppProtocol, Sample } from '../protocol.ts';
import { readGooglePacket } from './google.ts';
import { readLongHeader } from './packet.ts';
import { QuicParser } from './parser.ts';
import { findVersion, isGoogleVersion } from './versions.ts';

/** QUIC, told by a long header with a version that is known (RFC 8999, 9000, 9369, and what came before). */
export const quic: AppProtocol = {
  name: 'quic',
  transports: ['udp'],
  ports: [443, 8443],
  recognise: (sample) =>
    isQuic(sample) || readGooglePacket(sample.bytes, sample.start, sample.end) ? 'yes' : 'no',
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
