import { formatIp } from '../../../base/ip.ts';
import { u16, u32 } from '../../packet/bytes.ts';
import { toHex, toPrintable } from '../printable.ts';
import { dnsType, nameOfType } from './codes.ts';
import { describeLocation } from './location.ts';
import {
  describeCertificate,
  describeEui,
  describeHashing,
  describeNext,
  describeNextHash,
  describeServices,
  describeTwoNames,
  describeUri,
  describeZoneDigest,
} from './rare-data.ts';
import { nameIn, type RecordData } from './record-data.ts';
import { describeService } from './service-binding.ts';

/** Characters of an answer's data at most; a TXT record may have 65,535. */
const maxDataCharacters = 1024;
/** Of keys and digests, enough to tell them apart. */
const shownKeyBytes = 32;

/** The data of a resource record as in a zone file; in hexadecimal where the type is not known or the data breaks its form. */
export function describeData(type: number, data: RecordData): string {
  const text = describers[type]?.(data) ?? null;
  if (text === null) return toHex(data.bytes, data.start, data.end);
  return text.length > maxDataCharacters ? `${text.slice(0, maxDataCharacters)}…` : text;
}

type Describer = (data: RecordData) => string | null;

const has = ({ start, end }: RecordData, length: number): boolean => end - start >= length;
const nameAt = (data: RecordData, offset: number): string | null =>
  nameIn(data, data.start + offset)?.text ?? null;

const describeName: Describer = (data) => nameAt(data, 0);

/** Numbers of 16 bits, then a name. */
function describeNumbersAndName(count: number): Describer {
  return (data) => {
    const name = nameAt(data, 2 * count);
    if (name === null) return null;
    const numbers = Array.from({ length: count }, (_, i) => u16(data.bytes, data.start + 2 * i));
    return [...numbers, name].join(' ');
  };
}

/** Single bytes after an optional number of 16 bits, then a digest or key. */
function describeDigest(hasNumber: boolean, byteCount: number): Describer {
  return (data) => {
    const from = data.start + (hasNumber ? 2 : 0);
    if (!has(data, (hasNumber ? 2 : 0) + byteCount)) return null;
    const numbers = [...data.bytes.subarray(from, from + byteCount)];
    if (hasNumber) numbers.unshift(u16(data.bytes, data.start));
    return [...numbers, toHex(data.bytes, from + byteCount, data.end, shownKeyBytes)].join(' ');
  };
}

/** Strings with a length byte each, up to the end; null when they do not fit. */
function stringsIn({ bytes, end }: RecordData, at: number, most = Number.POSITIVE_INFINITY): string[] | null {
  const strings: string[] = [];
  while (at < end && strings.length < most) {
    const next = at + 1 + bytes[at];
    if (next > end) return null;
    strings.push(toPrintable(bytes, at + 1, next));
    at = next;
  }
  return strings;
}

/** A string that fills its 255 bytes goes on in the next one: so are long keys and policies written. */
const describeText: Describer = (data) => {
  const strings = stringsIn(data, data.start);
  return (
    strings?.map((one, i) => (i + 1 < strings.length && one.length < 255 ? `${one} ` : one)).join('') ?? null
  );
};

const describeHost: Describer = (data) => stringsIn(data, data.start)?.join(' ') ?? null;

const describeAuthority: Describer = (data) => {
  const server = nameIn(data, data.start);
  const mailbox = server && nameIn(data, server.next);
  if (!mailbox || mailbox.next + 20 > data.end) return null;
  const numbers = [0, 4, 8, 12, 16].map((offset) => u32(data.bytes, mailbox.next + offset));
  return [server.text, mailbox.text, ...numbers].join(' ');
};

const describeNamingAuthority: Describer = (data) => {
  if (!has(data, 7)) return null;
  const strings = stringsIn(data, data.start + 4, 3);
  if (strings?.length !== 3) return null;
  const { bytes } = data;
  let at = data.start + 4;
  for (let i = 0; i < 3; i++) at += 1 + bytes[at];
  const name = nameIn(data, at);
  if (!name) return null;
  const quoted = strings.map((one) => `"${one}"`);
  return [u16(data.bytes, data.start), u16(data.bytes, data.start + 2), ...quoted, name.text].join(' ');
};

const describeSignature: Describer = (data) => {
  if (!has(data, 19)) return null;
  const { bytes, start } = data;
  const signer = nameAt(data, 18);
  if (signer === null) return null;
  const times = [u32(data.bytes, start + 8), u32(data.bytes, start + 12)];
  return [
    nameOfType(u16(data.bytes, start)),
    bytes[start + 2],
    bytes[start + 3],
    u32(data.bytes, start + 4),
    ...times,
    u16(data.bytes, start + 16),
    signer,
  ].join(' ');
};

const describeCertificateAuthority: Describer = (data) => {
  if (!has(data, 2)) return null;
  const { bytes, start, end } = data;
  const value = start + 2 + bytes[start + 1];
  if (value > end) return null;
  return `${bytes[start]} ${toPrintable(bytes, start + 2, value)} "${toPrintable(bytes, value, end)}"`;
};

const describers: Readonly<Record<number, Describer>> = {
  [dnsType.a]: (data) =>
    data.end - data.start === 4 ? data.bytes.subarray(data.start, data.end).join('.') : null,
  [dnsType.aaaa]: (data) => (data.end - data.start === 16 ? formatIp(data.bytes, data.start) : null),
  [dnsType.ns]: describeName,
  [dnsType.cname]: describeName,
  [dnsType.ptr]: describeName,
  [dnsType.dname]: describeName,
  [dnsType.mx]: describeNumbersAndName(1),
  [dnsType.srv]: describeNumbersAndName(3),
  [dnsType.txt]: describeText,
  [dnsType.spf]: describeText,
  [dnsType.hinfo]: describeHost,
  [dnsType.soa]: describeAuthority,
  [dnsType.naptr]: describeNamingAuthority,
  [dnsType.ds]: describeDigest(true, 2),
  [dnsType.cds]: describeDigest(true, 2),
  [dnsType.dnskey]: describeDigest(true, 2),
  [dnsType.cdnskey]: describeDigest(true, 2),
  [dnsType.sshfp]: describeDigest(false, 2),
  [dnsType.tlsa]: describeDigest(false, 3),
  [dnsType.rrsig]: describeSignature,
  [dnsType.caa]: describeCertificateAuthority,
  [dnsType.svcb]: describeService,
  [dnsType.https]: describeService,
  [dnsType.md]: describeName,
  [dnsType.mf]: describeName,
  [dnsType.mb]: describeName,
  [dnsType.mg]: describeName,
  [dnsType.mr]: describeName,
  [dnsType.minfo]: describeTwoNames,
  [dnsType.rp]: describeTwoNames,
  [dnsType.afsdb]: describeNumbersAndName(1),
  [dnsType.rt]: describeNumbersAndName(1),
  [dnsType.kx]: describeNumbersAndName(1),
  [dnsType.x25]: describeHost,
  [dnsType.isdn]: describeHost,
  [dnsType.wks]: describeServices,
  [dnsType.loc]: describeLocation,
  [dnsType.uri]: describeUri,
  [dnsType.cert]: describeCertificate,
  [dnsType.smimea]: describeDigest(false, 3),
  [dnsType.key]: describeDigest(true, 2),
  [dnsType.sig]: describeSignature,
  [dnsType.ta]: describeDigest(true, 2),
  [dnsType.dlv]: describeDigest(true, 2),
  [dnsType.nsec]: describeNext,
  [dnsType.nsec3]: describeNextHash,
  [dnsType.nsec3param]: describeHashing,
  [dnsType.zonemd]: describeZoneDigest,
  [dnsType.eui48]: describeEui(6),
  [dnsType.eui64]: describeEui(8),
};
