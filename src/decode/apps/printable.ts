import { decodeLatin } from './text.ts';

/** What C has an own escape for, from BEL (7) on. */
const escapes = ['\\a', '\\b', '\\t', '\\n', '\\v', '\\f', '\\r'];
const replacement = '\ufffd';
/** Control, format, private and unassigned characters, and what breaks lines. */
const invisible = /[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * Bytes as UTF-8 text of which everything is visible: control bytes become escapes of C (`\t`, `\000`), characters that
 * show nothing or reorder others become `\u{202e}`, and bytes that are no UTF-8 become U+FFFD.
 */
export function toPrintable(bytes: Uint8Array, start: number, end: number): string {
  for (let i = start; i < end; i++)
    if (bytes[i] < 0x20 || bytes[i] > 0x7e) return toPrintableSlowly(bytes, start, end);
  return decodeLatin(bytes, start, end);
}

/** Bytes in hexadecimal, at most `most` of them; an ellipsis says that there are more. */
export function toHex(bytes: Uint8Array, start: number, end: number, most = 64): string {
  let text = '';
  for (let i = start; i < Math.min(end, start + most); i++) text += bytes[i].toString(16).padStart(2, '0');
  return end - start > most ? `${text}…` : text;
}

function toPrintableSlowly(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; ) {
    const byte = bytes[at];
    if (byte < 0x80) {
      text += shownAscii[byte];
      at++;
      continue;
    }
    const length = lengthOfCharacter(bytes, at, end);
    text += length === 0 ? replacement : showCharacter(bytes, at, length);
    at += length || 1;
  }
  return text;
}

/** What each byte below 128 is shown as. */
const shownAscii: readonly string[] = Array.from({ length: 128 }, (_, byte) => showAscii(byte));

function showAscii(byte: number): string {
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  if (byte >= 7 && byte < 7 + escapes.length) return escapes[byte - 7];
  return `\\${byte >> 6}${(byte >> 3) & 7}${byte & 7}`;
}

/** Bytes of the character at `at` (RFC 3629 section 4: shortest form, no surrogates); 0 when it is none. */
function lengthOfCharacter(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at];
  const length =
    first >= 0xc2 && first < 0xe0 ? 2 : first >> 4 === 0xe ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > end) return 0;
  for (let i = 1; i < length; i++) if (bytes[at + i] >> 6 !== 2) return 0;
  const second = bytes[at + 1];
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return 0;
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 0;
  return length;
}

function showCharacter(bytes: Uint8Array, at: number, length: number): string {
  let code = bytes[at] & (0x7f >> length);
  for (let i = 1; i < length; i++) code = (code << 6) | (bytes[at + i] & 0x3f);
  const character = String.fromCodePoint(code);
  return invisible.test(character) ? `\\u{${code.toString(16)}}` : character;
}
