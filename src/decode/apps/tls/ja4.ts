import type { Ciphers } from '../ciphers.ts';
import type { ClientHello } from './client-hello.ts';
import { newestVersion } from './versions.ts';

/** What stands for a version, of DTLS too. */
const versionCodes: ReadonlyMap<number, string> = new Map([
  [0x0002, 's2'],
  [0x0300, 's3'],
  [0x0301, '10'],
  [0x0302, '11'],
  [0x0303, '12'],
  [0x0304, '13'],
  [0xfeff, 'd1'],
  [0xfefd, 'd2'],
  [0xfefc, 'd3'],
]);
const none = '000000000000';
/** Numbers in a list that are still sorted: a hello has room for 32,000, and clients offer dozens. */
const maxSorted = 512;
/** Server name and ALPN: in the first part, so left out of the hash. */
const unhashed = new Set([0x0000, 0x0010]);

/**
 * The JA4 fingerprint of a client hello (FoxIO, technical_details/JA4.md, BSD-3-Clause): protocol, version, whether a
 * server is named, the counts of ciphers and extensions, ALPN; then hashes of the sorted ciphers, and of the sorted
 * extensions with the signature algorithms in their order. Null for lists that are too long for any client's.
 */
export function computeJa4(hello: ClientHello, protocol: 't' | 'q' | 'd', ciphers: Ciphers): string | null {
  const { supportedVersions, legacyVersion, extensions, signatureAlgorithms } = hello;
  if (Math.max(hello.ciphers.length, extensions.length, signatureAlgorithms.length) > maxSorted) return null;
  const version = newestVersion(supportedVersions) || legacyVersion;
  const head = [
    protocol,
    versionCodes.get(version) ?? '00',
    extensions.includes(0x0000) ? 'd' : 'i',
    count(hello.ciphers),
    count(extensions),
    describeProtocol(hello.firstProtocol),
  ].join('');
  const hashed = sorted(extensions.filter((one) => !unhashed.has(one)));
  const algorithms = signatureAlgorithms.map(hex4).join(',');
  const tail = algorithms && hashed ? `${hashed}_${algorithms}` : hashed;
  return `${head}_${hash(sorted(hello.ciphers), ciphers)}_${hash(tail, ciphers)}`;
}

const hex4 = (value: number): string => value.toString(16).padStart(4, '0');
const hex2 = (value: number): string => value.toString(16).padStart(2, '0');
const count = (list: readonly number[]): string => String(Math.min(99, list.length)).padStart(2, '0');
const sorted = (list: readonly number[]): string => list.map(hex4).sort().join(',');

function hash(text: string, ciphers: Ciphers): string {
  if (text === '') return none;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return Array.from(ciphers.sha256(bytes).subarray(0, 6), hex2).join('');
}

/** First and last character, or those of its hexadecimal form when either is neither letter nor digit. */
function describeProtocol(protocol: Uint8Array | null): string {
  if (!protocol || protocol.length === 0) return '00';
  const first = protocol[0];
  const last = protocol[protocol.length - 1];
  if (isAlphanumeric(first) && isAlphanumeric(last)) return String.fromCharCode(first, last);
  return hex2(first)[0] + hex2(last)[1];
}

function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}
