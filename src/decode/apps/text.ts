/** Bytes as ASCII or Latin-1, mostly without making strings of them. */

/** Whether `text` (ASCII) is at `at`; false when less is there. */
export function startsWith(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Whether what is there, at most as long as `text`, agrees with it: a beginning of it or all of it. */
export function mayStartWith(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  const length = Math.min(text.length, end - at);
  for (let i = 0; i < length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Most characters handed to `fromCharCode` at once: arguments go over the stack. */
const maxAtOnce = 4_096;
/** Up to here one character after the other is the fastest. */
const shortText = 16;
/** Filled again for each text: a view of the bytes costs more than copying them here (100 ns against 600 for 24). */
const codes: number[] = [];

/** A character for each byte. */
export function decodeLatin(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  if (end - start <= shortText) {
    for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]);
    return text;
  }
  for (let from = start; from < end; from += maxAtOnce) {
    const to = Math.min(end, from + maxAtOnce);
    codes.length = to - from;
    for (let at = from; at < to; at++) codes[at - from] = bytes[at];
    text += String.fromCharCode.apply(null, codes);
  }
  return text;
}

/** Whether the bytes that `digits` writes in hexadecimal are at `at`; false when less is there. */
export function hexAt(bytes: Uint8Array, at: number, end: number, digits: string): boolean {
  if (end - at < digits.length / 2) return false;
  for (let i = 0; i < digits.length / 2; i++)
    if (bytes[at + i] !== Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16)) return false;
  return true;
}
