import { toHex, toPrintable } from '../printable.ts';

/** Text of a name at most. RFC 1035 section 2.3.4 allows 255 bytes; tunnels and damaged messages exceed them. */
const maxNameBytes = 1024;
/** As many as a name of 255 bytes has labels. */
const maxPointers = 128;

/** What stands for a name that has no text, in the words of Wireshark. */
export const noName = {
  tooLong: '<Name too long>',
  reservedLabel: '<Reserved label>',
  unknownLabel: '<Unknown extended label>',
  loop: '<Name contains a pointer that loops>',
} as const;

export interface DomainName {
  /** Labels joined by dots and made visible, without a dot at the end; `.` for the root; or one of `noName`. */
  readonly text: string;
  /** Where what follows the name begins. */
  readonly next: number;
}

/**
 * The name at `at` of a message that begins at `start` (RFC 1035 section 4.1.4), pointers followed. Null when it runs out
 * of the message.
 */
export function decodeName(bytes: Uint8Array, start: number, at: number, end: number): DomainName | null {
  let text = '';
  let length = 0;
  let next = -1;
  for (let pointers = 0; ; ) {
    if (at >= end) return null;
    const head = bytes[at++];
    if (head === 0) return { text: text || '.', next: next < 0 ? at : next };
    if (head >= 0xc0) {
      if (at >= end) return null;
      if (next < 0) next = at + 1;
      if (++pointers > maxPointers) return { text: noName.loop, next };
      at = start + (((head & 0x3f) << 8) | bytes[at]);
      continue;
    }
    if (head >= 0x80) return { text: noName.reservedLabel, next: next < 0 ? at : next };
    if (head >= 0x40 && head !== 0x41) return { text: noName.unknownLabel, next: next < 0 ? at : next };
    if (at >= end) return null;
    const isBits = head === 0x41;
    const from = isBits ? at + 1 : at;
    const to = isBits ? from + bitStringBytes(bytes[at]) : at + head;
    if (to > end) return null;
    length += to - at + 1;
    if (length <= maxNameBytes) {
      const label = isBits ? `\\[x${toHex(bytes, from, to)}/${bytes[at]}]` : toPrintable(bytes, from, to);
      text = text === '' ? label : `${text}.${label}`;
    }
    at = to;
    if (length > maxNameBytes) {
      const after = next < 0 ? skipName(bytes, at, end) : next;
      return after < 0 ? null : { text: noName.tooLong, next: after };
    }
  }
}

/** Where what follows the name begins, -1 when that is past `end`. Pointers are not followed. */
export function skipName(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const head = bytes[at];
    if (head === 0) return at + 1;
    if (head >= 0xc0) return at + 2 <= end ? at + 2 : -1;
    if (head >= 0x40) return -1;
    at += 1 + head;
  }
  return -1;
}

/** Of a bit-string label (RFC 2673): a count of 0 stands for 256. */
function bitStringBytes(count: number): number {
  return ((count || 256) + 7) >> 3;
}
