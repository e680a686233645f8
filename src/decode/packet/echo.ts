import { formatIp } from '../../base/ip.ts';
import type { BpfInstruction } from '../capture/packet-filter.ts';
import { u16 } from './bytes.ts';
import { errnoOfIcmpCode, quoteOffset } from './icmp-error.ts';
import { ipProtocols } from './packet.ts';

/** ICMP echo of RFC 792 and RFC 4443 section 4: made, and told from what else comes. */

export const echoHeaderBytes = 8;
/** What a payload begins with, and only who was sent it knows. */
export const tokenBytes = 8;
const request = { 4: 8, 6: 128 } as const;
const reply = { 4: 0, 6: 129 } as const;
const quotedAt = 4 + quoteOffset;
const ip6HeaderBytes = 40;

export interface Echo {
  readonly family: 4 | 6;
  readonly id: number;
  readonly sequence: number;
  readonly token: Uint8Array;
  /** Bytes of payload; `tokenBytes` at least. */
  readonly size: number;
}

/** An echo request; with its checksum in IPv4, which in IPv6 is the kernel's. */
export function encodeEcho({ family, id, sequence, token, size }: Echo): Uint8Array {
  const bytes = new Uint8Array(echoHeaderBytes + size);
  const view = new DataView(bytes.buffer);
  bytes[0] = request[family];
  view.setUint16(4, id);
  view.setUint16(6, sequence);
  bytes.set(token, echoHeaderBytes);
  for (let i = echoHeaderBytes + tokenBytes; i < bytes.length; i++) bytes[i] = i & 0xff;
  if (family === 4) view.setUint16(2, ~sumOf(bytes, 0, bytes.length) & 0xffff);
  return bytes;
}

/** A reply, or an error about a request; `token` is null where an error quotes too little of it. */
export interface EchoAnswer {
  readonly kind: 'reply' | 'error';
  readonly id: number;
  readonly sequence: number;
  readonly token: Uint8Array | null;
  readonly type: number;
  readonly code: number;
  /** Of an error: what it means for the sender. */
  readonly errno: string | null;
  /** Of an error: the address that the request was for, where its header is quoted. */
  readonly target: string | null;
}

/**
 * What a packet says of an echo request; null for any other, or a damaged one. `withHeader` is true when it begins with an
 * IPv4 header, as those of raw sockets do, whose checksum nobody has looked at yet.
 */
export function decodeEchoAnswer(family: 4 | 6, bytes: Uint8Array, withHeader: boolean): EchoAnswer | null {
  const at = withHeader ? (bytes[0] & 15) * 4 : 0;
  if (at + echoHeaderBytes > bytes.length) return null;
  if (withHeader && sumOf(bytes, at, bytes.length) !== 0xffff) return null;
  if (bytes[at] === reply[family]) return readEcho('reply', bytes, at, 0, 0, null, null);
  const errno = errnoOfIcmpCode(family, bytes[at], bytes[at + 1]);
  return errno === null ? null : readQuote(family, bytes, at, errno);
}

/** The same of an error whose quoted request stands alone, as in a socket's error queue. */
export function decodeQuotedEcho(bytes: Uint8Array): { sequence: number; token: Uint8Array | null } | null {
  if (bytes.length < echoHeaderBytes) return null;
  return { sequence: u16(bytes, 6), token: tokenAt(bytes, echoHeaderBytes) };
}

function readQuote(family: 4 | 6, bytes: Uint8Array, at: number, errno: string): EchoAnswer | null {
  const header = at + quotedAt;
  if (header + 20 > bytes.length) return null;
  const inner = header + (family === 4 ? (bytes[header] & 15) * 4 : ip6HeaderBytes);
  if (inner + echoHeaderBytes > bytes.length || bytes[inner] !== request[family]) return null;
  const protocol = family === 4 ? bytes[header + 9] : bytes[header + 6];
  if (protocol !== (family === 4 ? ipProtocols.icmp : ipProtocols.icmpv6)) return null;
  const target =
    family === 4 ? bytes.slice(header + 16, header + 20).join('.') : formatIp(bytes, header + 24);
  return readEcho('error', bytes, inner, bytes[at], bytes[at + 1], errno, target);
}

function readEcho(
  kind: EchoAnswer['kind'],
  bytes: Uint8Array,
  at: number,
  type: number,
  code: number,
  errno: string | null,
  target: string | null,
): EchoAnswer {
  const token = tokenAt(bytes, at + echoHeaderBytes);
  return { kind, id: u16(bytes, at + 4), sequence: u16(bytes, at + 6), token, type, code, errno, target };
}

function tokenAt(bytes: Uint8Array, at: number): Uint8Array | null {
  return at + tokenBytes <= bytes.length ? bytes.slice(at, at + tokenBytes) : null;
}

/** The ones' complement sum of RFC 1071. */
function sumOf(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i += 2) sum += (bytes[i] << 8) | (i + 1 < end ? bytes[i + 1] : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

const load = { half: 0x28, halfFromX: 0x48, byte: 0x30, byteFromX: 0x50, headerLengthToX: 0xb1 } as const;
const jumpIfEqual = 0x15;
const answer = 0x06;
const step = (code: number, k: number, jt = 0, jf = 0): BpfInstruction => ({ code, jt, jf, k });

/** A filter for a raw socket: replies to, and errors about, requests with that id. */
export function makeEchoFilter(family: 4 | 6, id: number): BpfInstruction[] {
  const inner = quotedAt + (family === 4 ? 20 : ip6HeaderBytes) + 4;
  const [byte, half] = family === 4 ? [load.byteFromX, load.halfFromX] : [load.byte, load.half];
  const errors = family === 4 ? [3, 11, 12] : [1, 2, 3, 4];
  const toErrors = errors.length + 1;
  return [
    // IPv6 packets come without their header.
    ...(family === 4 ? [step(load.headerLengthToX, 0)] : []),
    step(byte, 0),
    step(jumpIfEqual, reply[family], errors.length),
    ...errors.map((type, i) => step(jumpIfEqual, type, toErrors - i, i === errors.length - 1 ? 5 : 0)),
    step(half, 4),
    step(jumpIfEqual, id, 2, 3),
    step(half, inner),
    step(jumpIfEqual, id, 0, 1),
    step(answer, 0xffff),
    step(answer, 0),
  ];
}
