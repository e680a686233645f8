import { decodeLatin } from '../text.ts';

/** Bytes as text: UTF-8 where they are that, otherwise a character for each byte. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  let plain = true;
  for (let at = start; at < end && plain; at++) plain = bytes[at] < 0x80;
  return plain
    ? decodeLatin(bytes, start, end)
    : (decodeUtf8(bytes, start, end) ?? decodeLatin(bytes, start, end));
}

/** Null for what is no UTF-8 (RFC 3629 section 3). */
function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | null {
  let text = '';
  for (let at = start; at < end; ) {
    const first = bytes[at++];
    if (first < 0x80) {
      text += String.fromCharCode(first);
      continue;
    }
    const more =
      first >= 0xc2 && first < 0xe0
        ? 1
        : first >= 0xe0 && first < 0xf0
          ? 2
          : first >= 0xf0 && first < 0xf5
            ? 3
            : 0;
    if (more === 0 || at + more > end) return null;
    let point = first & (0x3f >> more);
    for (let i = 0; i < more; i++) {
      const next = bytes[at++];
      if ((next & 0xc0) !== 0x80) return null;
      point = (point << 6) | (next & 0x3f);
    }
    const least = more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000;
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return null;
    text += String.fromCodePoint(point);
  }
  return text;
}

/** Whether the bytes are `text` (small letters), in letters of either case. */
export function isName(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[start + i];
    const small = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (small !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Space and tab, RFC 9110 section 5.6.3. */
export const isBlank = (byte: number): boolean => byte === 32 || byte === 9;

const tokenMarks = Uint8Array.from({ length: 128 }, (_, byte) =>
  "!#$%&'*+-.^_`|~".includes(String.fromCharCode(byte)) ? 1 : 0,
);

/** `tchar`, RFC 9110 section 5.6.2. */
export function isTokenByte(byte: number): boolean {
  if (byte >= 0x61 && byte <= 0x7a) return true;
  if (byte >= 0x41 && byte <= 0x5a) return true;
  if (byte >= 0x30 && byte <= 0x39) return true;
  return byte < 128 && tokenMarks[byte] === 1;
}
