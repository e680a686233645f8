import { u16 } from '../../packet/bytes.ts';
import { dnsType, numberOfType } from './codes.ts';
import { type DnsMessage, decodeMessage, headerBytes } from './message.ts';

/** Questions of our own (RFC 1035, with EDNS of RFC 6891) and what is an answer to one. */

/** RFC 1035 section 2.3.4. */
const maxLabelBytes = 63;
const maxNameBytes = 255;
/** Size of answers by UDP that pass everywhere without fragments (DNS Flag Day 2020). */
const udpBytes = 1232;
const classInternet = 1;
const bits = { aa: 0x0400, tc: 0x0200, rd: 0x0100, ra: 0x0080, ad: 0x0020, cd: 0x0010 } as const;
const doBit = 0x8000;

export interface DnsQuery {
  readonly id: number;
  /** With or without a dot at its end. */
  readonly name: string;
  readonly type: number;
  readonly recursion: boolean;
  /** Whether signatures are asked for, and whether the resolver has found them right. */
  readonly dnssec: boolean;
}

/** The number of a type by its name, `TYPE65` among them; null for one that nobody knows. */
export function parseType(name: string): number | null {
  const generic = /^TYPE(\d{1,5})$/.exec(name);
  if (!generic) return numberOfType(name);
  return Number(generic[1]) <= 0xffff ? Number(generic[1]) : null;
}

/** The message, or null for a name that is none. */
export function encodeQuery({ id, name, type, recursion, dnssec }: DnsQuery): Uint8Array | null {
  const labels = encodeName(name);
  if (!labels) return null;
  const bytes = new Uint8Array(headerBytes + labels.length + 4 + 11);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(2, (recursion ? bits.rd : 0) | (dnssec ? bits.ad : 0));
  view.setUint16(4, 1);
  view.setUint16(10, 1);
  bytes.set(labels, headerBytes);
  const question = headerBytes + labels.length;
  view.setUint16(question, type);
  view.setUint16(question + 2, classInternet);
  // The OPT record: of the root, its class is a size and its time to live are flags.
  view.setUint16(question + 5, dnsType.opt);
  view.setUint16(question + 7, udpBytes);
  view.setUint16(question + 11, dnssec ? doBit : 0);
  return bytes;
}

function encodeName(name: string): Uint8Array | null {
  const text = name.replace(/\.$/, '');
  const parts = text === '' ? [] : text.split('.').map(bytesOfLabel);
  const length = parts.reduce((sum, part) => sum + 1 + part.length, 1);
  if (
    length > maxNameBytes ||
    parts.some((part) => part.length === 0 || part.length > maxLabelBytes) ||
    !/^[\x21-\x7e]*$/.test(text)
  )
    return null;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes[at] = part.length;
    bytes.set(part, at + 1);
    at += 1 + part.length;
  }
  return bytes;
}

/** Names are of ASCII; what is not is no name. */
function bytesOfLabel(label: string): Uint8Array {
  return Uint8Array.from(label, (char) => char.charCodeAt(0));
}

export interface DnsReply extends DnsMessage {
  /** Of `AA`, `TC`, `RD`, `RA`, `AD`, `CD` those that are set, in this order. */
  readonly flags: readonly string[];
}

/**
 * The answer to a query; null for what is none, and for one whose form is broken. A server that did not understand the
 * question need not repeat it.
 */
export function decodeReply(bytes: Uint8Array, query: DnsQuery): DnsReply | null {
  const message = decodeMessage(bytes, 0, bytes.length);
  if (!message?.isResponse || message.id !== query.id) return null;
  const [question] = message.questions;
  if (question ? !isSame(question, query) : message.rcode === 0) return null;
  const flagBits = u16(bytes, 2);
  const flags = Object.entries(bits).flatMap(([name, bit]) => (flagBits & bit ? [name.toUpperCase()] : []));
  // One that was cut ends early, as it says itself.
  if (message.damage !== null && !flags.includes('TC')) return null;
  return { ...message, flags };
}

function isSame(question: DnsMessage['questions'][number], { name, type }: DnsQuery): boolean {
  const plain = (text: string): string => text.replace(/\.$/, '').toLowerCase();
  const isName = plain(question.name) === plain(name) && question.type === type;
  return isName && question.class === classInternet;
}

/** The name under which an address has its PTR record (RFC 1035 section 3.5, RFC 3596 section 2.5). */
export function reverseName(address: Uint8Array): string {
  const isMapped =
    address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 0xff && address[11] === 0xff;
  if (isMapped) return `${[...address.subarray(12)].reverse().join('.')}.in-addr.arpa`;
  const nibbles = [...address].flatMap((byte) => [byte >> 4, byte & 15]);
  return `${nibbles
    .reverse()
    .map((nibble) => nibble.toString(16))
    .join('.')}.ip6.arpa`;
}
