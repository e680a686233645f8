/** Bytes written in hexadecimal, with what follows `#` on a line left out. */
export function hex(text: string): DataView<ArrayBuffer> {
  const digits = text.replace(/#.*$/gm, '').replace(/\s+/g, '');
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return new DataView(bytes.buffer);
}

/** Pseudo-random bytes, the same for the same seed (xorshift32). */
export function randomBytes(length: number, seed: number): DataView<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state & 0xff;
  }
  return new DataView(bytes.buffer);
}
