import { matchesPattern } from '../../rules/assertions/pattern.ts';

/** Characters of what was heard that are shown. */
const maxShown = 512;

/** A pattern (`*` for anything) that is looked for in bytes. */
export interface Expected {
  /** How many bytes there are up to the end of the first place that fits; -1 for none. */
  find(bytes: Buffer): number;
}

/** Reads a pattern; its text stands for the UTF-8 bytes of it, and it may begin and end anywhere. */
export function makeExpected(pattern: string): Expected {
  const bytewise = `*${Buffer.from(pattern, 'utf8').toString('latin1')}*`;
  return {
    find(bytes) {
      const text = bytes.toString('latin1');
      if (!matchesPattern(text, bytewise)) return -1;
      // What fits a beginning fits every longer one.
      let [low, high] = [0, text.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (matchesPattern(text.slice(0, middle), bytewise)) high = middle;
        else low = middle + 1;
      }
      return low;
    },
  };
}

/** The bytes that a probe is told to send; null for hexadecimal digits that are none, or half of a byte. */
export function encodePayload(text: string, encoding: 'text' | 'hex'): Buffer | null {
  if (encoding === 'text') return Buffer.from(text, 'utf8');
  const digits = text.replace(/[\s:]+/g, '');
  return /^(?:[0-9a-f]{2})*$/i.test(digits) ? Buffer.from(digits, 'hex') : null;
}

/** Bytes as text to show, at most 512 characters. */
export function showText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4 * maxShown))
    .toString('utf8')
    .trim()
    .slice(0, maxShown)
    .toWellFormed();
}
