/**
 * What a stapled OCSP response (RFC 6960 section 4.2.1) says of a certificate. Its signature is not checked: a server that
 * staples that its own certificate was revoked is believed.
 */
import { type DerElement, DerReader, tags } from './der.ts';

/** Single responses that are looked at; servers staple one. */
const maxResponses = 16;
/** Context tags of the fields that are optional, or choices. */
const firstTag = 0xa0;
const byNameTag = 0xa1;
const byKeyTag = 0xa2;
const enumerated = 0x0a;
const statusTags: Readonly<Record<number, OcspStatus>> = { 128: 'good', 161: 'revoked', 130: 'unknown' };

export type OcspStatus = 'good' | 'revoked' | 'unknown';

/** For the certificate with this serial number (in hexadecimal, as Node writes it); null when nothing is said of it. */
export function readOcspStatus(bytes: Uint8Array, serial: string): OcspStatus | null {
  const responses = enterResponses(bytes);
  for (let i = 0; responses && i < maxResponses; i++) {
    const single = responses.enter(tags.sequence);
    if (!single) return null;
    const id = single.enter(tags.sequence);
    id?.take(tags.sequence);
    id?.take(tags.octetString);
    id?.take(tags.octetString);
    const number = id?.take(tags.integer);
    const status = single.next();
    if (number && status && isSerial(bytes, number, serial)) return statusTags[status.tag] ?? null;
  }
  return null;
}

function enterResponses(bytes: Uint8Array): DerReader | null {
  const response = new DerReader(bytes, { start: 0, end: bytes.length }).enter(tags.sequence);
  if (!response?.take(enumerated)) return null;
  const basic = response.enter(firstTag)?.enter(tags.sequence);
  if (!basic?.take(tags.oid)) return null;
  const data = basic.enter(tags.octetString)?.enter(tags.sequence)?.enter(tags.sequence);
  if (!data) return null;
  data.take(firstTag);
  if (!data.take(byNameTag) && !data.take(byKeyTag)) return null;
  return data.take(tags.generalizedTime) ? data.enter(tags.sequence) : null;
}

/** Leading zeros aside. */
function isSerial(bytes: Uint8Array, { start, end }: DerElement, serial: string): boolean {
  const hex = Array.from(bytes.subarray(start, end), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const bare = (text: string): string => text.toLowerCase().replace(/^0+/, '');
  return bare(hex) === bare(serial);
}
