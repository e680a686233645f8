import { nameOfType } from './codes.ts';

/** Bytes of one window of 256 types at most (RFC 4034 section 4.1.2). */
const maxWindowBytes = 32;
/** Types told of; a name has some ten. */
const maxTypes = 64;

/** The types in the bit maps from `at` to `end`; null when they break their form. */
export function describeTypes(bytes: Uint8Array, at: number, end: number): string[] | null {
  const names: string[] = [];
  let last = -1;
  while (at < end) {
    const window = bytes[at];
    const length = at + 1 < end ? bytes[at + 1] : 0;
    const from = at + 2;
    at = from + length;
    if (window <= last || length < 1 || length > maxWindowBytes || at > end) return null;
    last = window;
    for (let i = from; i < at; i++)
      for (let bit = 0; bit < 8 && names.length < maxTypes; bit++)
        if (bytes[i] & (0x80 >> bit)) names.push(nameOfType(window * 256 + (i - from) * 8 + bit));
  }
  return names;
}
