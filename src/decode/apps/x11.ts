import type { AppProtocol } from './protocol.ts';

/** The client's set-up: byte order, version 11.0 (X Window System Protocol, chapter 8). */
export const x11: AppProtocol = {
  name: 'x11',
  transports: ['tcp'],
  ports: [6000, 6001, 6002, 6003],
  recognise({ bytes, start, end, fromClient, beginning }) {
    if (!beginning || !fromClient) return 'no';
    const little = bytes[start] === 0x6c;
    if (!little && bytes[start] !== 0x42) return 'no';
    if (end - start < 12) return 'more';
    const version = little ? [0, 11, 0, 0, 0] : [0, 0, 11, 0, 0];
    return version.every((byte, i) => bytes[start + 1 + i] === byte) ? 'yes' : 'no';
  },
};
