import { decodeText } from './text.ts';

/** Texts kept at once, each in the place that its bytes say: the next that belongs there takes it over. */
const places = 1024;
/** Longest text kept, so that all of them take at most 256 kB. */
const maxLength = 256;
/** Bytes of a beginning that choose the place, and of an end. */
const looked = 12;

/** Makes strings of bytes, and one string of the same bytes that come again and again, as hosts and programs do. */
export class KnownTexts {
  readonly #texts: string[] = new Array<string>(places).fill('');

  /** The bytes as `decodeText` has them. */
  decode(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > maxLength) return decodeText(bytes, start, end);
    const place = placeOf(bytes, start, end);
    const known = this.#texts[place];
    if (known.length === length && isSame(known, bytes, start)) return known;
    const text = decodeText(bytes, start, end);
    this.#texts[place] = text;
    return text;
  }
}

function placeOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end && at < start + looked; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
  for (let at = Math.max(start + looked, end - looked); at < end; at++)
    hash = Math.imul(hash ^ bytes[at], 0x01000193);
  return (hash ^ (hash >>> 15)) & (places - 1);
}

/** Whether a text is these bytes in ASCII; what has others is made anew each time. */
function isSame(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[start + i];
    if (byte > 0x7f || text.charCodeAt(i) !== byte) return false;
  }
  return true;
}
