import { u16 } from '../../packet/bytes.ts';
import { isAskedType } from './codes.ts';
import { decodeName, noName, skipName } from './domain-name.ts';
import { headerBytes } from './message.ts';

/** QUERY, IQUERY, STATUS, NOTIFY, UPDATE, DSO: the assigned operation codes. */
const opcodes = 0b1110111;
const notify = 4;
/** The last result code assigned, which only the header's four bits hold. */
const maxRcode = 11;
/** Internet, Chaos, Hesiod, none, any. */
const classes: ReadonlySet<number> = new Set([1, 3, 4, 254, 255]);
/** The upper bit asks for an answer to the asker alone in mDNS. */
const classMask = 0x7fff;
/** Records walked over at most; a datagram of 64 kB could hold more, in practice none does. */
const maxRecords = 512;
const flag = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursion: 0x0080,
  reserved: 0x0040,
};
/** Bytes of a question without a name, and of a record with the shortest. */
const questionBytes = 5;

/** Whether the beginning of a message rules out that it is one for sure; false while less than 6 bytes are there. */
export function cannotBeMessage(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 6) return false;
  return !areFlagsPlausible(u16(bytes, start + 2)) || u16(bytes, start + 4) !== 1;
}

/**
 * Whether the bytes are a DNS message and can hardly be anything else: flags that agree with its direction, a question
 * of a known type and class, and records that end exactly where the bytes do.
 */
export function isSurelyMessage(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < headerBytes + questionBytes) return false;
  if (cannotBeMessage(bytes, start, end)) return false;
  const flags = u16(bytes, start + 2);
  const name = decodeName(bytes, start, start + headerBytes, end);
  if (name === null || name.next + 4 > end || name.text.startsWith('<')) return false;
  if (!isAskedType(u16(bytes, name.next)) || !classes.has(u16(bytes, name.next + 2))) return false;
  const counts = [6, 8, 10].map((offset) => u16(bytes, start + offset));
  const count = counts[0] + counts[1] + counts[2];
  const isQuery = flags < flag.response && ((flags >> 11) & 15) < notify;
  if (isQuery && counts[0] + counts[1] > 0) return false;
  return count <= maxRecords && walkRecords(bytes, name.next + 4, end, count) === end;
}

/**
 * Whether the bytes can be a DNS message: enough where the port says that they are. Servers are asked by damaged messages
 * too, so that one thing may be wrong with a question.
 */
export function mayBeMessage(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < headerBytes) return false;
  const flags = u16(bytes, start + 2);
  const questions = u16(bytes, start + 4);
  const isKnownOperation = (opcodes >> ((flags >> 11) & 15)) & 1;
  if (questions === 0) return isKnownOperation === 1 && flags >= flag.response;
  const name = decodeName(bytes, start, start + headerBytes, end);
  if (name === null || name.text === noName.reservedLabel) return false;
  const isKnownClass = name.next + 4 <= end && classes.has(u16(bytes, name.next + 2) & classMask) ? 1 : 0;
  const doQuestionsFit = questions * questionBytes <= end - start ? 1 : 0;
  return isKnownOperation + isKnownClass + doQuestionsFit >= 2;
}

function areFlagsPlausible(flags: number): boolean {
  const opcode = (flags >> 11) & 15;
  if (!((opcodes >> opcode) & 1) || flags & flag.reserved) return false;
  if (flags & flag.response) return (flags & 15) <= maxRcode;
  return (flags & 15) === 0 && (flags & (flag.truncated | flag.recursion)) === 0;
}

/** Where the records end; -1 when they do not fit. */
function walkRecords(bytes: Uint8Array, at: number, end: number, count: number): number {
  for (let i = 0; i < count; i++) {
    const head = skipName(bytes, at, end);
    if (head < 0 || head + 10 > end) return -1;
    at = head + 10 + u16(bytes, head + 8);
    if (at > end) return -1;
  }
  return at;
}
