import { u16 } from '../../packet/bytes.ts';
import type { Sample, Verdict } from '../protocol.ts';
import { contentTypes, isRecordHead } from './records.ts';

/** Longest first message of a side that is believed. */
const maxFirstMessageBytes = 128 * 1024;

/**
 * Whether bytes begin with TLS records. A hello or an alert proves it; of encrypted records, as in the middle of a
 * connection, the next one has to begin where the first ends, or the port to be one of TLS (`expected`).
 */
export function recogniseTls(sample: Sample, expected: boolean): Verdict {
  const { bytes, start, end, beginning } = sample;
  if (bytes[start] & 0x80) return beginning && sample.fromClient ? recogniseSsl2(sample) : 'no';
  const length = end - start;
  const head = headVerdict(bytes, start, end);
  if (head !== 'yes') return beginning ? head : 'no';
  const type = bytes[start];
  const recordLength = u16(bytes, start + 3);
  if (type === contentTypes.handshake) {
    const verdict = recogniseHello(bytes, start + 5, end, recordLength);
    if (verdict !== 'no') return beginning || length >= 11 ? verdict : 'no';
  }
  if (type === contentTypes.alert && recordLength === 2) return recogniseAlert(bytes, start + 5, end);
  if (beginning && !expected) return 'no';
  return expected || isChain(bytes, start, end) ? 'yes' : 'no';
}

/** Of the five bytes of a record's head as many as there are. */
function headVerdict(bytes: Uint8Array, start: number, end: number): Verdict {
  const byte = (i: number, missing: number): number => (start + i < end ? bytes[start + i] : missing);
  const length = (byte(3, 0) << 8) | byte(4, 1);
  if (!isRecordHead(bytes[start], byte(1, 3), byte(2, 1), length) || length === 0) return 'no';
  return end - start < 5 ? 'more' : 'yes';
}

/** The head of a client's or server's hello, with its version if the record holds that much. */
function recogniseHello(bytes: Uint8Array, at: number, end: number, recordLength: number): Verdict {
  const there = Math.min(end - at, recordLength);
  if (there >= 1 && bytes[at] !== 1 && bytes[at] !== 2) return 'no';
  if (there >= 4 && ((bytes[at + 1] << 16) | u16(bytes, at + 2)) > maxFirstMessageBytes) return 'no';
  if (there >= 5 && bytes[at + 4] !== 3 && bytes[at + 4] !== 0x7f) return 'no';
  return there >= Math.min(6, recordLength) ? 'yes' : 'more';
}

/** A warning or a fatal alert in clear text, RFC 8446 section 6. */
function recogniseAlert(bytes: Uint8Array, at: number, end: number): Verdict {
  if (end - at >= 1 && bytes[at] !== 1 && bytes[at] !== 2) return 'no';
  return end - at >= 2 ? 'yes' : 'more';
}

/** Whether the first record ends where the bytes do or where another begins. */
function isChain(bytes: Uint8Array, start: number, end: number): boolean {
  const next = start + 5 + u16(bytes, start + 3);
  if (next === end) return true;
  if (next + 5 > end) return false;
  return isRecordHead(bytes[next], bytes[next + 1], bytes[next + 2], u16(bytes, next + 3));
}

/** A client hello in the format of SSL 2.0, RFC 5246 appendix E.2: its three lengths have to add up. */
function recogniseSsl2({ bytes, start, end }: Sample): Verdict {
  const length = end - start;
  if (
    (length >= 3 && bytes[start + 2] !== 1) ||
    (length >= 4 && bytes[start + 3] !== 0 && bytes[start + 3] !== 3)
  )
    return 'no';
  if (length < 11) return 'more';
  const ciphers = u16(bytes, start + 5);
  const session = u16(bytes, start + 7);
  const challenge = u16(bytes, start + 9);
  const total = ((bytes[start] & 0x7f) << 8) | bytes[start + 1];
  if (ciphers === 0 || ciphers % 3 !== 0 || (session !== 0 && session !== 16)) return 'no';
  return challenge >= 16 && challenge <= 32 && total === 9 + ciphers + session + challenge ? 'yes' : 'no';
}
