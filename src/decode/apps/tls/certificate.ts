/**
 * What of an X.509 certificate (RFC 5280) is shown. An own reader, since those that exist either come with a library of
 * ASN.1 schemas made for writing certificates (@peculiar/x509) or are native and throw (node:crypto), and this one
 * needs five fields of bytes that may be anything.
 */
import { formatIp } from '../../../base/ip.ts';
import type { CertificateSummary } from '../../../wire/traffic.ts';
import { toPrintable } from '../printable.ts';
import { Cursor } from './cursor.ts';
import { type DerElement, DerReader, readOid, readTime, tags } from './der.ts';
import { readName } from './distinguished-name.ts';

/** Alternative names kept; most authorities allow no more. */
const maxNames = 100;
/** Longest alternative name, as for domain names (RFC 1035 section 2.3.4), and longest text made of one. */
const maxNameBytes = 255;
/** Extensions looked at; certificates have about ten. */
const maxExtensions = 64;

const subjectAltName = '2.5.29.17';
/** Context tags of the fields that are optional, RFC 5280 section 4.1. */
const versionTag = 0xa0;
const extensionsTag = 0xa3;
/** Context tags of general names, RFC 5280 section 4.2.1.6. */
const dnsNameTag = 0x82;
const ipAddressTag = 0x87;

/** The first certificate of the body of a certificate message (RFC 5246 section 7.4.2); null without one to be read. */
export function decodeCertificateMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
): CertificateSummary | null {
  const list = new Cursor(bytes, start, end);
  list.number(3);
  const first = list.vector(3);
  return list.short ? null : decodeCertificate(bytes, first.at, first.end);
}

/** Subject, issuer, names and validity of a certificate in DER; null when it is none. */
export function decodeCertificate(bytes: Uint8Array, start: number, end: number): CertificateSummary | null {
  const fields = new DerReader(bytes, { start, end }).enter(tags.sequence)?.enter(tags.sequence);
  if (!fields) return null;
  fields.take(versionTag);
  fields.take(tags.integer);
  fields.take(tags.sequence);
  const issuer = fields.enter(tags.sequence);
  const validity = fields.enter(tags.sequence);
  const subject = fields.enter(tags.sequence);
  const notBefore = readNextTime(validity);
  const notAfter = readNextTime(validity);
  if (!issuer || !subject || !notBefore || !notAfter) return null;
  return {
    subject: readName(subject),
    issuer: readName(issuer),
    names: readNames(fields),
    not_before: notBefore,
    not_after: notAfter,
  };
}

function readNextTime(validity: DerReader | null): string | null {
  const element = validity?.next();
  return element ? readTime(validity!.bytes, element) : null;
}

/** The DNS names and addresses among the alternative names, which are in the extensions after the subject. */
function readNames(fields: DerReader): readonly string[] {
  let extensions: DerReader | null = null;
  for (let field = fields.next(); field; field = fields.next())
    if (field.tag === extensionsTag) extensions = new DerReader(fields.bytes, field).enter(tags.sequence);
  for (let i = 0; extensions && i < maxExtensions; i++) {
    const extension = extensions.enter(tags.sequence);
    if (!extension) break;
    const oid = extension.take(tags.oid);
    if (!oid || readOid(fields.bytes, oid) !== subjectAltName) continue;
    extension.take(0x01);
    const names = extension.enter(tags.octetString)?.enter(tags.sequence);
    return names ? collectNames(names) : [];
  }
  return [];
}

function collectNames(list: DerReader): readonly string[] {
  const names: string[] = [];
  for (let one = list.next(); one && names.length < maxNames; one = list.next()) {
    const name = describeName(list.bytes, one);
    if (name !== null) names.push(name);
  }
  return names;
}

function describeName(bytes: Uint8Array, { tag, start, end }: DerElement): string | null {
  const length = end - start;
  if (tag === dnsNameTag)
    return length > maxNameBytes ? null : toPrintable(bytes, start, end).slice(0, maxNameBytes);
  if (tag !== ipAddressTag || (length !== 4 && length !== 16)) return null;
  const address = new Uint8Array(16);
  if (length === 4) address.fill(0xff, 10, 12);
  address.set(bytes.subarray(start, end), 16 - length);
  return formatIp(address);
}
