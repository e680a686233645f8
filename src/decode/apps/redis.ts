import type { AppProtocol } from './protocol.ts';

/** An array of bulk strings, as every client sends its commands (Redis serialization protocol). */
export const redis: AppProtocol = {
  name: 'redis',
  transports: ['tcp'],
  ports: [6379],
  recognise({ bytes, start, end, fromClient }) {
    if (!fromClient || bytes[start] !== 0x2a) return 'no';
    let at = start + 1;
    while (at < end && at - start < 8 && bytes[at] >= 0x30 && bytes[at] <= 0x39) at++;
    if (at === start + 1) return at === end ? 'more' : 'no';
    const expected = [0x0d, 0x0a, 0x24];
    for (const byte of expected) {
      if (at === end) return 'more';
      if (bytes[at++] !== byte) return 'no';
    }
    if (at === end) return 'more';
    return bytes[at] >= 0x30 && bytes[at] <= 0x39 ? 'yes' : 'no';
  },
};
