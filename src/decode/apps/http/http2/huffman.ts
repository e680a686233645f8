/**
 * Bits of the code of each byte and, last, of the end of a string (RFC 7541 appendix B). The code is canonical: among
 * codes of one length the lower byte has the lower code, so that the lengths tell all of it.
 */
const lengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const endOfString = 256;
const longest = 30;
/** By length: the first code, and where its symbols begin in `symbols`. */
const firstCode = new Float64Array(longest + 2);
const firstSymbol = new Uint16Array(longest + 2);
const symbols = makeSymbols();

function makeSymbols(): Uint16Array {
  const sorted = [...lengths.keys()].sort((a, b) => lengths[a] - lengths[b] || a - b);
  let code = 0;
  let at = 0;
  for (let length = 1; length <= longest + 1; length++) {
    firstCode[length] = code;
    firstSymbol[length] = at;
    while (at < sorted.length && lengths[sorted[at]] === length) {
      at++;
      code++;
    }
    code *= 2;
  }
  return Uint16Array.from(sorted);
}

/** Decodes a string into `into`, which has room for eight fifths of it; how many bytes that gave, or -1 for a wrong code. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, into: Uint8Array): number {
  let code = 0;
  let length = 0;
  let count = 0;
  for (let at = start; at < end; at++)
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((bytes[at] >> bit) & 1);
      length++;
      if (length > longest) return -1;
      const index = code - firstCode[length];
      const number = firstSymbol[length + 1] - firstSymbol[length];
      if (index >= number) continue;
      const symbol = symbols[firstSymbol[length] + index];
      if (symbol === endOfString) return -1;
      into[count++] = symbol;
      code = 0;
      length = 0;
    }
  // What is left over is less than a byte of ones.
  return length < 8 && code === 2 ** length - 1 ? count : -1;
}
