import { u16, u32 } from '../../packet/bytes.ts';
import { toHex, toPrintable } from '../printable.ts';
import { nameIn, type RecordData } from './record-data.ts';
import { describeTypes } from './type-bitmap.ts';

/** Of keys and digests, enough to tell them apart. */
const shownKeyBytes = 32;
/** Ports of a WKS record that are told of. */
const maxPorts = 64;
const base32 = '0123456789abcdefghijklmnopqrstuv';

/** Two names: RP (RFC 1183 section 2.2) and MINFO. */
export function describeTwoNames(data: RecordData): string | null {
  const first = nameIn(data, data.start);
  const second = first && nameIn(data, first.next);
  return second ? `${first.text} ${second.text}` : null;
}

/** URI (RFC 7553 section 4.5): priority, weight, target. */
export function describeUri({ bytes, start, end }: RecordData): string | null {
  if (end - start < 5) return null;
  return `${u16(bytes, start)} ${u16(bytes, start + 2)} "${toPrintable(bytes, start + 4, end)}"`;
}

/** WKS (RFC 1035 section 3.4.2): address, protocol, and the ports that are served. */
export function describeServices({ bytes, start, end }: RecordData): string | null {
  if (end - start < 5) return null;
  const ports: number[] = [];
  for (let at = start + 5; at < end; at++)
    for (let bit = 0; bit < 8 && ports.length < maxPorts; bit++)
      if (bytes[at] & (0x80 >> bit)) ports.push((at - start - 5) * 8 + bit);
  return [bytes.subarray(start, start + 4).join('.'), bytes[start + 4], ...ports].join(' ');
}

/** NSEC (RFC 4034 section 4): the next name, and the types of this one. */
export function describeNext(data: RecordData): string | null {
  const next = nameIn(data, data.start);
  const types = next && describeTypes(data.bytes, next.next, data.end);
  return types ? [next.text, ...types].join(' ') : null;
}

/** Algorithm, flags, iterations and salt (RFC 5155 section 4.2), and where they end. */
function readHashing({ bytes, start, end }: RecordData): { text: string; next: number } | null {
  if (end - start < 5) return null;
  const next = start + 5 + bytes[start + 4];
  if (next > end) return null;
  const salt = toHex(bytes, start + 5, next, shownKeyBytes) || '-';
  return { text: `${bytes[start]} ${bytes[start + 1]} ${u16(bytes, start + 2)} ${salt}`, next };
}

/** NSEC3PARAM (RFC 5155 section 4). */
export function describeHashing(data: RecordData): string | null {
  const hashing = readHashing(data);
  return hashing?.next === data.end ? hashing.text : null;
}

/** NSEC3 (RFC 5155 section 3): the next name's hash in Base32, and the types of this one. */
export function describeNextHash(data: RecordData): string | null {
  const hashing = readHashing(data);
  if (!hashing || hashing.next >= data.end) return null;
  const { bytes, end } = data;
  const from = hashing.next + 1;
  const to = from + bytes[hashing.next];
  const types = to <= end ? describeTypes(bytes, to, end) : null;
  return types && [hashing.text, toBase32(bytes, from, to), ...types].join(' ');
}

/** CERT (RFC 4398 section 2): type, key tag, algorithm, certificate. */
export function describeCertificate({ bytes, start, end }: RecordData): string | null {
  if (end - start < 5) return null;
  const shown = toHex(bytes, start + 5, end, shownKeyBytes);
  return `${u16(bytes, start)} ${u16(bytes, start + 2)} ${bytes[start + 4]} ${shown}`;
}

/** ZONEMD (RFC 8976 section 2): serial number, scheme, algorithm, digest. */
export function describeZoneDigest({ bytes, start, end }: RecordData): string | null {
  if (end - start < 6) return null;
  const shown = toHex(bytes, start + 6, end, shownKeyBytes);
  return `${u32(bytes, start)} ${bytes[start + 4]} ${bytes[start + 5]} ${shown}`;
}

/** EUI48 and EUI64 (RFC 7043): bytes in hexadecimal, with hyphens. */
export function describeEui(length: number) {
  return ({ bytes, start, end }: RecordData): string | null =>
    end - start === length ? (toHex(bytes, start, end).match(/../g) ?? []).join('-') : null;
}

/** With the extended hexadecimal alphabet of RFC 4648 section 7. */
function toBase32(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let bits = 0;
  let count = 0;
  for (let at = start; at < end; at++) {
    bits = ((bits << 8) | bytes[at]) & 0xfff;
    count += 8;
    for (; count >= 5; count -= 5) text += base32[(bits >> (count - 5)) & 31];
  }
  return count > 0 ? text + base32[(bits << (5 - count)) & 31] : text;
}
